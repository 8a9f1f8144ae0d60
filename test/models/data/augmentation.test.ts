import fc from 'fast-check';

import { applyTransform, drawTransform, type Transform } from '../../../models/data/augmentation';
import { AUGMENTATION } from '../../../models/recipes';
import { seededRandom } from '../../../statistics/seeded-random';
import { IDENTITY } from '../../support/identity-transform';

const SIZE = { height: 8, width: 8 };
const pixels = Uint8Array.from({ length: 3 * 8 * 8 }, (_, i) => (i * 37) % 256);
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
  expect(at(apply({ flipVertical: true }), 0, 3)).toBe(at(pixels, 7, 3));
});

test('a shift by whole pixels moves the image and repeats its nearest edge', () => {
  const shifted = apply({ tx: 2, ty: 1 });
  expect(at(shifted, 0, 0)).toBe(at(pixels, 1, 2));
  expect(at(shifted, 7, 7)).toBe(at(pixels, 7, 7));
});

test('a half turn about the centre is both flips', () => {
  expect(apply({ rotationDegrees: 180 })).toEqual(apply({ flipHorizontal: true, flipVertical: true }));
});

test('a channel shift is clipped to the image’s own range, brightness to that of bytes', () => {
  const [low, high] = [Math.min(...pixels), Math.max(...pixels)];
  const shifted = apply({ channelShift: 20 });
  expect(shifted[0]).toBe(Math.min(pixels[0]! + 20, high));
  expect(Math.max(...shifted)).toBe(high);
  expect(Math.min(...apply({ channelShift: -20 }))).toBe(low);
  expect(apply({ brightness: 1.2 })).toEqual(
    [...pixels].map((value) => Math.min(255, Math.trunc(value * 1.2))),
  );
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

test('an image is written from any place on, and nowhere else', () => {
  const t = drawTransform(AUGMENTATION, SIZE, seededRandom(8, 'one'));
  const [plain, shifted] = [new Float32Array(pixels.length), new Float32Array(pixels.length + 7)];
  applyTransform(pixels, SIZE, t, plain);
  applyTransform(pixels, SIZE, t, shifted, 5);
  plain.forEach((value, i) => expect(shifted[5 + i]).toBe(value));
  expect([...shifted.subarray(0, 5), ...shifted.subarray(-2)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
});
