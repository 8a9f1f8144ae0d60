/**
 * The fast way from a plain JPEG to the input size: libjpeg-turbo and the resize, both in WebAssembly and in one memory.
 * Its bytes are sharp's; sharp decodes everything else. It takes 0.4 of sharp's CPU time for 320 x 240 pixels, most of
 * which libvips needs to set up its pipeline and its threads. WebAssembly has no SIMD for decoding, so that large images
 * are faster with sharp.
 */
import { readFileSync } from 'node:fs';

import { INPUT_SHAPE } from '../catalog';
import { plainJpegSize } from './plain-jpeg';
import { type Axis, axisOf, MAX_PAIRS, MAX_SHRINK } from './resize';
import { RESIZE_WASM_BASE64 } from './resize-wasm';

const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;
const OUT_BYTES = HEIGHT * WIDTH * CHANNELS;
/** Above this, sharp is as fast. Measured CPU time, Xeon at 2.5 GHz: 1.9 ms, not 4.6, at 320 x 240; 6.7, not 8.9, here. */
const MAX_PIXELS = 400_000;
/** A file of so few pixels is smaller, unless it carries something else. */
const MAX_FILE_BYTES = 1024 * 1024;
/** The kernel reads and writes vectors, which may end beyond the data. */
const VECTOR_BYTES = 16;
/** TurboJPEG's constants. */
const FORMAT_RGB = 0;
const FLAG_ACCURATE_DCT = 4096;
/** Axes of recent image sizes. */
const MAX_AXES = 64;

interface Decoder {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(bytes: number): number;
  free(pointer: number): void;
  tjInitDecompress(): number;
  tjDecompress2(...parameters: number[]): number;
}

interface Kernel {
  resize(...parameters: number[]): void;
  toFloats(bytes: number, count: number, out: number): void;
}

/** What each part of the memory holds, and its bytes. */
const PARTS = {
  source: MAX_PIXELS * CHANNELS + VECTOR_BYTES,
  rows: 4 * 2 * MAX_PAIRS * HEIGHT,
  rowWeights: 2 * 2 * MAX_PAIRS * HEIGHT,
  columns: 4 * WIDTH,
  columnWeights: 2 * 2 * MAX_PAIRS * WIDTH,
  row: (MAX_SHRINK * WIDTH + 4 * MAX_PAIRS) * CHANNELS + VECTOR_BYTES,
  bytes: OUT_BYTES + VECTOR_BYTES,
  floats: 4 * OUT_BYTES,
} as const;
type Part = keyof typeof PARTS;

/** A decoder with its memory. */
interface Machine {
  readonly decoder: Decoder;
  readonly kernel: Kernel;
  readonly handle: number;
  readonly at: Readonly<Record<Part, number>>;
  /** Size of the image that the tables in the memory are for. */
  tables?: string;
}

/** TypeScript declares these with the browser's library only. */
interface WebAssemblyClasses {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}
const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyClasses }).WebAssembly;

const compiled: { decoder?: object; kernel?: object } = {};
let machine: Machine | undefined;
const axes = new Map<string, Axis>();

const unexpected = (): never => {
  throw new Error('the JPEG cannot be decoded');
};

function openMachine(): Machine {
  compiled.decoder ??= new Module(readFileSync(require.resolve('@cwasm/jpeg-turbo/jpeg-turbo.wasm')));
  compiled.kernel ??= new Module(Buffer.from(RESIZE_WASM_BASE64, 'base64'));
  const decoder = new Instance(compiled.decoder, {
    // libjpeg leaves a fatal error by longjmp.
    env: { setjmp: () => 0, longjmp: unexpected },
    wasi_snapshot_preview1: {
      environ_sizes_get: () => 0,
      environ_get: unexpected,
      proc_exit: unexpected,
      fd_close: unexpected,
      fd_seek: unexpected,
      fd_write: unexpected,
    },
  }).exports as Decoder;
  const kernel = new Instance(compiled.kernel, { env: { memory: decoder.memory } }).exports as Kernel;
  const round = (bytes: number) => Math.ceil(bytes / VECTOR_BYTES) * VECTOR_BYTES;
  const total = Object.values(PARTS).reduce((sum, bytes) => sum + round(bytes), 0);
  let next = round(decoder.malloc(total + VECTOR_BYTES));
  const at = Object.fromEntries(
    Object.entries(PARTS).map(([part, bytes]) => {
      const pointer = next;
      next += round(bytes);
      return [part, pointer];
    }),
  ) as Record<Part, number>;
  return { decoder, kernel, handle: decoder.tjInitDecompress(), at };
}

