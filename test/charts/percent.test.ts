import { percent, percentRange, percentTick, points, signedPercent } from '../../charts/percent';

test('shares are printed with one decimal, ticks with none, and differences with their sign', () => {
  expect(percent(0.925)).toBe('92.5 %');
  expect(percentRange([0.911, 0.9643])).toBe('91.1 % to 96.4 %');
  expect(percentTick(0.6000000000000001)).toBe('60');
  expect([points(0.052), points(-0.016), points(0)]).toEqual(['+5.2', '−1.6', '+0.0']);
  expect([signedPercent(0.052), signedPercent(-0.256)]).toEqual(['+5 %', '−26 %']);
});
