import { meanPaired95 } from '../../statistics/mean-paired';

const right = (text: string) => Array.from(text, (each) => each === '1');

test('the difference is the mean over seeds, and its interval that of the images', () => {
  // Differences per image: 1, 0.5, 0, 0; their mean 0.375, their standard deviation sqrt(0.6875 / 3).
  const { difference, interval95 } = meanPaired95([right('1110'), right('1010')], [right('0010')]);
  expect(difference).toBeCloseTo(0.375, 12);
  const reach = 1.959964 * Math.sqrt(0.6875 / 3 / 4);
  expect(interval95[0]).toBeCloseTo(0.375 - reach, 12);
  expect(interval95[1]).toBeCloseTo(0.375 + reach, 12);
});

test('repeating a seed’s answers does not narrow the interval', () => {
  const [a, b] = [right('110101'), right('100110')];
  expect(meanPaired95([a, a, a], [b, b, b])).toEqual(meanPaired95([a], [b]));
});

test('other numbers of images, or none, are refused', () => {
  expect(() => meanPaired95([right('11')], [right('111')])).toThrow('received 2, 3');
  expect(() => meanPaired95([], [])).toThrow('received none');
  expect(() => meanPaired95([right('11')], [])).toThrow('received 2');
});
