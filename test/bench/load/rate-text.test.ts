import { rateText } from '../../../bench/load/rate-text';

test.each([
  [0, '0.0'],
  [0.00042, '0.00042'],
  [0.625, '0.63'],
  [1.04, '1.0'],
  [87.66, '87.7'],
])('%f per second reads as %s', (perSecond, text) => {
  expect(rateText(perSecond)).toBe(text);
});

test('a rate may have more decimals', () => {
  expect(rateText(25, 2)).toBe('25.00');
});
