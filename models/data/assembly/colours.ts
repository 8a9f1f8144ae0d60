/**
 * AssemblyScript: makes RGB of a row of luma and chroma as libjpeg-turbo does, with SIMD: chroma is interpolated ("fancy
 * upsampling"), and the colours are computed with 16 bits after the point.
 *
 * @see https://github.com/libjpeg-turbo/libjpeg-turbo/blob/3.1.0/src/jdsample.c and jdcolor.c
 */
import { SUMS } from './memory';

/** Values of a vector. */
const STEP: i32 = 8;

/** Puts the `width` values of `near` into SUMS, at half the height as `3 * near + far`. */
function addRows(near: usize, far: usize, width: i32, isHalfHeight: bool): void {
  const out = SUMS + 2 * STEP;
  const three = i16x8.splat(3);
  for (let x = 0; x < width; x += STEP) {
    const values = v128.load8x8_u(near + x);
    const sum = isHalfHeight ? i16x8.add(i16x8.mul(values, three), v128.load8x8_u(far + x)) : values;
    v128.store(out + (x << 1), sum);
  }
  store<u16>(out - 2, load<u16>(out));
  store<u16>(out + (width << 1), load<u16>(out + ((width - 1) << 1)));
}

/**
 * Doubles the width of a row of chroma; at half the height, the result lies between two rows.
 *
 * @param far the next row above or below, whichever is nearer to the result
 * @param width values of `near`
 * @param out the row to write; up to 14 bytes more
 */
export function interpolate(near: usize, far: usize, width: i32, isHalfHeight: bool, out: usize): void {
  addRows(near, far, width, isHalfHeight);
  const from = SUMS + 2 * STEP;
  const three = i16x8.splat(3);
  const shift = isHalfHeight ? 4 : 2;
  const left = i16x8.splat(isHalfHeight ? 8 : 1);
  const right = i16x8.splat(isHalfHeight ? 7 : 2);
  for (let x = 0; x < width; x += STEP) {
    const at = from + (x << 1);
    const values = i16x8.mul(v128.load(at), three);
    const even = i16x8.shr_u(i16x8.add(i16x8.add(values, v128.load(at - 2)), left), shift);
    const odd = i16x8.shr_u(i16x8.add(i16x8.add(values, v128.load(at + 2)), right), shift);
    // Each value is a byte: the odd one becomes the upper byte.
    v128.store(out + (x << 1), v128.or(even, i16x8.shl(odd, 8)));
  }
}

/** `value * factor / 65536`, rounded, of eight values of 16 bits. */
function scaled(value: v128, factor: i32): v128 {
  const factors = i16x8.splat(<i16>factor);
  const half = i32x4.splat(1 << 15);
  const low = i32x4.add(i32x4.extmul_low_i16x8_s(value, factors), half);
  const high = i32x4.add(i32x4.extmul_high_i16x8_s(value, factors), half);
  return i16x8.narrow_i32x4_s(i32x4.shr_s(low, 16), i32x4.shr_s(high, 16));
}

/** The same of two values and two factors. */
function scaledSum(a: v128, b: v128, factors: v128): v128 {
  const half = i32x4.splat(1 << 15);
  const low = i32x4.dot_i16x8_s(i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11), factors);
  const high = i32x4.dot_i16x8_s(i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15), factors);
  return i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.add(low, half), 16), i32x4.shr_s(i32x4.add(high, half), 16));
}

/** Writes `width` pixels, RGB; up to 7 pixels and 8 bytes more. */
export function writeColours(luma: usize, blue: usize, red: usize, width: i32, out: usize): void {
  const middle = i16x8.splat(128);
  const factors = i32x4.splat((18734 << 16) | (-22554 & 0xffff));
  for (let x = 0; x < width; x += STEP, out += 3 * STEP) {
    const y = v128.load8x8_u(luma + x);
    const cb = i16x8.sub(v128.load8x8_u(blue + x), middle);
    const cr = i16x8.sub(v128.load8x8_u(red + x), middle);
    // Whole multiples of a value are added, because a factor has 16 bits: 1.402 = 1 + 0.402, 1.772 = 2 - 0.228.
    const r = i16x8.add(i16x8.add(y, cr), scaled(cr, 26345));
    const b = i16x8.add(i16x8.add(y, i16x8.shl(cb, 1)), scaled(cb, -14942));
    const g = i16x8.add(i16x8.sub(y, cr), scaledSum(cb, cr, factors));
    const rg = i8x16.narrow_i16x8_u(r, g);
    const bb = i8x16.narrow_i16x8_u(b, b);
    v128.store(out, i8x16.shuffle(rg, bb, 0, 8, 16, 1, 9, 17, 2, 10, 18, 3, 11, 19, 4, 12, 20, 5));
    v128.store(out, i8x16.shuffle(rg, bb, 13, 21, 6, 14, 22, 7, 15, 23, 0, 0, 0, 0, 0, 0, 0, 0), 16);
  }
}

/** Writes the rounded mean of two rows. Writes up to 15 bytes too many. */
export function averageRows(one: usize, other: usize, bytes: i32, out: usize): void {
  for (let x = 0; x < bytes; x += 16) {
    v128.store(out + x, i8x16.avgr_u(v128.load(one + x), v128.load(other + x)));
  }
}
