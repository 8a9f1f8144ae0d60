import { slope } from '../../statistics/slope';

test('a straight line has its own slope', () => {
  expect(slope([1, 3, 5, 7])).toBeCloseTo(2);
  expect(slope([4, 4, 4])).toBe(0);
});

test('the line is the one with the least squares', () => {
  expect(slope([0, 1, 0, 1])).toBeCloseTo(0.2);
});

test('one value has no slope', () => {
  expect(slope([1])).toBeNaN();
});
