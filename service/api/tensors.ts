/**
 * Reads the numbers of a JSON tensor with a loop: a zod schema would be slow for the 150,528 numbers of an image.
 */
import { badField, fieldName, show } from './validation';

/**
 * Copies a list, flat in row-major order or nested by the shape, to float32 numbers.
 *
 * @param path the list's place in the request
 * @throws ServiceError BAD_REQUEST naming the first invalid number or list
 */
export function readTensor(
  data: readonly unknown[],
  shape: readonly number[],
  path: readonly PropertyKey[],
): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const position: number[] = [];
  const reject = (expected: string, received: string) =>
    badField(fieldName([...path, ...position]), `must ${expected}, received ${received}`);

  const copy = (numbers: readonly unknown[], at: number) => {
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i];
      // A finite float64 can overflow to infinity as float32.
      if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
        position.push(i);
        throw reject('be a finite number', show(value));
      }
      values[at + i] = value;
    }
  };

  const copyNested = (list: unknown, depth: number, at: number, size: number) => {
    const expected = shape[depth]!;
    if (!Array.isArray(list)) throw reject(`be a list of ${expected}`, show(list));
    if (list.length !== expected) throw reject(`be a list of ${expected}`, `a list of ${list.length}`);
    if (depth === shape.length - 1) {
      copy(list, at);
      return;
    }
    const inner = size / expected;
    for (let i = 0; i < expected; i++) {
      position.push(i);
      copyNested(list[i], depth + 1, at + i * inner, inner);
      position.pop();
    }
  };

  if (Array.isArray(data[0])) copyNested(data, 0, 0, values.length);
  else if (data.length !== values.length) throw reject(`contain ${values.length} numbers`, `${data.length}`);
  else copy(data, 0);
  return values;
}
