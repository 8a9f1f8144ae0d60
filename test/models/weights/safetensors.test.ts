import fc from 'fast-check';

import { decodeSafetensors, encodeSafetensors, toHalf } from '../../../models/weights/safetensors';
import type { Weights } from '../../../models/weights/weights';

const one = (values: number[], shape = [values.length]): Weights =>
  new Map([['layer/kernel', { shape, values: Float32Array.from(values) }]]);

test('single precision comes back as it was, with shape and metadata', () => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1 }), (values) => {
      const file = decodeSafetensors(
        encodeSafetensors(one(values), () => 'F32', { seed: '7' }),
        'test',
      );
      expect(file.weights).toEqual(one(values));
      expect(file.metadata).toEqual({ seed: '7' });
    }),
    { seed: 1 },
  );
});

test('half precision is the nearest half: within 2^-11 of the value', () => {
  const value = fc.float({ min: -60000, max: 60000, noNaN: true });
  fc.assert(
    fc.property(value, (x) => {
      const half = decodeSafetensors(
        encodeSafetensors(one([x]), () => 'F16'),
        'test',
      ).weights.get('layer/kernel')!.values[0]!;
      expect(Math.abs(half - x)).toBeLessThanOrEqual(Math.max(Math.abs(x) * 2 ** -11, 2 ** -25));
    }),
    { seed: 2 },
  );
});

test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65520, 0x7c00],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [Infinity, 0x7c00],
])('%d is the half %i', (value, half) => {
  expect(toHalf(value)).toBe(half);
});

test('a file that is cut off is refused with what to do', () => {
  const file = encodeSafetensors(one([1, 2, 3]), () => 'F32');
  expect(() => decodeSafetensors(file.subarray(0, file.length - 1), 'a.safetensors')).toThrow(
    /tensor layer\/kernel of a.safetensors needs 12 bytes .* copy it again/,
  );
  expect(() => decodeSafetensors(file.subarray(0, 20), 'a.safetensors')).toThrow(
    /a.safetensors is not a whole/,
  );
});

test('eight bits are within half a step of each channel’s own scale', () => {
  const values = Array.from({ length: 3 * 3 * 4 * 5 }, (_, i) => Math.sin(i) * (1 + (i % 5)));
  const weights = one(values, [3, 3, 4, 5]);
  const decoded = decodeSafetensors(
    encodeSafetensors(weights, () => 'I8'),
    'test',
  ).weights;
  expect([...decoded.keys()]).toEqual(['layer/kernel']);
  decoded.get('layer/kernel')!.values.forEach((value, i) => {
    expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual((0.5 * (1 + (i % 5))) / 127 + 1e-6);
  });
});
