/**
 * Weights in the safetensors format: in single or half precision, or as 8-bit integers with scales.
 *
 * @see https://github.com/huggingface/safetensors#format
 */
import type { WeightArray, Weights } from './weights';

const BYTES = { I8: 1, F16: 2, F32: 4 } as const;
/** How a tensor's numbers are stored. */
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

let table: Float32Array | undefined;
const halfTable = () => (table ??= Float32Array.from({ length: 65536 }, (_, half) => fromHalf(half)));

/** Largest magnitude of a symmetric 8-bit integer. */
const INT8_MAX = 127;
const SCALE_SUFFIX = '.scale';

/** Channel of each value of a kernel: its last axis, or for a depthwise kernel [h, w, c, 1] the one before. */
function channelsOf(shape: readonly number[]): number {
  return shape.at(-1) === 1 ? (shape.at(-2) ?? 1) : (shape.at(-1) ?? 1);
}

/** Rounds to 8-bit integers with a scale for each output channel. */
function quantize({ shape, values }: WeightArray): { integers: Int8Array; scales: Float32Array } {
  const channels = channelsOf(shape);
  const scales = new Float32Array(channels);
  values.forEach((value, i) => (scales[i % channels] = Math.max(scales[i % channels]!, Math.abs(value))));
  for (let c = 0; c < channels; c++) scales[c]! /= INT8_MAX;
  const integers = Int8Array.from(values, (value, i) => Math.round(value / (scales[i % channels]! || 1)));
  return { integers, scales };
}

const halves = (values: Float32Array) => Uint16Array.from(values, toHalf);
const bytesOf = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray) =>
  Buffer.from(buffer, byteOffset, byteLength);

/**
 * Encodes weights; the bytes depend on the arguments alone.
 *
 * @param precisionOf how to store the weight of a name; I8 keeps a scale for each output channel beside it
 */
export function encodeSafetensors(
  weights: Weights,
  precisionOf: (name: string) => Precision,
  metadata: Readonly<Record<string, string>> = {},
): Buffer {
  const header: Record<string, Entry | Readonly<Record<string, string>>> = { __metadata__: metadata };
  const parts: Buffer[] = [];
  let offset = 0;
  const add = (name: string, dtype: Precision, shape: readonly number[], bytes: Buffer) => {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  };
  for (const [name, weight] of weights) {
    const { shape, values } = weight;
    const precision = precisionOf(name);
    if (precision === 'F32') add(name, precision, shape, bytesOf(values));
    else if (precision === 'F16') add(name, precision, shape, bytesOf(halves(values)));
    else {
      const { integers, scales } = quantize(weight);
      add(name, precision, shape, bytesOf(integers));
      add(`${name}${SCALE_SUFFIX}`, 'F32', [scales.length], bytesOf(scales));
    }
  }
  const json = JSON.stringify(header);
  const padded = json.padEnd(Math.ceil(json.length / 8) * 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, Buffer.from(padded), ...parts]);
}

/** A file's tensors by name, the first byte of their data, and the free-form metadata. */
function readHeader(file: Buffer, source: string) {
  const headerBytes = file.length >= 8 ? Number(file.readBigUInt64LE(0)) : Infinity;
  if (8 + headerBytes > file.length) {
    throw new RangeError(`${source} is not a whole safetensors file: its header is cut off; copy it again`);
  }
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes)) as Record<string, Entry>;
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, Entry> & {
    __metadata__?: Record<string, string>;
  };
  return { entries, base: 8 + headerBytes, metadata };
}

/**
 * Decodes a file's bytes to single precision.
 *
 * @param source what the bytes are of, for messages
 * @throws RangeError naming the tensor and what is wrong with it
 */
export function decodeSafetensors(file: Buffer, source: string): SafetensorsFile {
  const { entries, base, metadata } = readHeader(file, source);
  const read = (name: string) => decodeTensor(file, base, name, entries[name], source);
  const weights: Weights = new Map();
  for (const [name, { shape, dtype }] of Object.entries(entries)) {
    if (name.endsWith(SCALE_SUFFIX)) continue;
    const values = read(name);
    if (dtype === 'I8') {
      const scales = read(`${name}${SCALE_SUFFIX}`);
      for (let i = 0; i < values.length; i++) values[i]! *= scales[i % scales.length]!;
    }
    weights.set(name, { shape, values });
  }
  return { weights, metadata };
}

/** A tensor of 8-bit integers: each times the scale of its channel, `scales[i % scales.length]`, is the weight. */
export interface IntegerTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The file's own bytes. */
  readonly integers: Int8Array;
  readonly scales: Float32Array;
}

/**
 * The tensors that a file holds as 8-bit integers; writing to their integers changes the file.
 *
 * @throws RangeError naming the tensor and what is wrong with it
 */
export function integerTensors(file: Buffer, source: string): IntegerTensor[] {
  const { entries, base } = readHeader(file, source);
  const integers = Object.entries(entries).filter(([, { dtype }]) => dtype === 'I8');
  return integers.map(([name, entry]) => {
    const [start, end] = checkedOffsets(file, base, name, entry, source);
    const scaleName = `${name}${SCALE_SUFFIX}`;
    return {
      name,
      shape: entry.shape,
      integers: new Int8Array(file.buffer, file.byteOffset + base + start, end - start),
      scales: decodeTensor(file, base, scaleName, entries[scaleName], source),
    };
  });
}

/** Where a tensor's bytes lie behind the header, once they are found to be there. */
function checkedOffsets(
  file: Buffer,
  base: number,
  name: string,
  entry: Entry,
  source: string,
): readonly [start: number, end: number] {
  const bytes = BYTES[entry.dtype] as number | undefined;
  if (bytes === undefined) {
    throw new RangeError(`tensor ${name} of ${source} must be F32, F16 or I8, received ${entry.dtype}`);
  }
  const length = entry.shape.reduce((product, size) => product * size, 1);
  const [start, end] = entry.data_offsets;
  if (end - start !== length * bytes || base + end > file.length) {
    throw new RangeError(
      `tensor ${name} of ${source} needs ${length * bytes} bytes at ${base + start}, received ${Math.min(end - start, file.length - base - start)}: the file is cut off or damaged; copy it again`,
    );
  }
  return entry.data_offsets;
}

function decodeTensor(
  file: Buffer,
  base: number,
  name: string,
  entry: Entry | undefined,
  source: string,
): Float32Array {
  if (entry === undefined)
    throw new RangeError(`${source} must hold tensor ${name}, received none; copy it again`);
  const [start, end] = checkedOffsets(file, base, name, entry, source);
  // Copied, since a typed array must start at a multiple of its element's size.
  const data = file.buffer.slice(file.byteOffset + base + start, file.byteOffset + base + end);
  if (entry.dtype === 'F32') return new Float32Array(data);
  if (entry.dtype === 'I8') return Float32Array.from(new Int8Array(data));
  const singles = halfTable();
  return Float32Array.from(new Uint16Array(data), (half) => singles[half]!);
}
