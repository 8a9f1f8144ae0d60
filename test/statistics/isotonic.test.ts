import fc from 'fast-check';

import { isotonic } from '../../statistics/isotonic';

test('values that decrease are pooled by their weights', () => {
  expect(isotonic([1, 3, 2, 4], [1, 1, 1, 1])).toEqual([1, 2.5, 2.5, 4]);
  expect(isotonic([1, 3, 2, 4], [1, 1, 3, 1])).toEqual([1, 2.25, 2.25, 4]);
  expect(isotonic([3, 2, 1], [1, 1, 1])).toEqual([2, 2, 2]);
  expect(isotonic([], [])).toEqual([]);
});

test('the result never decreases, keeps the weighted sum, and leaves ordered values as they are', () => {
  const pairs = fc.array(
    fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 9 })),
    {
      minLength: 1,
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(pairs, (given) => {
      const [values, weights] = [given.map(([value]) => value), given.map(([, weight]) => weight)];
      const fitted = isotonic(values, weights);
      expect(fitted).toHaveLength(values.length);
      fitted.forEach((value, i) => i > 0 && expect(value).toBeGreaterThanOrEqual(fitted[i - 1]!));
      const sum = (of: readonly number[]) => of.reduce((total, value, i) => total + value * weights[i]!, 0);
      expect(sum(fitted)).toBeCloseTo(sum(values), 9);
      const sorted = [...values].sort((a, b) => a - b);
      isotonic(sorted, weights).forEach((value, i) => expect(value).toBeCloseTo(sorted[i]!, 12));
    }),
    { seed: 1, numRuns: 200 },
  );
});
