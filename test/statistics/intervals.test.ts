import fc from 'fast-check';

import { wilson95 } from '../../statistics/intervals';

test('Wilson’s interval is scipy 1.17.1’s binomtest(k, n).proportion_ci(method="wilson")', () => {
  const expected = [
    [264, 300, 0.838342186172984, 0.9120491556963611],
    [0, 10, 0, 0.27753279986288926],
    [10, 10, 0.7224672001371109, 1],
    [1, 1, 0.20654931437723745, 1],
  ] as const;
  for (const [successes, trials, low, high] of expected) {
    expect(wilson95(successes, trials)[0]).toBeCloseTo(low, 7);
    expect(wilson95(successes, trials)[1]).toBeCloseTo(high, 7);
  }
});

test('the interval contains the proportion and stays within 0 and 1', () => {
  const counts = fc
    .integer({ min: 1, max: 5000 })
    .chain((trials) => fc.tuple(fc.integer({ min: 0, max: trials }), fc.constant(trials)));
  fc.assert(
    fc.property(counts, ([successes, trials]) => {
      const [low, high] = wilson95(successes, trials);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(low).toBeLessThanOrEqual(successes / trials);
      expect(high).toBeGreaterThanOrEqual(successes / trials);
      expect(high).toBeLessThanOrEqual(1);
    }),
    { seed: 7 },
  );
});

test.each([
  [0, 0, 'trials must be at least 1, received 0'],
  [0, NaN, 'trials must be at least 1, received NaN'],
  [11, 10, 'successes must be from 0 to trials (10), received 11'],
  [-1, 10, 'successes must be from 0 to trials (10), received -1'],
  [NaN, 10, 'successes must be from 0 to trials (10), received NaN'],
])('%d successes of %d trials are refused', (successes, trials, message) => {
  expect(() => wilson95(successes, trials)).toThrow(new RangeError(message));
});
