/**
 * ResNetV2 with Keras' layer names, which are the weight format.
 *
 * @see https://arxiv.org/abs/1603.05027 (pre-activation residual networks)
 * @see keras/src/applications/resnet.py and resnet_v2.py
 */
import * as tf from '@tensorflow/tfjs';

import { batchNormalization } from './batch-norm';
import type { Preprocessing } from '../catalog';
import { inputLayer, type InputShape } from './input-layer';

/** One stack of residual blocks. Its last block has the stride. */
interface Stack {
  readonly name: string;
  /** Channels of the bottleneck; the stack's output has four times as many. */
  readonly filters: number;
  readonly blocks: number;
  readonly lastStride: 1 | 2;
}

/** A member of the family: Keras' name of the model and its stacks. */
export interface ResnetV2 {
  readonly name: string;
  readonly stacks: readonly Stack[];
}

/** Six blocks in the third stack. */
export const RESNET50V2: ResnetV2 = {
  name: 'resnet50v2',
  stacks: [
    { name: 'conv2', filters: 64, blocks: 3, lastStride: 2 },
    { name: 'conv3', filters: 128, blocks: 4, lastStride: 2 },
    { name: 'conv4', filters: 256, blocks: 6, lastStride: 2 },
    { name: 'conv5', filters: 512, blocks: 3, lastStride: 1 },
  ],
};

/** Like {@link RESNET50V2}, with 23 blocks in the third stack. */
export const RESNET101V2: ResnetV2 = {
  name: 'resnet101v2',
  stacks: [
    { name: 'conv2', filters: 64, blocks: 3, lastStride: 2 },
    { name: 'conv3', filters: 128, blocks: 4, lastStride: 2 },
    { name: 'conv4', filters: 256, blocks: 23, lastStride: 2 },
    { name: 'conv5', filters: 512, blocks: 3, lastStride: 1 },
  ],
};

const EPSILON = 1.001e-5;

const norm = (x: tf.SymbolicTensor, name: string) =>
  batchNormalization({ name, epsilon: EPSILON }).apply(x) as tf.SymbolicTensor;

const relu = (x: tf.SymbolicTensor, name: string) =>
  tf.layers.activation({ activation: 'relu', name }).apply(x) as tf.SymbolicTensor;

function pad(x: tf.SymbolicTensor, size: number, name: string): tf.SymbolicTensor {
  const padding: [[number, number], [number, number]] = [
    [size, size],
    [size, size],
  ];
  return tf.layers.zeroPadding2d({ padding, name }).apply(x) as tf.SymbolicTensor;
}

interface Convolution {
  readonly filters: number;
  readonly kernelSize?: number;
  readonly strides?: number;
  readonly useBias?: boolean;
}

const conv = (x: tf.SymbolicTensor, name: string, c: Convolution) =>
  tf.layers.conv2d({ kernelSize: 1, kernelInitializer: 'zeros', ...c, name }).apply(x) as tf.SymbolicTensor;

/** A pre-activation bottleneck; `convShortcut` in a stack's first block. `x` is [b, h, w, c]. */
function block(
  x: tf.SymbolicTensor,
  name: string,
  filters: number,
  strides: number,
  convShortcut: boolean,
): tf.SymbolicTensor {
  const preactivation = relu(norm(x, `${name}_preact_bn`), `${name}_preact_relu`);
  let shortcut = x;
  if (convShortcut) {
    shortcut = conv(preactivation, `${name}_0_conv`, { filters: 4 * filters, strides }); // [b, h/s, w/s, 4f]
  } else if (strides > 1) {
    shortcut = tf.layers
      .maxPooling2d({ poolSize: 1, strides, name: `${name}_shortcut_pool` })
      .apply(x) as tf.SymbolicTensor; // [b, h/s, w/s, 4f]
  }
  let y = conv(preactivation, `${name}_1_conv`, { filters, useBias: false }); // [b, h, w, f]
  y = relu(norm(y, `${name}_1_bn`), `${name}_1_relu`);
  y = pad(y, 1, `${name}_2_pad`);
  y = conv(y, `${name}_2_conv`, { filters, kernelSize: 3, strides, useBias: false }); // [b, h/s, w/s, f]
  y = relu(norm(y, `${name}_2_bn`), `${name}_2_relu`);
  y = conv(y, `${name}_3_conv`, { filters: 4 * filters }); // [b, h/s, w/s, 4f]
  return tf.layers.add({ name: `${name}_out` }).apply([shortcut, y]) as tf.SymbolicTensor;
}

/**
 * Builds the backbone: images [b, h, w, 3] to features [b, h/32, w/32, 2048].
 * Every weight starts at zero; `weights.ts` fills them.
 */
export function resnetV2(
  { name, stacks }: ResnetV2,
  inputShape: InputShape,
  preprocessing: Preprocessing,
): tf.LayersModel {
  const { input, x: images } = inputLayer(inputShape, preprocessing);
  let x = pad(images, 3, 'conv1_pad');
  x = conv(x, 'conv1_conv', { filters: 64, kernelSize: 7, strides: 2 }); // [b, h/2, w/2, 64]
  x = pad(x, 1, 'pool1_pad');
  x = tf.layers.maxPooling2d({ poolSize: 3, strides: 2, name: 'pool1_pool' }).apply(x) as tf.SymbolicTensor; // [b, h/4, w/4, 64]
  for (const stack of stacks) {
    for (let i = 1; i <= stack.blocks; i++) {
      const strides = i === stack.blocks ? stack.lastStride : 1;
      x = block(x, `${stack.name}_block${i}`, stack.filters, strides, i === 1);
    }
  }
  x = relu(norm(x, 'post_bn'), 'post_relu'); // [b, h/32, w/32, 2048]
  return tf.model({ inputs: input, outputs: x, name });
}
