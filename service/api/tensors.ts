/**
 * Reads the numbers of image tensors, from JSON or from bytes, with a loop: a zod schema would be slow for the 150,528
 * numbers of an image.
 */
import type { ImageTensor } from '../inference/protocol';
import { badField, fieldName, show } from './validation';

/** What a datatype's numbers are and what holds them. */
interface Datatype {
  /** What each number must be, for errors. */
  readonly must: string;
  /** What to do about a finite number that is not valid, for errors. */
  readonly remedyFor: (value: number) => string;
  /** The numbers of an image from darkest to brightest. */
  readonly range: string;
  readonly bytes: number;
  readonly isValid: (value: number) => boolean;
  /** Zeros. */
  readonly tensor: (size: number) => ImageTensor;
}

/**
 * How far a number may lie outside [0, 1]: resizing overshoots at edges, by at most 0.45 with the bicubic kernel of OpenCV
 * and PyTorch (a = -0.75), whose weights have a sum of magnitudes of 1.375 along each axis. Inputs normalised to [-1, 1], or
 * by ImageNet's means and deviations, go beyond.
 */
const TOLERANCE = 0.5;

/** ImageNet's means and deviations make 2.64 of the brightest level, here rounded up. */
const LARGEST_NORMALISED = 2.65;

/** Every datatype of input tensors. */
const TYPES = {
  FP32: {
    must: 'be a number from 0 to 1',
    // Levels are whole, also the small ones of a dark image.
    remedyFor: (value) =>
      value > LARGEST_NORMALISED || (value > 0 && Number.isInteger(value))
        ? 'divide levels of 0 to 255 by 255'
        : 'send inputs that are not normalised: the service normalises them',
    range: '[0, 1]',
    bytes: Float32Array.BYTES_PER_ELEMENT,
    // Nothing is clipped: the answer is that to the numbers sent. Levels up to 255 would give confident nonsense, and larger
    // numbers overflow in the model. NaN fails both comparisons.
    isValid: (value) => value >= -TOLERANCE && value <= 1 + TOLERANCE,
    tensor: (size) => new Float32Array(size),
  },
  UINT8: {
    must: 'be a whole number from 0 to 255',
    remedyFor: (value) =>
      value > 0 && value < 1 ? 'send numbers from 0 to 1 as FP32' : 'round and clip the levels',
    range: '[0, 255]',
    bytes: Uint8Array.BYTES_PER_ELEMENT,
    isValid: (value) => Number.isInteger(value) && value >= 0 && value <= 255,
    tensor: (size) => new Uint8Array(size),
  },
} as const satisfies Readonly<Record<string, Datatype>>;
/** Name of a datatype in the Open Inference Protocol. */
export type DatatypeName = keyof typeof TYPES;
/** The datatypes of input tensors; the first is the models' own. */
export const DATATYPES = Object.keys(TYPES) as readonly DatatypeName[];
/** The same by name. */
export const DATATYPE_FACTS: Readonly<Record<DatatypeName, Pick<Datatype, 'range' | 'bytes'>>> = TYPES;

/** The error about one number. */
function wrongNumber(path: readonly PropertyKey[], { must, remedyFor }: Datatype, value: unknown) {
  const isUnreadable = typeof value === 'number' && !Number.isFinite(value);
  const received = show(isUnreadable ? String(value) : value);
  const remedy = typeof value === 'number' && !isUnreadable ? remedyFor(value) : 'send finite numbers';
  return badField(fieldName(path), `must ${must}, received ${received}; ${remedy}`);
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/**
 * Copies a list, flat in row-major order or nested by the shape.
 *
 * @param path the list's place in the request
 * @throws ServiceError BAD_REQUEST naming the first invalid number or list
 */
export function readTensor(
  data: readonly unknown[],
  shape: readonly number[],
  path: readonly PropertyKey[],
  datatype: DatatypeName = 'FP32',
): ImageTensor {
  const type: Datatype = TYPES[datatype];
  const { isValid, tensor } = type;
  const values = tensor(sizeOf(shape));
  const position: number[] = [];
  const reject = (expected: string, received: string) =>
    badField(fieldName([...path, ...position]), `must ${expected}, received ${received}`);

  const copy = (numbers: readonly unknown[], at: number) => {
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i];
      if (typeof value !== 'number' || !isValid(value)) {
        throw wrongNumber([...path, ...position, i], type, value);
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

/** Position of the first number that is not valid, or -1. `findIndex` takes 2.4 ms of CPU time for an image. */
function firstInvalid(values: ImageTensor, isValid: (value: number) => boolean): number {
  for (let i = 0; i < values.length; i++) if (!isValid(values[i]!)) return i;
  return -1;
}

/**
 * Copies a binary tensor.
 *
 * @param bytes little-endian, row-major
 * @param path the tensor's place in the request
 * @param sizePath the place of what states its size
 * @throws ServiceError BAD_REQUEST for a wrong size or a number that is out of range
 */
export function readBinaryTensor(
  bytes: Uint8Array,
  shape: readonly number[],
  path: readonly PropertyKey[],
  datatype: DatatypeName,
  sizePath: readonly PropertyKey[] = [...path, 'parameters', 'binary_data_size'],
): ImageTensor {
  const type: Datatype = TYPES[datatype];
  const values = type.tensor(sizeOf(shape));
  const expectedBytes = values.byteLength;
  if (bytes.length !== expectedBytes) {
    throw badField(
      fieldName(sizePath),
      `must be ${expectedBytes} for ${datatype} [${shape.join(', ')}], received ${bytes.length}`,
    );
  }
  // The protocol is little-endian, as is every machine that an engine runs on.
  new Uint8Array(values.buffer).set(bytes);
  const invalid = values instanceof Uint8Array ? -1 : firstInvalid(values, type.isValid);
  if (invalid >= 0) {
    throw wrongNumber([...path, 'data', invalid], type, values[invalid]!);
  }
  return values;
}
