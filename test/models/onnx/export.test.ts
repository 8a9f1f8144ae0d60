import * as tf from '@tensorflow/tfjs';

import { batchNormalization } from '../../../models/architectures/batch-norm';
import { exportOnnx } from '../../../models/onnx/export';
import { openSession, runSession } from '../../../models/engines/onnxruntime/session';

beforeAll(() => tf.enableProdMode());

type Layers = (x: tf.SymbolicTensor) => tf.SymbolicTensor;
const then = (x: tf.SymbolicTensor, ...layers: tf.layers.Layer[]) =>
  layers.reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, x);

/** Gives every weight of a model random values; variances stay positive. */
function randomize(model: tf.LayersModel): void {
  for (const layer of model.layers) {
    layer.setWeights(
      layer.getWeights().map((weight, i) => {
        const values = tf.randomNormal(weight.shape, 0, 1, 'float32', i + 1);
        return layer.getClassName() === 'BatchNormalization' && i === 3 ? values.square().add(0.5) : values;
      }),
    );
  }
}

const norm = (name: string) => batchNormalization({ name, epsilon: 1e-3 });
const conv = (args: object) => tf.layers.conv2d({ filters: 4, kernelSize: 3, ...args });
const depthwise = (args: object) => tf.layers.depthwiseConv2d({ kernelSize: 3, useBias: false, ...args });
const pad = (padding: [[number, number], [number, number]]) => tf.layers.zeroPadding2d({ padding });

/** Graphs with each layer class in each position in which its export differs. */
const GRAPHS: [string, number, Layers][] = [
  [
    'a convolution with SAME padding and stride 2 on an odd size',
    9,
    (x) => then(x, conv({ padding: 'same', strides: 2 })),
  ],
  [
    'a convolution with SAME padding and stride 2 on an even size',
    8,
    (x) => then(x, conv({ padding: 'same', strides: 2 })),
  ],
  [
    'rescaling before a convolution that pads, where borders are zero after it',
    8,
    (x) => then(x, tf.layers.rescaling({ scale: 2, offset: -1 }), conv({ padding: 'same' })),
  ],
  ['a convolution without padding', 7, (x) => then(x, conv({}))],
  [
    'zero padding, uneven, folded into a convolution',
    8,
    (x) =>
      then(
        x,
        pad([
          [0, 1],
          [2, 1],
        ]),
        conv({ strides: 2 }),
      ),
  ],
  [
    'a depthwise convolution after padding',
    8,
    (x) =>
      then(
        x,
        pad([
          [0, 1],
          [0, 1],
        ]),
        depthwise({ strides: 2 }),
      ),
  ],
  ['BatchNorm folded into a convolution with bias', 7, (x) => then(x, conv({}), norm('folded'))],
  ['BatchNorm folded into a depthwise convolution', 7, (x) => then(x, depthwise({}), norm('folded'))],
  ['BatchNorm before its convolution, which cannot be folded', 7, (x) => then(x, norm('kept'), conv({}))],
  [
    'BatchNorm after a convolution that is read twice',
    7,
    (x) => {
      const y = then(x, conv({}));
      return tf.layers.add().apply([y, then(y, norm('kept'))]) as tf.SymbolicTensor;
    },
  ],
  [
    'zero padding before max pooling, where borders are negative',
    8,
    (x) =>
      then(
        x,
        norm('shift'),
        pad([
          [1, 1],
          [1, 1],
        ]),
        tf.layers.maxPooling2d({ poolSize: 3, strides: 2 }),
      ),
  ],
  [
    'a pooling of size 1 and stride 2',
    8,
    (x) => then(x, tf.layers.maxPooling2d({ poolSize: 1, strides: 2 })),
  ],
  ['ReLU', 5, (x) => then(x, tf.layers.activation({ activation: 'relu' }))],
  ['ReLU6', 5, (x) => then(x, norm('spread'), tf.layers.reLU({ maxValue: 6 }))],
  [
    'pooling and a softmax head',
    5,
    (x) =>
      then(x, tf.layers.globalAveragePooling2d({}), tf.layers.dense({ units: 3, activation: 'softmax' })),
  ],
];

test.each(GRAPHS)('%s gives tfjs’ numbers', async (_name, side, layers) => {
  const input = tf.input({ shape: [side, side, 3], name: 'image' });
  const model = tf.model({ inputs: input, outputs: layers(input) });
  randomize(model);
  const session = await openSession(exportOnnx(model, 'out'), 1);
  const x = tf.randomNormal<tf.Rank.R4>([2, side, side, 3], -1, 3, 'float32', 9);
  const expected = model.apply(x) as tf.Tensor;
  const actual = await runSession(session, x.dataSync() as Float32Array, [2, side, side, 3]);
  const wanted = expected.dataSync();
  const scale = Math.max(1, ...wanted.map(Math.abs));
  expect(actual).toHaveLength(wanted.length);
  expect(Math.max(...actual.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(1e-5 * scale);
});

test('the bytes follow from the model alone', () => {
  const input = tf.input({ shape: [8, 8, 3], name: 'image' });
  const model = tf.model({ inputs: input, outputs: then(input, conv({ name: 'c' }), norm('n')) });
  expect(Buffer.from(exportOnnx(model, 'out')).equals(exportOnnx(model, 'out'))).toBe(true);
});

test('a layer that cannot be exported is named', () => {
  const input = tf.input({ shape: [8, 8, 3] });
  const model = tf.model({
    inputs: input,
    outputs: then(input, tf.layers.upSampling2d({ name: 'enlarge' })),
  });
  expect(() => exportOnnx(model, 'out')).toThrow(/layer enlarge must be one of .*, received UpSampling2D/);
});
