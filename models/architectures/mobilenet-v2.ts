/**
 * MobileNetV2 with Keras' layer names, which are the weight format.
 *
 * @see https://arxiv.org/abs/1801.04381, Table 2
 * @see keras/src/applications/mobilenet_v2.py
 */
import * as tf from '@tensorflow/tfjs';

import { batchNormalization } from './batch-norm';
import type { Preprocessing } from '../catalog';
import { inputLayer, type InputShape } from './input-layer';

/** A row of the paper's Table 2: expansion factor t, channels c, repeats n, stride s of the first repeat. */
interface BottleneckRow {
  readonly t: number;
  readonly c: number;
  readonly n: number;
  readonly s: 1 | 2;
}

/** MobileNetV2's rows between the first and the last convolution. */
const ROWS: readonly BottleneckRow[] = [
  { t: 1, c: 16, n: 1, s: 1 },
  { t: 6, c: 24, n: 2, s: 2 },
  { t: 6, c: 32, n: 3, s: 2 },
  { t: 6, c: 64, n: 4, s: 2 },
  { t: 6, c: 96, n: 3, s: 1 },
  { t: 6, c: 160, n: 3, s: 2 },
  { t: 6, c: 320, n: 1, s: 1 },
];

/** A member of the family. */
export interface MobilenetV2 {
  /** Keras' name of the model: width multiplier and the image size of Keras' own weights. */
  readonly name: string;
  /** Width multiplier of the paper's section 4. */
  readonly alpha: number;
}

/** The paper's own width. */
export const MOBILENETV2: MobilenetV2 = { name: 'mobilenetv2_1.00_224', alpha: 1 };
/** Half the channels, about a quarter of the multiplications. */
export const MOBILENETV2_050: MobilenetV2 = { name: 'mobilenetv2_0.50_224', alpha: 0.5 };

const FIRST_FILTERS = 32;
const LAST_FILTERS = 1280;
const CHANNEL_DIVISOR = 8;
const EPSILON = 1e-3;
const MOMENTUM = 0.999;

const norm = (x: tf.SymbolicTensor, name: string) =>
  batchNormalization({ name, epsilon: EPSILON, momentum: MOMENTUM }).apply(x) as tf.SymbolicTensor;

const relu6 = (x: tf.SymbolicTensor, name: string) =>
  tf.layers.reLU({ maxValue: 6, name }).apply(x) as tf.SymbolicTensor;

const conv = (x: tf.SymbolicTensor, name: string, filters: number, kernelSize: number, strides: number) =>
  tf.layers
    .conv2d({
      filters,
      kernelSize,
      strides,
      padding: 'same',
      useBias: false,
      kernelInitializer: 'zeros',
      name,
    })
    .apply(x) as tf.SymbolicTensor;

/** Keras' `_make_divisible`: the nearest multiple of 8, at least 8, and never less than nine tenths of the channels. */
function divisibleChannels(channels: number): number {
  const nearest = Math.floor((channels + CHANNEL_DIVISOR / 2) / CHANNEL_DIVISOR) * CHANNEL_DIVISOR;
  const rounded = Math.max(CHANNEL_DIVISOR, nearest);
  return rounded < 0.9 * channels ? rounded + CHANNEL_DIVISOR : rounded;
}

/** Keras' `correct_pad` of one axis for a 3 by 3 kernel with stride 2: an even size is padded only after. */
const padsBeforeStride = (size: number | null | undefined): [number, number] => [(size ?? 0) % 2, 1];

/** An inverted residual: expand to t·c channels, filter each by itself, project linearly. `x` is [b, h, w, c]. */
function block(
  x: tf.SymbolicTensor,
  prefix: string,
  t: number,
  filters: number,
  strides: 1 | 2,
): tf.SymbolicTensor {
  const channels = x.shape[3]!;
  let y = x;
  if (t > 1) {
    y = conv(y, `${prefix}expand`, t * channels, 1, 1); // [b, h, w, tc]
    y = relu6(norm(y, `${prefix}expand_BN`), `${prefix}expand_relu`);
  }
  if (strides === 2) {
    const [, height, width] = y.shape;
    const padding: [[number, number], [number, number]] = [padsBeforeStride(height), padsBeforeStride(width)];
    y = tf.layers.zeroPadding2d({ padding, name: `${prefix}pad` }).apply(y) as tf.SymbolicTensor;
  }
  y = tf.layers
    .depthwiseConv2d({
      kernelSize: 3,
      strides,
      padding: strides === 2 ? 'valid' : 'same',
      useBias: false,
      depthwiseInitializer: 'zeros',
      name: `${prefix}depthwise`,
    })
    .apply(y) as tf.SymbolicTensor; // [b, h/s, w/s, tc]
  y = relu6(norm(y, `${prefix}depthwise_BN`), `${prefix}depthwise_relu`);
  y = norm(conv(y, `${prefix}project`, filters, 1, 1), `${prefix}project_BN`); // [b, h/s, w/s, filters]
  if (strides === 1 && channels === filters) {
    y = tf.layers.add({ name: `${prefix}add` }).apply([x, y]) as tf.SymbolicTensor;
  }
  return y;
}

/**
 * Builds the backbone: images [b, h, w, 3] to features [b, h/32, w/32, c].
 * Every weight starts at zero; `weights.ts` fills them.
 */
export function mobilenetV2(
  { name, alpha }: MobilenetV2,
  inputShape: InputShape,
  preprocessing: Preprocessing,
): tf.LayersModel {
  const { input, x: images } = inputLayer(inputShape, preprocessing);
  const first = divisibleChannels(FIRST_FILTERS * alpha);
  let x = relu6(norm(conv(images, 'Conv1', first, 3, 2), 'bn_Conv1'), 'Conv1_relu'); // [b, h/2, w/2, first]
  let id = 0;
  for (const { t, c, n, s } of ROWS) {
    const filters = divisibleChannels(Math.floor(c * alpha));
    for (let i = 0; i < n; i++) {
      x = block(x, id === 0 ? 'expanded_conv_' : `block_${id}_`, t, filters, i === 0 ? s : 1);
      id++;
    }
  }
  // A narrow model keeps the full width here, as in the paper.
  const last = alpha > 1 ? divisibleChannels(LAST_FILTERS * alpha) : LAST_FILTERS;
  x = relu6(norm(conv(x, 'Conv_1', last, 1, 1), 'Conv_1_bn'), 'out_relu'); // [b, h/32, w/32, c]
  return tf.model({ inputs: input, outputs: x, name });
}
