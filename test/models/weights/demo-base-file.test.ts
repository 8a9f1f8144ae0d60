import { DEMO_BASES } from '../../../models/weights/demo-base';
import { decodeDemoBase, encodeDemoBase } from '../../../models/weights/demo-base-file';
import { seededRandom } from '../../../statistics/seeded-random';
import { decodeSafetensors, encodeSafetensors } from '../../../models/weights/safetensors';
import { seededWeight, type Weights } from '../../../models/weights/weights';

const KERNEL = 'conv1_conv/kernel';
const SHAPE = [7, 7, 3, 64];

/** The seeded kernel after a training that moved each value by at most `most`, one channel to zero. */
function moved(most: number): Weights {
  const random = seededRandom(9, 'moved');
  const start = seededWeight(DEMO_BASES.resnet101v2.seed, KERNEL, SHAPE);
  const values = start.map((value, i) => (i % 64 === 5 ? 0 : value + random.between(-most, most)));
  return new Map([
    [KERNEL, { shape: SHAPE, values }],
    ['conv1_conv/bias', { shape: [64], values: Float32Array.from({ length: 64 }, (_, i) => i / 7) }],
  ]);
}

const encode = (weights: Weights) => encodeDemoBase('resnet101v2', weights, { epochs: '1' });

test('a base comes back as its 8-bit integers are, the rest as it was', () => {
  const weights = moved(0.4);
  const plain = encodeSafetensors(weights, (name) => (name === KERNEL ? 'I8' : 'F32'));
  expect(decodeDemoBase('resnet101v2', encode(weights), 'test')).toEqual(
    decodeSafetensors(plain, 'test').weights,
  );
});

test('what a training moved little takes few bytes, and bytes depend on the weights alone', () => {
  const values = 7 * 7 * 3 * 64;
  expect(encode(moved(0.001))).toEqual(encode(moved(0.001)));
  expect(encode(moved(0.001)).length).toBeLessThan(values / 2);
  expect(encode(moved(0.4)).length).toBeGreaterThan((values * 3) / 4);
});

test('a file that is cut off is refused', () => {
  const file = encode(moved(0.1));
  expect(() => decodeDemoBase('resnet101v2', file.subarray(0, 5000), 'test')).toThrow(
    'unexpected end of file',
  );
});
