/**
 * Weights in the safetensors format, in half or single precision.
 *
 * @see https://github.com/huggingface/safetensors#format
 */
import type { Weights } from './weights';

const BYTES = { F16: 2, F32: 4 } as const;
export type Precision = keyof typeof BYTES;

interface Entry {
  readonly dtype: Precision;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Weights of a file and its free-form `__metadata__`. */
export interface SafetensorsFile {
  readonly weights: Weights;
  readonly metadata: Readonly<Record<string, string>>;
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** Rounds to the nearest half (IEEE 754 binary16), ties to even; beyond its range to infinity. */
export function toHalf(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    scratchBits[0] = magnitude;
    const steps = scratch[0] * 16777216; // in units of the smallest half, 2^-24
    const whole = Math.floor(steps);
    const rest = steps - whole;
    return sign | (whole + (rest > 0.5 || (rest === 0.5 && (whole & 1) === 1) ? 1 : 0));
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

function fromHalf(half: number): number {
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let halves: Float32Array | undefined;
const halfTable = () => (halves ??= Float32Array.from({ length: 65536 }, (_, half) => fromHalf(half)));

/** Encodes weights; the bytes depend on the arguments alone. */
export function encodeSafetensors(
  weights: Weights,
  precision: Precision,
  metadata: Readonly<Record<string, string>> = {},
): Buffer {
  const header: Record<string, Entry | Readonly<Record<string, string>>> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, values }] of weights) {
    const end = offset + values.length * BYTES[precision];
    header[name] = { dtype: precision, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const file = Buffer.alloc(8 + padded + offset, ' ');
  file.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(file, 8);
  let at = 8 + padded;
  for (const { values } of weights.values()) {
    for (const value of values) {
      if (precision === 'F16') at = file.writeUInt16LE(toHalf(value), at);
      else at = file.writeFloatLE(value, at);
    }
  }
  return file;
}

/**
 * Decodes a file's bytes.
 *
 * @param source what the bytes are of, for messages
 * @throws RangeError naming the tensor and what is wrong with it
 */
export function decodeSafetensors(file: Buffer, source: string): SafetensorsFile {
  const headerBytes = file.length >= 8 ? Number(file.readBigUInt64LE(0)) : Infinity;
  if (8 + headerBytes > file.length) {
    throw new RangeError(`${source} is not a whole safetensors file: its header is cut off; copy it again`);
  }
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes)) as Record<string, Entry>;
  const weights: Weights = new Map();
  let metadata = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = entry;
      continue;
    }
    weights.set(name, {
      shape: entry.shape,
      values: decodeTensor(file, 8 + headerBytes, name, entry, source),
    });
  }
  return { weights, metadata };
}

function decodeTensor(file: Buffer, base: number, name: string, entry: Entry, source: string): Float32Array {
  const bytes = BYTES[entry.dtype] as number | undefined;
  if (bytes === undefined) {
    throw new RangeError(`tensor ${name} of ${source} must be F16 or F32, received ${entry.dtype}`);
  }
  const length = entry.shape.reduce((product, size) => product * size, 1);
  const [start, end] = entry.data_offsets;
  if (end - start !== length * bytes || base + end > file.length) {
    throw new RangeError(
      `tensor ${name} of ${source} needs ${length * bytes} bytes at ${base + start}, received ${Math.min(end - start, file.length - base - start)}: the file is cut off or damaged; copy it again`,
    );
  }
  const values = new Float32Array(length);
  const view = new DataView(file.buffer, file.byteOffset + base + start, length * bytes);
  const table = halfTable();
  for (let i = 0; i < length; i++) {
    values[i] = entry.dtype === 'F16' ? table[view.getUint16(2 * i, true)]! : view.getFloat32(4 * i, true);
  }
  return values;
}