function cachedAxis(sourceSize: number, size: number): Axis {
  const key = `${sourceSize} to ${size}`;
  const cached = axes.get(key);
  if (cached !== undefined) return cached;
  if (axes.size === MAX_AXES) axes.clear();
  const axis = axisOf(sourceSize, size);
  axes.set(key, axis);
  return axis;
}

/** Puts the tables of an image size into the memory. */
function writeTables({ decoder, at }: Machine, rows: Axis, columns: Axis, sourceHeight: number): void {
  const { buffer } = decoder.memory;
  const points = 2 * rows.pairs;
  const rowTable = new Uint32Array(buffer, at.rows, points * HEIGHT);
  for (let i = 0; i < rowTable.length; i++) {
    const row = rows.first[Math.floor(i / points)]! + (i % points) - rows.margin;
    rowTable[i] = Math.min(Math.max(0, row), sourceHeight - 1);
  }
  new Int16Array(buffer, at.rowWeights, rows.weights.length).set(rows.weights);
  new Uint32Array(buffer, at.columns, columns.first.length).set(columns.first);
  new Int16Array(buffer, at.columnWeights, columns.weights.length).set(columns.weights);
}

/** Decodes and resizes to `bytes` of the memory; false if the decoder finds anything wrong. */
function decode(open: Machine, image: Buffer, width: number, height: number): boolean {
  const { decoder, kernel, handle, at } = open;
  const file = decoder.malloc(image.length);
  new Uint8Array(decoder.memory.buffer, file, image.length).set(image);
  const target = [at.source, width, width * CHANNELS, height];
  const status = decoder.tjDecompress2(handle, file, image.length, ...target, FORMAT_RGB, FLAG_ACCURATE_DCT);
  decoder.free(file);
  if (status !== 0) return false;
  const [rows, columns] = [cachedAxis(height, HEIGHT), cachedAxis(width, WIDTH)];
  const tables = `${width}x${height}`;
  if (open.tables !== tables) writeTables(open, rows, columns, height);
  open.tables = tables;
  kernel.resize(
    ...[at.source, width, at.rows, at.rowWeights, rows.pairs],
    ...[at.columns, at.columnWeights, columns.pairs, at.row, columns.margin, at.bytes, WIDTH, HEIGHT],
  );
  return true;
}

const fits = (sourceSize: number, size: number) => sourceSize >= size && sourceSize < MAX_SHRINK * size;

/** Decodes; undefined if sharp must, which also says what is wrong with an image. */
function run(image: Buffer, maxPixels: number): Machine | undefined {
  if (image.length > MAX_FILE_BYTES) return undefined;
  const size = plainJpegSize(image);
  if (size === undefined || !fits(size.width, WIDTH) || !fits(size.height, HEIGHT)) return undefined;
  if (size.width * size.height > Math.min(maxPixels, MAX_PIXELS)) return undefined;
  const open = (machine ??= openMachine());
  try {
    return decode(open, image, size.width, size.height) ? open : undefined;
  } catch {
    // A fatal error leaves the decoder's stack and memory as they were then.
    machine = undefined;
    return undefined;
  }
}

/** RGB bytes [224, 224, 3], as sharp makes them; undefined if the image is not plain, large, small or damaged. */
export function fastPixels(image: Buffer, maxPixels: number): Buffer | undefined {
  const open = run(image, maxPixels);
  return open && Buffer.from(new Uint8Array(open.decoder.memory.buffer, open.at.bytes, OUT_BYTES));
}

/**
 * The input values, float32 [224, 224, 3] in [0, 1]; undefined where {@link fastPixels} is. They stay in the decoder's
 * memory, which the next image overwrites.
 */
export function fastInput(image: Buffer, maxPixels: number): Float32Array | undefined {
  const open = run(image, maxPixels);
  if (open === undefined) return undefined;
  open.kernel.toFloats(open.at.bytes, OUT_BYTES, open.at.floats);
  return new Float32Array(open.decoder.memory.buffer, open.at.floats, OUT_BYTES);
}
