import * as tf from '@tensorflow/tfjs';

import { batchNormalization } from '../../../models/architectures/batch-norm';

beforeAll(() => tf.enableProdMode());

const input = () => tf.randomNormal<tf.Rank.R4>([4, 3, 3, 2], 2, 3, 'float32', 1);

function layer() {
  const norm = batchNormalization({ name: 'norm', epsilon: 1e-3, momentum: 0.9 });
  norm.apply(tf.input({ shape: [3, 3, 2] }));
  return norm;
}

const statistics = (norm: ReturnType<typeof layer>) =>
  norm
    .getWeights()
    .slice(2)
    .flatMap((w) => [...w.dataSync()]);

test('training normalises by the batch and moves the averages', () => {
  const norm = layer();
  const x = input();
  const y = norm.apply(x, { training: true }) as tf.Tensor;
  const { mean, variance } = tf.moments(y, [0, 1, 2]);
  mean.dataSync().forEach((value) => expect(value).toBeCloseTo(0, 5));
  variance.dataSync().forEach((value) => expect(value).toBeCloseTo(1, 2));
  const [mean0] = tf.moments(x, [0, 1, 2]).mean.dataSync();
  expect(statistics(norm)[0]).toBeCloseTo(0.1 * mean0!, 5);
});

test('a frozen layer is in inference mode even while training, its statistics bit-identical', () => {
  const norm = layer();
  norm.trainable = false;
  const before = statistics(norm);
  const x = input();
  const trained = norm.apply(x, { training: true }) as tf.Tensor;
  expect(statistics(norm)).toEqual(before);
  expect([...trained.dataSync()]).toEqual([...(norm.apply(x) as tf.Tensor).dataSync()]);
});

test('tfjs’ own layer moves its statistics though frozen, which is why there is ours', () => {
  const stock = tf.layers.batchNormalization({ trainable: false });
  stock.apply(tf.input({ shape: [3, 3, 2] }));
  const before = [...stock.getWeights()[2]!.dataSync()];
  stock.apply(input(), { training: true });
  expect([...stock.getWeights()[2]!.dataSync()]).not.toEqual(before);
});

test('the gradient agrees with finite differences in x, gamma and beta', () => {
  const norm = layer();
  const x = input();
  const weights = tf.randomNormal<tf.Rank.R4>([4, 3, 3, 2], 0, 1, 'float32', 2);
  const loss = (value: tf.Tensor) => (norm.apply(value, { training: true }) as tf.Tensor).mul(weights).sum();
  const gradient = tf.grad(loss)(x).dataSync();
  const values = x.dataSync();
  for (const at of [0, 17, 71]) {
    const shifted = (by: number) => {
      const copy = Float32Array.from(values);
      copy[at]! += by;
      return loss(tf.tensor4d(copy, [4, 3, 3, 2])).dataSync()[0]!;
    };
    const difference = (shifted(0.05) - shifted(-0.05)) / 0.1;
    expect(Math.abs(gradient[at]! - difference)).toBeLessThan(5e-3);
  }
});

test('the variance that it keeps is the batch’s own, without Bessel’s correction, as in Keras 3', () => {
  const norm = layer();
  const x = input();
  norm.apply(x, { training: true });
  const variance = tf.moments(x, [0, 1, 2]).variance.dataSync()[0]!;
  const [, , kept] = statistics(norm);
  expect(kept).toBeCloseTo(0.9 + 0.1 * variance, 5);
  const corrected = (variance * 36) / 35;
  expect(Math.abs(kept! - (0.9 + 0.1 * corrected))).toBeGreaterThan(1e-3);
});
