/**
 * AssemblyScript, not TypeScript: a plain JPEG to the input size, with SIMD. `npm run build:wasm` compiles this file and
 * those that it imports to models/data/jpeg-wasm.ts. models/data/resize.ts fills the tables and says what they hold.
 *
 * The arithmetic of the bilinear resize is that of libvips' reducev and reduceh for bytes: weights of 12 bits, a sum that
 * is rounded, rows first. Weights are positive and add up to at most 1, so that no sum needs clipping.
 *
 * @see https://github.com/libvips/libvips/blob/v8.18.0/libvips/resample/reducev_hwy.cpp
 */
import { averageRows } from './colours';
import { endImage, imageHeight, imageWidth, writeRow } from './jpeg';
import {
  BYTES,
  COLOURS,
  COLUMN_TABLE,
  COLUMN_WEIGHTS,
  ENDED,
  FILE,
  FLOATS,
  LINE,
  PAIR,
  reserve,
  ROW_STRIDE,
  ROW_TABLE,
  ROW_WEIGHTS,
  ROWS,
} from './memory';

export { setComponent, setTable, startImage } from './jpeg';

reserve();

const SIDE: i32 = 224;
const SHIFT: i32 = 12;
const HALF: i32 = 1 << (SHIFT - 1);
const CHANNELS: i32 = 3;

/** Two rows' bytes, interleaved, times their two weights: four sums of four bytes each. */
function addPair(sums: v128, bytes: v128, weights: v128): v128 {
  return i32x4.add(sums, i32x4.dot_i16x8_s(bytes, weights));
}

/** Addresses of the rows that one row of the result is made of. */
const SOURCES: usize = memory.data(40, 4);

