import { conformalBound, minCases } from '../../statistics/conformal';
import { seededRandom } from '../../statistics/seeded-random';

test('nine cases are the fewest for a bound at 90 %, and their largest error is that bound', () => {
  const errors = [5, 3, 9, 1, 7, 2, 8, 4, 6];
  expect(minCases(0.9)).toBe(9);
  expect(conformalBound(errors, 0.9)).toBe(9);
  expect(conformalBound(errors.slice(1), 0.9)).toBeUndefined();
});

test('a bound at 80 % of 99 cases is the 80th error', () => {
  const errors = Array.from({ length: 99 }, (_, i) => i + 1);
  expect(conformalBound(errors, 0.8)).toBe(80);
});

test('the next error stays within the bound as often as the confidence says', () => {
  const random = seededRandom(1, 'errors');
  const draw = () => random.uniform() ** 3;
  const rounds = 2_000;
  let within = 0;
  for (let round = 0; round < rounds; round++) {
    const errors = Array.from({ length: 19 }, draw);
    if (draw() <= conformalBound(errors, 0.9)!) within++;
  }
  expect(within / rounds).toBeGreaterThan(0.88);
  expect(within / rounds).toBeLessThan(0.92);
});
