import { endOf } from '../../../bench/load/known-rates';

test.each([
  [[552.32, 552.32], 'at 552.32 per second'],
  [[552.321, 552.324], 'at 552.32 per second'],
  [[314.21, 327.87], 'from 314.21 to 327.87 per second'],
] as const)('rates from and to %j that cannot be decided are told as: %s', (undecided, text) => {
  const ended = endOf({ low: 300, high: 600, undecided, scarce: 0 });
  expect(ended).toBe(`pass and fail cannot be told apart ${text}`);
});