/** Makes one row of the result's height from `2 * pairs` kept rows. Writes up to 15 bytes too many. */
function reduceRows(rowBytes: i32, rows: usize, weights: usize, pairs: i32, out: usize): void {
  for (let i: i32 = 0; i < pairs << 3; i += 4) store<usize>(SOURCES + i, keptRow(load<u32>(rows + i)));
  for (let x: i32 = 0; x < rowBytes; x += 16) {
    let sum0 = i32x4.splat(HALF);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    for (let i: i32 = 0; i < pairs; i++) {
      const upper = v128.load(load<usize>(SOURCES + (i << 3)) + x);
      const lower = v128.load(load<usize>(SOURCES + (i << 3), 4) + x);
      const two = v128.load32_splat(weights + (i << 2));
      const low = i8x16.shuffle(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const high = i8x16.shuffle(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      sum0 = addPair(sum0, i16x8.extend_low_i8x16_u(low), two);
      sum1 = addPair(sum1, i16x8.extend_high_i8x16_u(low), two);
      sum2 = addPair(sum2, i16x8.extend_low_i8x16_u(high), two);
      sum3 = addPair(sum3, i16x8.extend_high_i8x16_u(high), two);
    }
    const left = i16x8.narrow_i32x4_s(i32x4.shr_s(sum0, SHIFT), i32x4.shr_s(sum1, SHIFT));
    const right = i16x8.narrow_i32x4_s(i32x4.shr_s(sum2, SHIFT), i32x4.shr_s(sum3, SHIFT));
    v128.store(out + x, i8x16.narrow_i16x8_u(left, right));
  }
}

/** Writes `count` copies of the pixel at `from` to `out`. */
function repeatPixel(from: usize, out: usize, count: i32): void {
  for (let i: i32 = 0; i < count; i++, out += CHANNELS) {
    store<u16>(out, load<u16>(from));
    store<u8>(out, load<u8>(from, 2), 2);
  }
}

/** Makes one row of the result's width. Writes one byte too many. */
function reduceColumns(row: usize, columns: usize, weights: usize, pairs: i32, out: usize, width: i32): void {
  const zero = i64x2.splat(0);
  for (let x: i32 = 0; x < width; x++) {
    let sum = i32x4.splat(HALF);
    let from = row + load<u32>(columns + (x << 2)) * CHANNELS;
    for (let i: i32 = 0; i < pairs; i++) {
      const pixels = i8x16.shuffle(
        v128.load64_zero(from),
        zero,
        0,
        16,
        3,
        16,
        1,
        16,
        4,
        16,
        2,
        16,
        5,
        16,
        16,
        16,
        16,
        16,
      );
      sum = addPair(sum, pixels, v128.load32_splat(weights));
      weights += 4;
      from += 2 * CHANNELS;
    }
    const words = i16x8.narrow_i32x4_s(i32x4.shr_s(sum, SHIFT), zero);
    v128.store32_lane(out, i8x16.narrow_i16x8_u(words, zero), 0);
    out += CHANNELS;
  }
}

/** Writes the rounded means of each two pixels. Writes up to 5 bytes too many. */
function averagePixels(from: usize, out: usize, pixels: i32): void {
  const zero = i64x2.splat(0);
  for (let x: i32 = 0; x < pixels; x += 2, from += 4 * CHANNELS, out += 2 * CHANNELS) {
    const four = v128.load(from);
    const even = i8x16.shuffle(four, zero, 0, 1, 2, 6, 7, 8, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16);
    const odd = i8x16.shuffle(four, zero, 3, 4, 5, 9, 10, 11, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16);
    v128.store64_lane(out, i8x16.avgr_u(even, odd), 0);
  }
}

/** Where a row of colours is kept. */
function keptRow(row: i32): usize {
  return COLOURS + <usize>(row & (ROWS - 1)) * ROW_STRIDE;
}

/** Makes a row of colours, or the mean of two; false if the image is damaged. */
function makeRow(row: i32, block: i32): bool {
  if (block == 1) return writeRow(row, keptRow(row));
  const other = PAIR + ROW_STRIDE;
  // libvips repeats the last row of an odd height.
  if (!writeRow(2 * row, PAIR) || !writeRow(min(2 * row + 1, imageHeight() - 1), other)) return false;
  averageRows(PAIR, other, imageWidth() * CHANNELS, keptRow(row));
  return true;
}

/**
 * Decodes the image that was started and resizes it to RGB bytes [224, 224, 3]; false if it is damaged.
 *
 * @param rowBlock rows that are averaged first: 1 or 2
 * @param columnBlock columns that are averaged first: 1 or 2
 * @param margin copies of the first pixel before a row
 * @param end bytes of the file
 */
export function decode(
  rowPairs: i32,
  rowBlock: i32,
  columnPairs: i32,
  columnBlock: i32,
  margin: i32,
  end: i32,
): bool {
  const width = imageWidth();
  const reduced = columnBlock == 1 ? width : (width + 1) >> 1;
  const first = ENDED + margin * CHANNELS;
  const last = first + reduced * CHANNELS;
  const line = columnBlock == 1 ? first : LINE;
  let rows = ROW_TABLE;
  let weights = ROW_WEIGHTS;
  let made = 0;
  for (let y: i32 = 0; y < SIDE; y++) {
    const needed = <i32>load<u32>(rows + (rowPairs << 3) - 4);
    for (; made <= needed; made++) {
      if (!makeRow(made, rowBlock)) return false;
    }
    reduceRows(width * CHANNELS, rows, weights, rowPairs, line);
    if (columnBlock == 2) {
      const beyond = line + width * CHANNELS;
      repeatPixel(beyond - CHANNELS, beyond, 1);
      averagePixels(line, first, reduced);
    }
    repeatPixel(first, ENDED, margin);
    repeatPixel(last - CHANNELS, last, margin + 2);
    reduceColumns(ENDED, COLUMN_TABLE, COLUMN_WEIGHTS, columnPairs, BYTES + y * SIDE * CHANNELS, SIDE);
    rows += rowPairs << 3;
    weights += rowPairs << 2;
  }
  return endImage(end);
}

/** Writes the bytes of the result divided by 255, float32. */
export function toFloats(): void {
  const divisor = f32x4.splat(255);
  for (let i: i32 = 0; i < SIDE * SIDE * CHANNELS; i += 8) {
    const words = v128.load8x8_u(BYTES + i);
    const low = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(words));
    const high = f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(words));
    v128.store(FLOATS + (i << 2), f32x4.div(low, divisor));
    v128.store(FLOATS + (i << 2), f32x4.div(high, divisor), 16);
  }
}

export function fileAt(): usize {
  return FILE;
}
export function rowTableAt(): usize {
  return ROW_TABLE;
}
export function rowWeightsAt(): usize {
  return ROW_WEIGHTS;
}
export function columnTableAt(): usize {
  return COLUMN_TABLE;
}
export function columnWeightsAt(): usize {
  return COLUMN_WEIGHTS;
}
export function bytesAt(): usize {
  return BYTES;
}
export function floatsAt(): usize {
  return FLOATS;
}
