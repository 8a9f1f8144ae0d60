/**
 * AssemblyScript: the inverse DCT of a block with SIMD, with the arithmetic of libjpeg's accurate one: fixed point of 13
 * bits, two bits more between columns and rows. Each sum of products is rounded where libjpeg rounds it, so that the bytes
 * are libjpeg-turbo's.
 *
 * @see https://github.com/libjpeg-turbo/libjpeg-turbo/blob/3.1.0/src/jidctint.c and jidctred.c
 */

const FRACTION_BITS: i32 = 13;
/** How far the sums of the columns and then of the rows are shifted: at half size by one more. */
const COLUMN_SHIFT: i32 = 11;
const ROW_SHIFT: i32 = 18;
/** Eight vectors of four sums. */
const SUMS: usize = memory.data(128, 16);

/** Two weights of 16 bits, for a dot product with two values. */
function weights(first: i32, second: i32): v128 {
  return i32x4.splat((second << 16) | (first & 0xffff));
}
function low(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
function high(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Puts the sum of two values to the first place and their difference to the other one. */
function butterfly(a: v128, b: v128, shift: i32, first: usize, other: usize): void {
  v128.store(SUMS + first, i32x4.shr_s(i32x4.add(a, b), shift));
  v128.store(SUMS + other, i32x4.shr_s(i32x4.sub(a, b), shift));
}

/**
 * Four columns: pairs of values, interleaved, named by their rows.
 *
 * @param sum values of row 0 plus those of row 4, i32
 * @param difference the same, minus
 */
function fourColumns(
  sum: v128,
  difference: v128,
  v26: v128,
  v71: v128,
  v53: v128,
  odd: v128,
  shift: i32,
): void {
  const half = i32x4.splat(1 << (shift - 1));
  const a0 = i32x4.add(i32x4.shl(sum, FRACTION_BITS), half);
  const a1 = i32x4.add(i32x4.shl(difference, FRACTION_BITS), half);
  const a2 = i32x4.dot_i16x8_s(v26, weights(4433, -10704));
  const a3 = i32x4.dot_i16x8_s(v26, weights(10703, 4433));
  const z3 = i32x4.dot_i16x8_s(odd, weights(-6436, 9633));
  const z4 = i32x4.dot_i16x8_s(odd, weights(9633, 6437));
  const b0 = i32x4.add(i32x4.dot_i16x8_s(v71, weights(-4927, -7373)), z3);
  const b1 = i32x4.add(i32x4.dot_i16x8_s(v53, weights(-4176, -20995)), z4);
  const b2 = i32x4.add(i32x4.dot_i16x8_s(v53, weights(-20995, 4177)), z3);
  const b3 = i32x4.add(i32x4.dot_i16x8_s(v71, weights(-7373, 4926)), z4);
  butterfly(i32x4.add(a0, a3), b3, shift, 0, 112);
  butterfly(i32x4.add(a1, a2), b2, shift, 16, 96);
  butterfly(i32x4.sub(a1, a2), b1, shift, 32, 80);
  butterfly(i32x4.sub(a0, a3), b0, shift, 48, 64);
}

/** Transforms the columns of a block and turns it, so that the next call transforms its rows. */
function eightColumns(block: usize, shift: i32): void {
  const r0 = v128.load(block);
  const r1 = v128.load(block, 16);
  const r2 = v128.load(block, 32);
  const r3 = v128.load(block, 48);
  const r4 = v128.load(block, 64);
  const r5 = v128.load(block, 80);
  const r6 = v128.load(block, 96);
  const r7 = v128.load(block, 112);
  const sum = i16x8.add(r0, r4);
  const difference = i16x8.sub(r0, r4);
  const z3 = i16x8.add(r7, r3);
  const z4 = i16x8.add(r5, r1);
  fourColumns(
    i32x4.extend_low_i16x8_s(sum),
    i32x4.extend_low_i16x8_s(difference),
    low(r2, r6),
    low(r7, r1),
    low(r5, r3),
    low(z3, z4),
    shift,
  );
  const s0 = v128.load(SUMS);
  const s1 = v128.load(SUMS, 16);
  const s2 = v128.load(SUMS, 32);
  const s3 = v128.load(SUMS, 48);
  const s4 = v128.load(SUMS, 64);
  const s5 = v128.load(SUMS, 80);
  const s6 = v128.load(SUMS, 96);
  const s7 = v128.load(SUMS, 112);
  fourColumns(
    i32x4.extend_high_i16x8_s(sum),
    i32x4.extend_high_i16x8_s(difference),
    high(r2, r6),
    high(r7, r1),
    high(r5, r3),
    high(z3, z4),
    shift,
  );
  const c0 = i16x8.narrow_i32x4_s(s0, v128.load(SUMS));
  const c1 = i16x8.narrow_i32x4_s(s1, v128.load(SUMS, 16));
  const c2 = i16x8.narrow_i32x4_s(s2, v128.load(SUMS, 32));
  const c3 = i16x8.narrow_i32x4_s(s3, v128.load(SUMS, 48));
  const c4 = i16x8.narrow_i32x4_s(s4, v128.load(SUMS, 64));
  const c5 = i16x8.narrow_i32x4_s(s5, v128.load(SUMS, 80));
  const c6 = i16x8.narrow_i32x4_s(s6, v128.load(SUMS, 96));
  const c7 = i16x8.narrow_i32x4_s(s7, v128.load(SUMS, 112));
  turnFour(low(c0, c1), low(c2, c3), low(c4, c5), low(c6, c7), block);
  turnFour(high(c0, c1), high(c2, c3), high(c4, c5), high(c6, c7), block + 64);
}

/** Stores four columns of eight values, given as interleaved pairs of rows, as rows. */
function turnFour(rows01: v128, rows23: v128, rows45: v128, rows67: v128, out: usize): void {
  const upper01 = i32x4.shuffle(rows01, rows23, 0, 4, 1, 5);
  const upper23 = i32x4.shuffle(rows01, rows23, 2, 6, 3, 7);
  const lower01 = i32x4.shuffle(rows45, rows67, 0, 4, 1, 5);
  const lower23 = i32x4.shuffle(rows45, rows67, 2, 6, 3, 7);
  v128.store(out, i64x2.shuffle(upper01, lower01, 0, 2));
  v128.store(out, i64x2.shuffle(upper01, lower01, 1, 3), 16);
  v128.store(out, i64x2.shuffle(upper23, lower23, 0, 2), 32);
  v128.store(out, i64x2.shuffle(upper23, lower23, 1, 3), 48);
}

/** Levels from -128 to 127, i16, as bytes from 0 to 255. */
function toBytes(a: v128, b: v128): v128 {
  return v128.xor(i8x16.narrow_i16x8_s(a, b), i8x16.splat(-128));
}

/** Writes the 8 x 8 bytes of a block. The block is overwritten. */
export function writeWhole(block: usize, out: usize, stride: usize): void {
  eightColumns(block, COLUMN_SHIFT);
  eightColumns(block, ROW_SHIFT);
  for (let i = 0; i < 4; i++, block += 32, out += 2 * stride) {
    const rows = toBytes(v128.load(block), v128.load(block, 16));
    v128.store64_lane(out, rows, 0);
    v128.store64_lane(out + stride, rows, 1);
  }
}

/** Four columns at half size: the even part of two results, the odd parts, and the four sums that they make. */
function halfColumns(v0: v128, v26: v128, v75: v128, v31: v128, shift: i32): void {
  const even = i32x4.add(i32x4.shl(v0, FRACTION_BITS + 1), i32x4.splat(1 << (shift - 1)));
  const a = i32x4.dot_i16x8_s(v26, weights(15137, -6270));
  const inner = i32x4.add(
    i32x4.dot_i16x8_s(v75, weights(-1730, 11893)),
    i32x4.dot_i16x8_s(v31, weights(-17799, 8697)),
  );
  const outer = i32x4.add(
    i32x4.dot_i16x8_s(v75, weights(-4176, -4926)),
    i32x4.dot_i16x8_s(v31, weights(7373, 20995)),
  );
  butterfly(i32x4.add(even, a), outer, shift, 0, 48);
  butterfly(i32x4.sub(even, a), inner, shift, 16, 32);
}

/** Writes the 4 x 4 bytes of a block at half size, which needs neither row 4 nor column 4. The block is overwritten. */
export function writeHalf(block: usize, out: usize, stride: usize): void {
  const r0 = v128.load(block);
  const r1 = v128.load(block, 16);
  const r2 = v128.load(block, 32);
  const r3 = v128.load(block, 48);
  const r5 = v128.load(block, 80);
  const r6 = v128.load(block, 96);
  const r7 = v128.load(block, 112);
  halfColumns(i32x4.extend_low_i16x8_s(r0), low(r2, r6), low(r7, r5), low(r3, r1), COLUMN_SHIFT + 1);
  const s0 = v128.load(SUMS);
  const s1 = v128.load(SUMS, 16);
  const s2 = v128.load(SUMS, 32);
  const s3 = v128.load(SUMS, 48);
  halfColumns(i32x4.extend_high_i16x8_s(r0), high(r2, r6), high(r7, r5), high(r3, r1), COLUMN_SHIFT + 1);
  const c0 = i16x8.narrow_i32x4_s(s0, v128.load(SUMS));
  const c1 = i16x8.narrow_i32x4_s(s1, v128.load(SUMS, 16));
  const c2 = i16x8.narrow_i32x4_s(s2, v128.load(SUMS, 32));
  const c3 = i16x8.narrow_i32x4_s(s3, v128.load(SUMS, 48));
  // Only the lower half of each vector holds values.
  turnFour(low(c0, c1), low(c2, c3), r0, r0, block);
  turnFour(high(c0, c1), high(c2, c3), r0, r0, block + 64);
  halfColumns(
    i32x4.extend_low_i16x8_s(v128.load(block)),
    low(v128.load(block, 32), v128.load(block, 96)),
    low(v128.load(block, 112), v128.load(block, 80)),
    low(v128.load(block, 48), v128.load(block, 16)),
    ROW_SHIFT + 1,
  );
  const columns01 = i16x8.narrow_i32x4_s(v128.load(SUMS), v128.load(SUMS, 16));
  const columns23 = i16x8.narrow_i32x4_s(v128.load(SUMS, 32), v128.load(SUMS, 48));
  const columns = toBytes(columns01, columns23);
  const rows = i8x16.shuffle(columns, columns, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  v128.store32_lane(out, rows, 0);
  v128.store32_lane(out + stride, rows, 1);
  v128.store32_lane(out + 2 * stride, rows, 2);
  v128.store32_lane(out + 3 * stride, rows, 3);
}

/** Writes `side` x `side` equal bytes: a block of which only the first coefficient is not 0. */
export function writeFlat(first: i32, out: usize, side: i32, stride: usize): void {
  const level = i8x16.splat(<i8>max(0, min(255, ((first + 4) >> 3) + 128)));
  for (let y = 0; y < side; y++, out += stride) {
    if (side == 8) v128.store64_lane(out, level, 0);
    else v128.store32_lane(out, level, 0);
  }
}
