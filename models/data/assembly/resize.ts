/**
 * AssemblyScript, not TypeScript: the inner loops of the bilinear resize, with SIMD. `npm run build:wasm` compiles it to
 * models/data/resize-wasm.ts. models/data/resize.ts fills its tables and says what they hold.
 *
 * The arithmetic is that of libvips' reducev and reduceh for bytes: weights of 12 bits, a sum that is rounded, rows first.
 * Weights are positive and add up to at most 1, so that no sum needs clipping.
 *
 * @see https://github.com/libvips/libvips/blob/v8.18.0/libvips/resample/reducev_hwy.cpp
 */

const SHIFT: i32 = 12;
const HALF: i32 = 1 << (SHIFT - 1);
const CHANNELS: i32 = 3;

/** Two rows' bytes, interleaved, times their two weights: four sums of four bytes each. */
function addPair(sums: v128, bytes: v128, weights: v128): v128 {
  return i32x4.add(sums, i32x4.dot_i16x8_s(bytes, weights));
}

/** Makes one row of the result's height from `2 * pairs` rows of the source. Writes up to 15 bytes too many. */
function reduceRows(source: usize, rowBytes: i32, rows: usize, weights: usize, pairs: i32, out: usize): void {
  for (let x: i32 = 0; x < rowBytes; x += 16) {
    let sum0 = i32x4.splat(HALF);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    for (let i: i32 = 0; i < pairs; i++) {
      const upper = v128.load(source + load<u32>(rows + (i << 3)) * rowBytes + x);
      const lower = v128.load(source + load<u32>(rows + (i << 3), 4) * rowBytes + x);
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

/**
 * Resizes RGB bytes [sourceHeight, sourceWidth, 3] to [height, width, 3].
 *
 * @param rows for each row of the result, the `2 * rowPairs` rows of the source that it is made of, u32
 * @param rowWeights and their weights, i16
 * @param columns for each column of the result, its first column in `row`, u32
 * @param columnWeights the weights of the `2 * columnPairs` columns from there on, i16
 * @param row room for a row of the source, `margin` pixels before it and more after it
 */
export function resize(
  source: usize,
  sourceWidth: i32,
  rows: usize,
  rowWeights: usize,
  rowPairs: i32,
  columns: usize,
  columnWeights: usize,
  columnPairs: i32,
  row: usize,
  margin: i32,
  out: usize,
  width: i32,
  height: i32,
): void {
  const rowBytes = sourceWidth * CHANNELS;
  const first = row + margin * CHANNELS;
  const end = first + rowBytes;
  for (let y: i32 = 0; y < height; y++) {
    reduceRows(source, rowBytes, rows, rowWeights, rowPairs, first);
    repeatPixel(first, row, margin);
    repeatPixel(end - CHANNELS, end, margin + 2);
    reduceColumns(row, columns, columnWeights, columnPairs, out, width);
    rows += rowPairs << 3;
    rowWeights += rowPairs << 2;
    out += width * CHANNELS;
  }
}

/** Writes `count` bytes divided by 255, float32; `count` is a multiple of 8. */
export function toFloats(bytes: usize, count: i32, out: usize): void {
  const divisor = f32x4.splat(255);
  for (let i: i32 = 0; i < count; i += 8) {
    const words = v128.load8x8_u(bytes + i);
    const low = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(words));
    const high = f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(words));
    v128.store(out + (i << 2), f32x4.div(low, divisor));
    v128.store(out + (i << 2), f32x4.div(high, divisor), 16);
  }
}
