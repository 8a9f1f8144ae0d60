import { kneeOf, verdictsOf } from '../../../bench/evidence/knee';

const rate = (ratePerSecond: number, verdict: 'pass' | 'fail' | 'cannot tell') => ({
  ratePerSecond,
  verdict,
});

test('the knee lies between the highest rate that passed and the lowest that failed', () => {
  expect(kneeOf([rate(1, 'pass'), rate(2, 'cannot tell'), rate(3, 'fail')])).toEqual({
    lowPerSecond: 1,
    highPerSecond: 3,
  });
  expect(kneeOf([rate(1, 'pass'), rate(2, 'fail'), rate(3, 'pass')])).toEqual({
    lowPerSecond: 1,
    highPerSecond: 2,
  });
  expect(kneeOf([rate(1, 'pass')])).toEqual({ lowPerSecond: 1 });
  expect(kneeOf([rate(1, 'fail')])).toEqual({ highPerSecond: 1 });
  expect(kneeOf([rate(1, 'cannot tell')])).toEqual({});
});

test('a rate that has too few requests alone passes together with the rates above it, never with those below', () => {
  const clean = { violations: 0, trials: 60 };
  expect(verdictsOf([clean, clean, clean], 0.95)).toEqual(['pass', 'pass', 'pass']);
  expect(verdictsOf([{ violations: 0, trials: 20 }, clean, { violations: 60, trials: 60 }], 0.95)).toEqual([
    'pass',
    'cannot tell',
    'fail',
  ]);
});

test('a rate fails together with the rates below it, and too few requests cannot tell', () => {
  const few = { violations: 1, trials: 5 };
  expect(verdictsOf([few], 0.95)).toEqual(['cannot tell']);
  expect(verdictsOf([{ violations: 12, trials: 60 }, few], 0.95)).toEqual(['fail', 'fail']);
});
