/**
 * HDR histograms of durations: microseconds, three significant digits. They are merged by adding counts.
 */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';

import { MAX_SECONDS } from './load';

/** As long as the longest deadline. */
const HIGHEST_MICROSECONDS = 1e6 * MAX_SECONDS;

/** A histogram of durations in milliseconds. */
export function histogramOf(durationsMs: Iterable<number>): Histogram {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_MICROSECONDS,
    numberOfSignificantValueDigits: 3,
  });
  for (const ms of durationsMs)
    histogram.recordValue(Math.min(HIGHEST_MICROSECONDS, Math.max(0, Math.round(1000 * ms))));
  return histogram;
}

export const encodeHistogram = (histogram: Histogram): string => encodeIntoCompressedBase64(histogram);

/** Adds encoded histograms. */
export function mergeHistograms(encoded: readonly string[]): Histogram {
  const sum = histogramOf([]);
  encoded.forEach((text) => sum.add(decodeFromCompressedBase64(text)));
  return sum;
}

/** The duration in milliseconds that this share of the durations does not exceed; NaN if there are none. */
export const percentileMs = (histogram: Histogram, share: number): number =>
  histogram.totalCount === 0 ? NaN : histogram.getValueAtPercentile(100 * share) / 1000;
