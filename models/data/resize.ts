/**
 * The tables of the bilinear resize, antialiased when shrinking, as libvips 8.18 computes them: `resize` of
 * models/data/assembly/resize.ts then gives sharp's result for its kernel `linear`, byte for byte on x64.
 *
 * @see https://github.com/libvips/libvips/blob/v8.18.0/libvips/resample/reducev.cpp
 */

/** Positions between two pixels that have weights of their own. */
const POSITIONS = 64;
/** Weights are multiples of 1 / 4096. */
const ONE = 4096;
/** From this factor on, libvips first averages whole blocks. */
export const MAX_SHRINK = 4;
/** The most pairs that {@link axisOf} makes. */
export const MAX_PAIRS = MAX_SHRINK + 1;

/** How the pixels of the result are made of the source's, along rows or along columns. */
export interface Axis {
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
 */
export function axisOf(sourceSize: number, size: number): Axis {
  // sharp hands libvips the reciprocal.
  const shrink = 1 / (1 / (sourceSize / size));
  // C's rint takes a half to the even number.
  const half = Math.round(shrink);
  const points = 2 * (half - shrink === 0.5 && half % 2 === 1 ? half - 1 : half) + 1;
  const pairs = (points + 1) / 2;
  const first = new Uint32Array(size);
  const weights = new Int16Array(2 * pairs * size);
  const offset = (1 + size * shrink - sourceSize) / 2 - 1;
  let at = 0.5 * shrink - 0.5 - offset;
  for (let i = 0; i < size; i++) {
    const position = ((Math.floor(at * 2 * POSITIONS) % (2 * POSITIONS)) + 1) >> 1;
    const centre = position / POSITIONS + points / 2 - 1;
    const shares = Array.from({ length: points }, (_, point) => triangle((point - centre) / shrink));
    const total = shares.reduce((sum, share) => sum + share, 0);
    weights.set(
      shares.map((share) => Math.trunc((share / total) * ONE)),
      2 * pairs * i,
    );
    first[i] = Math.floor(at);
    // Added up, not multiplied: the result has libvips' rounding errors.
    at += shrink;
  }
  return { pairs, margin: pairs - 1, first, weights };
}
