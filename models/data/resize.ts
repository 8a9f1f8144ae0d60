/**
 * The tables of the bilinear resize, antialiased when shrinking, as libvips 8.18 computes them: `decode` of
 * models/data/assembly/resize.ts then gives sharp's result for its kernel `linear`, byte for byte on x64.
 *
 * @see https://github.com/libvips/libvips/blob/v8.18.0/libvips/resample/reducev.cpp
 */

/** Positions between two pixels that have weights of their own. */
const POSITIONS = 64;
/** Weights are multiples of 1 / 4096. */
const ONE = 4096;
/** libvips leaves at least this factor to the weights: from twice as much on, it first averages blocks of pixels. */
const GAP = 2;
/** Largest block of which this file and the WebAssembly know. */
const MAX_BLOCK = 2;
/** From this factor on, the blocks would be larger. */
export const MAX_SHRINK = GAP * (MAX_BLOCK + 1);
/** Rows that libvips computes together; it computes whole rows. */
export const ROWS_TOGETHER = 10;

/** How the pixels of the result are made of the source's, along rows or along columns. */
export interface Axis {
  /** Pixels of the source that are averaged to one before anything else: 1 or 2. The other fields count such means. */
  readonly block: number;
  /** Pixels of the source that make one of the result, in pairs. */
  readonly pairs: number;
  /** Copies of the first pixel that stand before the source. */
  readonly margin: number;
  /** For each pixel of the result, its first pixel, counted from the first copy. */
  readonly first: Uint32Array;
  /** For each pixel of the result, `2 * pairs` weights. */
  readonly weights: Int16Array;
}

const triangle = (x: number) => Math.max(0, 1 - Math.abs(x));

/**
 * The table of one direction.
 *
 * @param sourceSize pixels, from `size` to less than {@link MAX_SHRINK} times as many
 * @param size pixels of the result
 * @param together pixels of the result that are computed together
 */
export function axisOf(sourceSize: number, size: number, together: number): Axis {
  // sharp hands libvips the reciprocal.
  const whole = 1 / (1 / (sourceSize / size));
  const block = Math.max(1, Math.floor(sourceSize / size / GAP));
  const shrink = whole / block;
  // C's rint takes a half to the even number.
  const half = Math.round(shrink);
  const points = 2 * (half - shrink === 0.5 && half % 2 === 1 ? half - 1 : half) + 1;
  const pairs = (points + 1) / 2;
  const first = new Uint32Array(size);
  const weights = new Int16Array(2 * pairs * size);
  const offset = (1 + (size * whole - sourceSize) / block) / 2 - 1;
  let at = 0;
  for (let i = 0; i < size; i++) {
    // Added up within what is computed together, not multiplied: the result has libvips' rounding errors.
    if (i % together === 0) at = (i + 0.5) * shrink - 0.5 - offset;
    const position = ((Math.floor(at * 2 * POSITIONS) % (2 * POSITIONS)) + 1) >> 1;
    const centre = position / POSITIONS + points / 2 - 1;
    const shares = Array.from({ length: points }, (_, point) => triangle((point - centre) / shrink));
    const total = shares.reduce((sum, share) => sum + share, 0);
    weights.set(
      shares.map((share) => Math.trunc((share / total) * ONE)),
      2 * pairs * i,
    );
    first[i] = Math.floor(at);
    at += shrink;
  }
  return { block, pairs, margin: pairs - 1, first, weights };
}
