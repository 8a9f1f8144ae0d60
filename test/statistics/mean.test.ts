import { mean } from '../../statistics/mean';

test('the mean is the sum over the count, and none of no values', () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(mean([])).toBeNaN();
});
