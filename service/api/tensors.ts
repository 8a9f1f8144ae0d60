/**
 * Reads the numbers of image tensors, from JSON or from bytes, with a loop: a zod schema would be slow for the 150,528
 * numbers of an image.
 */
import { fillInput, LEVELS } from '../../models/data/pixels';
import { badField, fieldName, show } from './validation';

/** What a datatype's numbers are and how they become the model's input. */
interface Datatype {
  /** What each number must be, for errors. */
  readonly must: string;
  /** The numbers of an image from darkest to brightest. */
  readonly range: string;
  readonly bytes: number;
  /** The input value of a JSON number; undefined when it is invalid. */
  readonly fromJson: (value: unknown) => number | undefined;
  /** Copies the bytes of a binary tensor. */
  readonly fromBytes: (bytes: Buffer, values: Float32Array) => void;
}

/** Every datatype of input tensors. */
const TYPES = {
  FP32: {
    must: 'be a finite number',
    range: '[0, 1]',
    bytes: Float32Array.BYTES_PER_ELEMENT,
    // A finite float64 can overflow to infinity as float32.
    fromJson: (value) =>
      typeof value === 'number' && Number.isFinite(Math.fround(value)) ? value : undefined,
    // The protocol is little-endian, as is every machine that an engine runs on.
    fromBytes: (bytes, values) => new Uint8Array(values.buffer).set(bytes),
  },
  UINT8: {
    must: 'be a whole number from 0 to 255',
    range: '[0, 255]',
    bytes: 1,
    fromJson: (value) => (typeof value === 'number' ? LEVELS[value] : undefined),
    fromBytes: fillInput,
  },
} as const satisfies Readonly<Record<string, Datatype>>;
/** Name of a datatype in the Open Inference Protocol. */
export type DatatypeName = keyof typeof TYPES;
/** The datatypes of input tensors; the first is the models' own. */
export const DATATYPES = Object.keys(TYPES) as readonly DatatypeName[];
/** The same by name. */
export const DATATYPE_FACTS: Readonly<Record<DatatypeName, Pick<Datatype, 'range' | 'bytes'>>> = TYPES;

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/**
 * Copies a list, flat in row-major order or nested by the shape, to the model's input values.
 *
 * @param path the list's place in the request
 * @throws ServiceError BAD_REQUEST naming the first invalid number or list
 */
export function readTensor(
  data: readonly unknown[],
  shape: readonly number[],
  path: readonly PropertyKey[],
  datatype: DatatypeName = 'FP32',
): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  const { must, fromJson } = TYPES[datatype];
  const position: number[] = [];
  const reject = (expected: string, received: string) =>
    badField(fieldName([...path, ...position]), `must ${expected}, received ${received}`);

  const copy = (numbers: readonly unknown[], at: number) => {
    for (let i = 0; i < numbers.length; i++) {
      const value = fromJson(numbers[i]);
      if (value === undefined) {
        position.push(i);
        throw reject(must, show(numbers[i]));
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

/**
 * Copies a binary tensor to the model's input values.
 *
 * @param bytes little-endian, row-major
 * @param path the tensor's place in the request
 * @throws ServiceError BAD_REQUEST for a wrong size or a number that is not finite
 */
export function readBinaryTensor(
  bytes: Buffer,
  shape: readonly number[],
  path: readonly PropertyKey[],
  datatype: DatatypeName,
): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  const expectedBytes = values.length * TYPES[datatype].bytes;
  if (bytes.length !== expectedBytes) {
    throw badField(
      fieldName([...path, 'parameters', 'binary_data_size']),
      `must be ${expectedBytes} for ${datatype} [${shape.join(', ')}], received ${bytes.length}`,
    );
  }
  TYPES[datatype].fromBytes(bytes, values);
  const invalid = values.findIndex((value) => !Number.isFinite(value));
  if (invalid >= 0) {
    throw badField(
      fieldName([...path, 'data', invalid]),
      `must ${TYPES[datatype].must}, received ${show(String(values[invalid]))}`,
    );
  }
  return values;
}
