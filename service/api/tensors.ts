/**
 * The numbers of a JSON tensor. A schema would look at each of 150,528 as a thing of its own; a loop does not.
 */
import { badField, fieldName, show } from './validation';

/**
 * Copies a list, flat in row-major order or nested as the shape says, to float32 numbers.
 *
 * @param path where the list stands in the request
 * @throws ServiceError BAD_REQUEST naming the first number or list that is not as it must be
 */
export function readTensor(
  data: readonly unknown[],
  shape: readonly number[],
  path: readonly PropertyKey[],
): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const where: number[] = [];
  const refuse = (expected: string, received: string) =>
    badField(fieldName([...path, ...where]), `must ${expected}, received ${received}`);

  const copy = (numbers: readonly unknown[], at: number) => {
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i];
      // What is finite as float64 may not be as float32.
      if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
        where.push(i);
        throw refuse('be a finite number', show(value));
      }
      values[at + i] = value;
    }
  };

  const copyNested = (list: unknown, depth: number, at: number, size: number) => {
    const expected = shape[depth]!;
    if (!Array.isArray(list)) throw refuse(`be a list of ${expected}`, show(list));
    if (list.length !== expected) throw refuse(`be a list of ${expected}`, `one of ${list.length}`);
    if (depth === shape.length - 1) {
      copy(list, at);
      return;
    }
    const inner = size / expected;
    for (let i = 0; i < expected; i++) {
      where.push(i);
      copyNested(list[i], depth + 1, at + i * inner, inner);
      where.pop();
    }
  };

  if (Array.isArray(data[0])) copyNested(data, 0, 0, values.length);
  else if (data.length !== values.length) throw refuse(`hold ${values.length} numbers`, `${data.length}`);
  else copy(data, 0);
  return values;
}
