import fc from 'fast-check';

import { applyTransform, drawTransform, type Transform } from '../../models/augmentation';
import { AUGMENTATION } from '../../models/recipes';
import { seededRandom } from '../../models/seeded-random';

const SIZE = { height: 6, width: 8 };
const IDENTITY: Transform = {
  rotationDegrees: 0,
  shiftRows: 0,
  shiftColumns: 0,
  shearDegrees: 0,
  zoomRows: 1,
  zoomColumns: 1,
  flipHorizontal: false,
  flipVertical: false,
  channelShift: 0,
  brightness: 1,
};
const pixels = Uint8Array.from({ length: 3 * 6 * 8 }, (_, i) => (i * 37) % 256);
const apply = (changes: Partial<Transform>) => {
  const out = new Float32Array(pixels.length);
  applyTransform(pixels, SIZE, { ...IDENTITY, ...changes }, out);
  return Array.from(out, (value) => Math.round(value * 255));
};
const at = (values: ArrayLike<number>, row: number, column: number) =>
  values[3 * (row * SIZE.width + column)];

test('the identity keeps every value', () => {
  expect(apply({})).toEqual([...pixels]);
});

test('flips mirror rows and columns', () => {
  expect(at(apply({ flipHorizontal: true }), 2, 0)).toBe(at(pixels, 2, 7));
  expect(at(apply({ flipVertical: true }), 0, 3)).toBe(at(pixels, 5, 3));
});

test('a shift by whole pixels moves the picture and repeats its nearest edge', () => {
  const shifted = apply({ shiftColumns: 2, shiftRows: 1 });
  expect(at(shifted, 0, 0)).toBe(at(pixels, 1, 2));
  expect(at(shifted, 5, 7)).toBe(at(pixels, 5, 7));
});

test('a half turn about the centre is both flips', () => {
  const flipped = apply({ flipHorizontal: true, flipVertical: true });
  // Cutting off fractions makes 254 of 254.9999.
  apply({ rotationDegrees: 180 }).forEach((value, i) =>
    expect(Math.abs(value - flipped[i]!)).toBeLessThanOrEqual(1),
  );
});

test('a channel shift is clipped to the picture’s own range, brightness to that of bytes', () => {
  const [low, high] = [Math.min(...pixels), Math.max(...pixels)];
  const shifted = apply({ channelShift: 20 });
  expect(shifted[0]).toBe(Math.min(pixels[0]! + 20, high));
  expect(Math.max(...shifted)).toBe(high);
  expect(Math.min(...apply({ channelShift: -20 }))).toBe(low);
  expect(apply({ brightness: 1.2 })).toEqual(
    [...pixels].map((value) => Math.min(255, Math.trunc(value * 1.2))),
  );
});

test('drawn transforms stay within the recipe’s ranges and reach towards their ends', () => {
  const size = { height: 224, width: 200 };
  const random = seededRandom(3, 'draws');
  const draws = Array.from({ length: 10_000 }, () => drawTransform(AUGMENTATION, size, random));
  const range = (value: (t: Transform) => number) => {
    const values = draws.map(value);
    return [Math.min(...values), Math.max(...values)] as const;
  };
  const expectRange = (value: (t: Transform) => number, low: number, high: number) => {
    const [least, most] = range(value);
    const margin = (high - low) / 100;
    expect(least).toBeGreaterThanOrEqual(low);
    expect(least).toBeLessThan(low + margin);
    expect(most).toBeLessThanOrEqual(high);
    expect(most).toBeGreaterThan(high - margin);
  };
  expectRange((t) => t.rotationDegrees, -10, 10);
  expectRange((t) => t.shiftRows, -22.4, 22.4);
  expectRange((t) => t.shiftColumns, -20, 20);
  expectRange((t) => t.shearDegrees, -0.1, 0.1);
  expectRange((t) => t.zoomRows, 0.9, 1.1);
  expectRange((t) => t.zoomColumns, 0.9, 1.1);
  expectRange((t) => t.channelShift, -20, 20);
  expectRange((t) => t.brightness, 0.8, 1.2);
  expect(draws.filter((t) => t.flipHorizontal).length / draws.length).toBeCloseTo(0.5, 1);
});

test('any drawn transform gives finite values in [0, 1]', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const out = new Float32Array(pixels.length).fill(NaN);
      applyTransform(pixels, SIZE, drawTransform(AUGMENTATION, SIZE, seededRandom(seed, 'any')), out);
      expect(out.every((value) => value >= 0 && value <= 1)).toBe(true);
    }),
    { seed: 4 },
  );
});
