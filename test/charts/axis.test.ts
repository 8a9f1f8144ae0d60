import fc from 'fast-check';

import { linearAxis, linearTicks, logAxis, logAxisAround, logTicks, withTick } from '../../charts/axis';

test('ticks are round, inside the range and free of rounding errors', () => {
  expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(linearTicks(0.3, 1, 5)).toEqual([0.4, 0.6, 0.8, 1]);
  expect(linearTicks(0, 2.2, 5)).toEqual([0, 0.5, 1, 1.5, 2]);
  expect(linearTicks(1, 89, 12)).toEqual([10, 20, 30, 40, 50, 60, 70, 80]);
  expect(linearTicks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
});

test('an axis starts and ends at its pixels, upwards as well', () => {
  const { at, ticks, format } = linearAxis([0, 2], [300, 100]);
  expect([at(0), at(1), at(2)]).toEqual([300, 200, 100]);
  expect(ticks.map(format)).toEqual(['0', '0.5', '1', '1.5', '2']);
  expect(at(NaN)).toBeNaN();
});

test('equal differences have equal lengths', () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(value, value, (a, b) => {
      const { at } = linearAxis([-1e6, 1e6], [0, 2e6]);
      expect(at(b) - at(a)).toBeCloseTo(b - a, 5);
    }),
    { seed: 7 },
  );
});

test('ticks of a logarithmic axis are 1, 2 and 5 times the powers of ten', () => {
  expect(logTicks(0.4, 30)).toEqual([0.5, 1, 2, 5, 10, 20]);
  expect(logTicks(0.1, 0.5)).toEqual([0.1, 0.2, 0.5]);
});

test('equal ratios have equal lengths on a logarithmic axis, and 0 has no place', () => {
  const { at } = logAxis([1, 100], [0, 200]);
  expect([at(1), at(10), at(100)].map((pixel) => Math.round(pixel))).toEqual([0, 100, 200]);
  expect(at(0)).toBeNaN();
});

test('an axis around values has room beyond them, and leaves out what has no place', () => {
  const { at } = logAxisAround([NaN, 0, 10, 1000], [0, 400], 10);
  expect([at(1), at(10_000)].map((pixel) => Math.round(pixel))).toEqual([0, 400]);
});

test('a logarithmic axis without room for 2 and 5 has the powers of ten only', () => {
  expect(logAxis([1, 1000], [200, 0]).ticks).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
  expect(logAxis([1, 1000], [60, 0]).ticks).toEqual([1, 10, 100, 1000]);
});

test('an axis can have a tick at any value; the ticks that would touch it are left out', () => {
  const axis = logAxis([1, 1000], [0, 300]);
  expect(withTick(axis, 250).ticks).toEqual([1, 2, 5, 10, 20, 50, 100, 250, 500, 1000]);
});
