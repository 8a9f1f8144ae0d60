import * as tf from '@tensorflow/tfjs';

import { multiplyAddsOf } from '../../../models/architectures/multiply-adds';

// Otherwise tfjs advises on stderr to install another backend.
tf.enableProdMode();

test('multiply-adds are those of convolutions and the head, at every place of their output', () => {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
      tf.layers.batchNormalization(),
      tf.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dense({ units: 2 }),
    ],
  });
  expect(multiplyAddsOf(model)).toBe(4 * 4 * (3 * 3 * 3 * 4) + 4 * 4 * (3 * 3 * 4) + 4 * 2);
  model.dispose();
});
