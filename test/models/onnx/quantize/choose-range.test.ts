import { chooseRange, RANGE_METHODS } from '../../../../models/onnx/quantize/choose-range';
import { addValues, emptyHistogram, type Histogram } from '../../../../models/onnx/quantize/histogram';
import { seededRandom } from '../../../../statistics/seeded-random';

/** A bell-shaped tensor with one value far from the others. */
function withOutlier(outlier: number): Histogram {
  const random = seededRandom(5, 'bell');
  const histogram = emptyHistogram();
  const bell = () => Array.from({ length: 12 }, () => random.uniform()).reduce((sum, u) => sum + u, -6);
  addValues(histogram, Float32Array.from({ length: 200_000 }, bell));
  addValues(histogram, Float32Array.of(outlier));
  return histogram;
}

test('min-max keeps the outlier, the others cut it off', () => {
  const histogram = withOutlier(60);
  expect(chooseRange('min-max', histogram)[1]).toBe(60);
  for (const method of RANGE_METHODS.filter((name) => name !== 'min-max')) {
    const [low, high] = chooseRange(method, histogram);
    expect(high).toBeLessThan(60);
    expect(high).toBeGreaterThan(2);
    expect(low).toBeLessThan(-2);
  }
});

test('a range that holds its values evenly is kept whole by least squares', () => {
  const histogram = emptyHistogram();
  addValues(
    histogram,
    Float32Array.from({ length: 10_000 }, (_, i) => i / 10_000),
  );
  const [low, high] = chooseRange('least-squares', histogram);
  expect(low).toBe(0);
  expect(high).toBeGreaterThan(0.95);
});

test.each(RANGE_METHODS)('%s gives a tensor that is always 0 a range', (method) => {
  const histogram = emptyHistogram();
  addValues(histogram, new Float32Array(8));
  const [low, high] = chooseRange(method, histogram);
  expect(low).toBeLessThanOrEqual(high);
  expect(high).toBeCloseTo(0, 6);
});
