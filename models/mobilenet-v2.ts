/**
 * MobileNetV2 (width 1.0) with Keras' layer names, which are the weight format.
 *
 * @see https://arxiv.org/abs/1801.04381, Table 2
 * @see keras/src/applications/mobilenet_v2.py
 */
import * as tf from '@tensorflow/tfjs';

import { batchNormalization } from './batch-norm';
import { INPUT_NAME } from './catalog';

/** A row of the paper's Table 2: expansion factor t, channels c, repeats n, stride s of the first repeat. */
interface BottleneckRow {
  readonly t: number;
  readonly c: number;
  readonly n: number;
  readonly s: 1 | 2;
}

/** MobileNetV2's rows between the first and the last convolution. */
export const MOBILENETV2_ROWS: readonly BottleneckRow[] = [
  { t: 1, c: 16, n: 1, s: 1 },
  { t: 6, c: 24, n: 2, s: 2 },
  { t: 6, c: 32, n: 3, s: 2 },
  { t: 6, c: 64, n: 4, s: 2 },
  { t: 6, c: 96, n: 3, s: 1 },
  { t: 6, c: 160, n: 3, s: 2 },
  { t: 6, c: 320, n: 1, s: 1 },
];

const FIRST_FILTERS = 32;
const LAST_FILTERS = 1280;
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
    const padding: [[number, number], [number, number]] = [
      [0, 1],
      [0, 1],
    ];
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
 * Builds the backbone: images [b, h, w, 3], h and w even at every stride, to features [b, h/32, w/32, 1280].
 * Every weight starts at zero; `weights.ts` fills them.
 */
export function mobilenetV2(
  rows: readonly BottleneckRow[],
  inputShape: readonly [number | null, number | null, number],
): tf.LayersModel {
  const input = tf.input({ shape: [...inputShape], name: INPUT_NAME });
  let x = relu6(norm(conv(input, 'Conv1', FIRST_FILTERS, 3, 2), 'bn_Conv1'), 'Conv1_relu'); // [b, h/2, w/2, 32]
  let id = 0;
  for (const { t, c, n, s } of rows) {
    for (let i = 0; i < n; i++) {
      x = block(x, id === 0 ? 'expanded_conv_' : `block_${id}_`, t, c, i === 0 ? s : 1);
      id++;
    }
  }
  x = relu6(norm(conv(x, 'Conv_1', LAST_FILTERS, 1, 1), 'Conv_1_bn'), 'out_relu'); // [b, h/32, w/32, 1280]
  return tf.model({ inputs: input, outputs: x, name: 'mobilenetv2_1.00_224' });
}
