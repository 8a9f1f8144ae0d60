/**
 * Weights in the safetensors format: in single precision, or as 8-bit integers with scales.
 *
 * @see https://github.com/huggingface/safetensors#format
 */
import { checkFinite } from './finite';
import type { WeightArray, Weights } from './weights';

const BYTES = { I8: 1, F32: 4 } as const;
/** How a tensor's numbers are stored, in the format's own words. */
export type DType = keyof typeof BYTES;

interface Entry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Weights of a file and its free-form `__metadata__`. */
export interface SafetensorsFile {
  readonly weights: Weights;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Largest magnitude of a symmetric 8-bit integer. */
const INT8_MAX = 127;
const SCALE_SUFFIX = '.scale';

/** Number of channels of a kernel: its last axis, or the one before for a depthwise kernel [h, w, c, 1]. */
function channelsOf(shape: readonly number[]): number {
  return shape.at(-1) === 1 ? (shape.at(-2) ?? 1) : (shape.at(-1) ?? 1);
}

/** Rounds to 8-bit integers with one scale per output channel. */
function quantize({ shape, values }: WeightArray): { integers: Int8Array; scales: Float32Array } {
  const channels = channelsOf(shape);
  const scales = new Float32Array(channels);
  values.forEach((value, i) => (scales[i % channels] = Math.max(scales[i % channels]!, Math.abs(value))));
  for (let c = 0; c < channels; c++) scales[c]! /= INT8_MAX;
  const integers = Int8Array.from(values, (value, i) => Math.round(value / (scales[i % channels]! || 1)));
  return { integers, scales };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray) =>
  Buffer.from(buffer, byteOffset, byteLength);

/**
 * Encodes weights. The bytes depend only on the arguments.
 *
 * @param dtypeOf how to store the weight with this name; I8 adds a scale per output channel
 * @throws RangeError naming a tensor with a number that is not finite
 */
export function encodeSafetensors(
  weights: Weights,
  dtypeOf: (name: string) => DType,
  metadata: Readonly<Record<string, string>> = {},
): Buffer {
  const header: Record<string, Entry | Readonly<Record<string, string>>> = { __metadata__: metadata };
  const parts: Buffer[] = [];
  let offset = 0;
  const add = (name: string, dtype: DType, shape: readonly number[], bytes: Buffer) => {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  };
  for (const [name, weight] of weights) {
    const { shape, values } = weight;
    checkFinite(values, `tensor ${name}`, 'the training diverged; train again with a lower learning rate');
    const dtype = dtypeOf(name);
    if (dtype === 'F32') add(name, dtype, shape, bytesOf(values));
    else {
      const { integers, scales } = quantize(weight);
      add(name, dtype, shape, bytesOf(integers));
      add(`${name}${SCALE_SUFFIX}`, 'F32', [scales.length], bytesOf(scales));
    }
  }
  const json = Buffer.from(JSON.stringify(header));
  const padding = Buffer.alloc(-json.length & 7, ' ');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length + padding.length));
  return Buffer.concat([length, json, padding, ...parts]);
}

function parseHeader(text: string, source: string): object {
  try {
    const header = JSON.parse(text) as unknown;
    if (typeof header === 'object' && header !== null) return header;
  } catch (cause) {
    throw new RangeError(`${source} is no safetensors file: its header is damaged; copy it again`, { cause });
  }
  throw new RangeError(`${source} is no safetensors file: its header is no JSON object; copy it again`);
}

/** A file's tensors by name, the first byte of their data, and the free-form metadata. */
function readHeader(file: Buffer, source: string) {
  const headerBytes = file.length >= 8 ? Number(file.readBigUInt64LE(0)) : Infinity;
  if (8 + headerBytes > file.length) {
    throw new RangeError(`${source} is not a whole safetensors file: its header is cut off; copy it again`);
  }
  const { __metadata__: metadata = {}, ...entries } = parseHeader(
    file.toString('utf8', 8, 8 + headerBytes),
    source,
  ) as Record<string, Entry> & {
    __metadata__?: Record<string, string>;
  };
  return { entries, base: 8 + headerBytes, metadata };
}

/**
 * Decodes a file's bytes to single precision.
 *
 * @param source name of the file, for messages
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
  const ends = Object.values(entries).map(({ data_offsets: [, end] }) => base + end);
  const extraBytes = file.length - Math.max(base, ...ends);
  if (extraBytes > 0) {
    throw new RangeError(
      `${source} is no whole safetensors file: ${extraBytes} bytes follow its last tensor; copy it again`,
    );
  }
  return { weights, metadata };
}

/** A tensor of 8-bit integers. A weight is `integers[i] * scales[i % scales.length]`. */
export interface IntegerTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** A view of the file's bytes. */
  readonly integers: Int8Array;
  readonly scales: Float32Array;
}

/**
 * The tensors that a file stores as 8-bit integers. Writing to their integers changes the file.
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

/** Checks and returns where a tensor's bytes are, relative to the end of the header. */
function checkedOffsets(
  file: Buffer,
  base: number,
  name: string,
  entry: Entry,
  source: string,
): readonly [start: number, end: number] {
  const bytes = BYTES[entry.dtype] as number | undefined;
  if (bytes === undefined) {
    throw new RangeError(`tensor ${name} of ${source} must be F32 or I8, received ${entry.dtype}`);
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
  // Copied, because a typed array must start at a multiple of its element size.
  const data = file.buffer.slice(file.byteOffset + base + start, file.byteOffset + base + end);
  if (entry.dtype !== 'F32') return Float32Array.from(new Int8Array(data));
  const values = new Float32Array(data);
  checkFinite(values, `tensor ${name} of ${source}`, 'train the model again, or copy the file again');
  return values;
}
