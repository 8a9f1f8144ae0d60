/**
 * Collects how a tensor's values are distributed, in one pass and constant memory.
 */

/** Bins on either side of 0. Eight times a byte's steps: fine enough to place a byte's range. */
const BINS = 2048;

/** Counts of values in equally wide bins from -limit to limit. */
export interface Histogram {
  readonly counts: Float64Array;
  /** A power of two. */
  limit: number;
  min: number;
  max: number;
}

/** An empty histogram. */
export const emptyHistogram = (): Histogram => ({
  counts: new Float64Array(2 * BINS),
  limit: 2 ** -20,
  min: Infinity,
  max: -Infinity,
});

/** Doubles the limit: each bin takes the counts of two. */
function widen(histogram: Histogram): void {
  const { counts } = histogram;
  const halved = new Float64Array(2 * BINS);
  for (let i = 0; i < counts.length; i++) halved[(BINS >> 1) + (i >> 1)]! += counts[i]!;
  counts.set(halved);
  histogram.limit *= 2;
}

/**
 * Adds values.
 *
 * @throws RangeError if one of them is not finite
 */
export function addValues(histogram: Histogram, values: Float32Array): void {
  const { counts } = histogram;
  let { limit, min, max } = histogram;
  let binsPerUnit = BINS / limit;
  for (const value of values) {
    if (!(value > -limit && value < limit)) {
      if (!Number.isFinite(value)) {
        throw new RangeError(
          `activations must be finite to be calibrated, received ${value}: train the model again`,
        );
      }
      while (Math.abs(value) >= histogram.limit) widen(histogram);
      limit = histogram.limit;
      binsPerUnit = BINS / limit;
    }
    if (value < min) min = value;
    if (value > max) max = value;
    counts[Math.floor(value * binsPerUnit) + BINS]!++;
  }
  histogram.min = min;
  histogram.max = max;
}

/** The bins that hold values, as the middle of each and its count. */
export function filledBins({
  counts,
  limit,
}: Histogram): { readonly value: number; readonly count: number }[] {
  const width = limit / BINS;
  const filled: { value: number; count: number }[] = [];
  counts.forEach((count, i) => {
    if (count > 0) filled.push({ value: (i - BINS + 0.5) * width, count });
  });
  return filled;
}
