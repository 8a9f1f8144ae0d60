/**
 * The fast way from a plain JPEG to the input size: decoding and resize in WebAssembly with SIMD. Its bytes are sharp's;
 * sharp decodes everything else.
 */
import { INPUT_SHAPE } from '../catalog';
import { JPEG_WASM_BASE64 } from './jpeg-wasm';
import { type ImageSize, type PlainJpeg, readPlainJpeg } from './plain-jpeg';
import { type Axis, axisOf, MAX_SHRINK, ROWS_TOGETHER } from './resize';

const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;
const OUT_BYTES = HEIGHT * WIDTH * CHANNELS;
/** From this factor on along both directions, sharp lets libjpeg decode at half the size; from the next on at less. */
const HALF_FROM = 4;
const QUARTER_FROM = 8;
/** Room for the file: `MAX_FILE_BYTES` of the WebAssembly. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Stands after the file, so that the decoder stops there. */
const END_OF_IMAGE = [0xff, 0xd9];
/** Axes of recent image sizes. */
const MAX_AXES = 64;

/** Parts of the memory that are filled or read here. */
type Part = 'file' | 'rowTable' | 'rowWeights' | 'columnTable' | 'columnWeights' | 'bytes' | 'floats';

/** What the WebAssembly exports. */
interface Decoder extends Readonly<Record<`${Part}At`, () => number>> {
  readonly memory: { readonly buffer: ArrayBuffer };
  setTable(number: number, offset: number): number;
  setComponent(component: number, steps: number, dc: number, ac: number): void;
  startImage(
    ...parameters: [width: number, height: number, across: number, down: number, scan: number, isHalf: number]
  ): void;
  decode(
    ...parameters: [
      rowPairs: number,
      rowBlock: number,
      columnPairs: number,
      columnBlock: number,
      margin: number,
      end: number,
    ]
  ): number;
  toFloats(): void;
}

/** A decoder and views of its memory. */
interface Machine {
  readonly decoder: Decoder;
  readonly file: Uint8Array;
  readonly bytes: Uint8Array;
  readonly floats: Float32Array;
  /** Size of the image that the tables in the memory are for. */
  tables?: string;
}

/** TypeScript declares these with the browser's library only. */
interface WebAssemblyClasses {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}
const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyClasses }).WebAssembly;

let machine: Machine | undefined;
const axes = new Map<string, Axis>();

function openMachine(): Machine {
  const module = new Module(Buffer.from(JPEG_WASM_BASE64, 'base64'));
  const decoder = new Instance(module).exports as Decoder;
  const { buffer } = decoder.memory;
  return {
    decoder,
    file: new Uint8Array(buffer, decoder.fileAt(), MAX_FILE_BYTES + END_OF_IMAGE.length),
    bytes: new Uint8Array(buffer, decoder.bytesAt(), OUT_BYTES),
    floats: new Float32Array(buffer, decoder.floatsAt(), OUT_BYTES),
  };
}

function cachedAxis(sourceSize: number, size: number, together: number): Axis {
  const key = `${sourceSize} to ${size} by ${together}`;
  const cached = axes.get(key);
  if (cached !== undefined) return cached;
  if (axes.size === MAX_AXES) axes.clear();
  const axis = axisOf(sourceSize, size, together);
  axes.set(key, axis);
  return axis;
}

/** Puts the tables of an image size into the memory. */
function writeTables({ decoder }: Machine, rows: Axis, columns: Axis, sourceHeight: number): void {
  const { buffer } = decoder.memory;
  const points = 2 * rows.pairs;
  const lastRow = Math.ceil(sourceHeight / rows.block) - 1;
  const rowTable = new Uint32Array(buffer, decoder.rowTableAt(), points * HEIGHT);
  for (let i = 0; i < rowTable.length; i++) {
    const row = rows.first[Math.floor(i / points)]! + (i % points) - rows.margin;
    rowTable[i] = Math.min(Math.max(0, row), lastRow);
  }
  new Int16Array(buffer, decoder.rowWeightsAt(), rows.weights.length).set(rows.weights);
  new Uint32Array(buffer, decoder.columnTableAt(), columns.first.length).set(columns.first);
  new Int16Array(buffer, decoder.columnWeightsAt(), columns.weights.length).set(columns.weights);
}

/** Decodes and resizes to the memory; false if the decoder finds anything wrong. */
function decode(open: Machine, image: Buffer, jpeg: PlainJpeg, scaled: ImageSize): boolean {
  const { decoder, file } = open;
  file.set(image);
  file.set(END_OF_IMAGE, image.length);
  for (const [number, offset] of jpeg.tables.entries())
    if (offset !== undefined && decoder.setTable(number, offset) === 0) return false;
  jpeg.components.forEach(({ steps, dc, ac }, i) => decoder.setComponent(i, steps, dc, ac));
  const rows = cachedAxis(scaled.height, HEIGHT, ROWS_TOGETHER);
  const columns = cachedAxis(scaled.width, WIDTH, WIDTH);
  const tables = `${scaled.width}x${scaled.height}`;
  if (open.tables !== tables) writeTables(open, rows, columns, scaled.height);
  open.tables = tables;
  const { width, height, across, down, scan } = jpeg;
  decoder.startImage(width, height, across, down, scan, Number(scaled.width !== width));
  const sound = decoder.decode(
    ...([rows.pairs, rows.block, columns.pairs, columns.block, columns.margin, image.length] as const),
  );
  return sound !== 0;
}

const fits = (sourceSize: number, size: number) => sourceSize >= size && sourceSize < MAX_SHRINK * size;

/** The size at which libjpeg decodes an image; undefined if that is not the whole or half of its own. */
function scaledSize({ width, height }: ImageSize): ImageSize | undefined {
  const shrink = Math.min(width / WIDTH, height / HEIGHT);
  if (shrink >= QUARTER_FROM) return undefined;
  return shrink < HALF_FROM
    ? { width, height }
    : { width: Math.floor(width / 2), height: Math.floor(height / 2) };
}

/** Decodes; undefined if sharp must, which also says what is wrong with an image. */
function run(image: Buffer, maxPixels: number): Machine | undefined {
  if (image.length > MAX_FILE_BYTES) return undefined;
  const jpeg = readPlainJpeg(image);
  if (jpeg === undefined || jpeg.width * jpeg.height > maxPixels) return undefined;
  const scaled = scaledSize(jpeg);
  if (scaled === undefined || !fits(scaled.width, WIDTH) || !fits(scaled.height, HEIGHT)) return undefined;
  const open = (machine ??= openMachine());
  return decode(open, image, jpeg, scaled) ? open : undefined;
}

/** RGB bytes [224, 224, 3], as sharp makes them; undefined if the image is not plain, very large, small or damaged. */
export function fastPixels(image: Buffer, maxPixels: number): Buffer | undefined {
  const open = run(image, maxPixels);
  return open && Buffer.from(open.bytes);
}

/**
 * The input values, float32 [224, 224, 3] in [0, 1]; undefined where {@link fastPixels} is. They stay in the decoder's
 * memory, which the next image overwrites.
 */
export function fastInput(image: Buffer, maxPixels: number): Float32Array | undefined {
  const open = run(image, maxPixels);
  if (open === undefined) return undefined;
  open.decoder.toFloats();
  return open.floats;
}
