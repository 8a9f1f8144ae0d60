import { encodeHistogram, histogramOf, mergeHistograms, percentileMs } from '../../../bench/load/histogram';
import { MAX_SECONDS } from '../../../bench/load/load';

test('a histogram holds every duration up to the longest deadline, also once it is merged', () => {
  const longMs = 1000 * MAX_SECONDS;
  const merged = mergeHistograms([[20, 5_000_000], [longMs]].map((ms) => encodeHistogram(histogramOf(ms))));
  expect(merged.totalCount).toBe(3);
  // Three significant digits.
  expect(percentileMs(merged, 0.3) / 20).toBeCloseTo(1, 2);
  expect(percentileMs(merged, 0.6) / 5_000_000).toBeCloseTo(1, 2);
  expect(percentileMs(merged, 1) / longMs).toBeCloseTo(1, 2);
});
