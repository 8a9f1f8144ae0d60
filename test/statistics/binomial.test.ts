import { binomialAtMost, designEffect, judgeShare, minTrials } from '../../statistics/binomial';
import { seededRandom } from '../../statistics/seeded-random';

// MLPerf LoadGen's figures at confidence 0.99.
test.each([
  [0.95, 0, 90],
  [0.95, 1, 130],
  [0.95, 5, 259],
  [0.95, 10, 398],
  [0.95, 20, 656],
  [0.95, 50, 1_372],
  [0.99, 0, 459],
  [0.99, 1, 662],
  [0.99, 5, 1_307],
  [0.99, 10, 2_010],
  [0.99, 20, 3_304],
  [0.99, 50, 6_898],
])('percentile %p with %i violations needs %i trials', (percentile, violations, trials) => {
  expect(minTrials(percentile, violations, 0.99)).toBe(trials);
  expect(judgeShare(violations, trials, percentile, 0.99)).toBe('pass');
  expect(judgeShare(violations, trials - 1, percentile, 0.99)).toBeUndefined();
});

test('the binomial distribution agrees with coins that can be counted', () => {
  expect(binomialAtMost(0, 2, 0.5)).toBeCloseTo(0.25, 12);
  expect(binomialAtMost(5, 10, 0.5)).toBeCloseTo(638 / 1024, 12);
  expect(binomialAtMost(2, 3, 0.1)).toBeCloseTo(0.999, 12);
  expect(binomialAtMost(3, 3, 0.1)).toBe(1);
});

test('many violations fail, and a share at the boundary is not told apart', () => {
  expect(judgeShare(20, 100, 0.95, 0.99)).toBe('fail');
  expect(judgeShare(5, 100, 0.95, 0.99)).toBeUndefined();
});

test('independent trials have a design effect near 1, runs of 20 equal ones near 20', () => {
  const random = seededRandom(1, 'trials');
  const independent = Array.from({ length: 20_000 }, () => (random.uniform() < 0.1 ? 1 : 0));
  const inRuns = independent.slice(0, 1_000).flatMap((value) => Array.from({ length: 20 }, () => value));
  expect(designEffect(independent)).toBeLessThan(2);
  expect(designEffect(inRuns)).toBeGreaterThan(8);
  expect(designEffect(inRuns)).toBeLessThan(40);
});
