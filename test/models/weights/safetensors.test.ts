import fc from 'fast-check';

import { decodeSafetensors, encodeSafetensors } from '../../../models/weights/safetensors';
import type { Weights } from '../../../models/weights/weights';

const one = (values: number[], shape = [values.length]): Weights =>
  new Map([['layer/kernel', { shape, values: Float32Array.from(values) }]]);

test('single precision comes back as it was, with shape and metadata', () => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
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

/** Any text, halves of surrogate pairs too: a class is named as its folder is. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

test('names and metadata of any characters come back, and the header ends where the numbers begin', () => {
  fc.assert(
    fc.property(anyText, anyText, (tensor, text) => {
      const name = `${tensor}/kernel`;
      const weights: Weights = new Map([[name, { shape: [2], values: Float32Array.of(1.5, -2) }]]);
      const file = encodeSafetensors(weights, () => 'F32', { text });
      const headerBytes = Number(file.readBigUInt64LE(0));
      expect([headerBytes % 8, file.length - headerBytes]).toEqual([0, 8 + 2 * 4]);
      expect(decodeSafetensors(file, 'test')).toEqual({ weights, metadata: { text } });
    }),
    {
      seed: 1,
      examples: [
        ['café', '犬'],
        ['🐈', 'éééé'],
        ['\ud83d', '\udc08'],
      ],
    },
  );
});

test('bytes behind the last tensor are refused: the numbers may have moved', () => {
  const file = Buffer.concat([encodeSafetensors(one([1, 2]), () => 'F32'), Buffer.alloc(4)]);
  expect(() => decodeSafetensors(file, 'a.safetensors')).toThrow(
    'a.safetensors is no whole safetensors file: 4 bytes follow its last tensor; copy it again',
  );
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

test('a tensor of another type is refused by name', () => {
  const file = encodeSafetensors(one([1]), () => 'F32');
  file.write('F16', file.indexOf('F32'));
  expect(() => decodeSafetensors(file, 'a.safetensors')).toThrow(
    'tensor layer/kernel of a.safetensors must be F32 or I8, received F16',
  );
});

test('a tensor with NaN is refused by name, when it is read and when it is written', () => {
  const values = Float32Array.of(1, NaN, Infinity);
  const weights: Weights = new Map([['layer/kernel', { shape: [3], values }]]);
  for (const dtype of ['F32', 'I8'] as const) {
    expect(() => encodeSafetensors(weights, () => dtype)).toThrow(
      'tensor layer/kernel must hold finite numbers, received NaN as value 2 of 3: the training diverged',
    );
  }
  const file = encodeSafetensors(one([1, 2, 3]), () => 'F32');
  file.writeFloatLE(-Infinity, file.length - 4);
  expect(() => decodeSafetensors(file, 'a.safetensors')).toThrow(
    'tensor layer/kernel of a.safetensors must hold finite numbers, received -Infinity as value 3 of 3: train the model again',
  );
});

test.each(['null', '7', '{bad', '"text'])('a header of %s is refused by the name of the file', (text) => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = Buffer.concat([length, Buffer.from(text)]);
  expect(() => decodeSafetensors(file, 'a.safetensors')).toThrow(
    /^a\.safetensors is no safetensors file: its header .*; copy it again$/,
  );
});
