import fc from 'fast-check';

import { percentile } from '../../statistics/percentile';

test('the nearest rank is one of the values, and the input keeps its order', () => {
  const values = [5, 1, 4, 2, 3];
  expect([0, 0.2, 0.5, 0.95, 1].map((share) => percentile(values, share))).toEqual([1, 1, 3, 5, 5]);
  expect(values).toEqual([5, 1, 4, 2, 3]);
});

test('the median of an even count is the lower middle value', () => {
  expect(percentile([4, 1, 3, 2], 0.5)).toBe(2);
});

test('values are ordered as numbers, not as text', () => {
  expect(percentile([10, 9, 100], 1)).toBe(100);
});

test('no values have no percentile', () => {
  expect(percentile([], 0.5)).toBeNaN();
});

test('a percentile never falls as its share rises, and covers at least its share', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const values = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(values, share, share, (sample, a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      expect(percentile(sample, low)).toBeLessThanOrEqual(percentile(sample, high));
      const covered = sample.filter((value) => value <= percentile(sample, high)).length;
      expect(covered / sample.length).toBeGreaterThanOrEqual(high - 1e-12);
    }),
    { seed: 7 },
  );
});
