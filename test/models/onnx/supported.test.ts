import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';

import { exportOnnx } from '../../../models/onnx/export';
import { openSession, runOutputs, runSession } from '../../../models/engines/onnxruntime/session';

beforeAll(() => tf.enableProdMode());

/** A model of a 9 by 9 image that passes through the given layers one after the other. */
function sequence(...layers: tf.layers.Layer[]): tf.LayersModel {
  const input = tf.input({ shape: [9, 9, 3], name: 'image' });
  const output = layers.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, input);
  return tf.model({ inputs: input, outputs: output });
}

const { conv2d, depthwiseConv2d, batchNormalization, dense, maxPooling2d } = tf.layers;
const conv = (args: object) => conv2d({ filters: 4, kernelSize: 3, name: 'odd', ...args });

const REFUSED: [string, tf.layers.Layer, RegExp][] = [
  [
    'an activation inside a convolution',
    conv({ activation: 'relu' }),
    /activation "linear".*received "relu"/,
  ],
  ['a dilated convolution', conv({ dilationRate: 2 }), /dilationRate \[1,1\].*received \[2,2\]/],
  [
    'a dilated depthwise convolution',
    depthwiseConv2d({ kernelSize: 3, dilationRate: 2, name: 'odd' }),
    /dilationRate/,
  ],
  ['channels first', maxPooling2d({ dataFormat: 'channelsFirst', name: 'odd' }), /dataFormat "channelsLast"/],
  [
    'BatchNorm without scale',
    batchNormalization({ scale: false, name: 'odd' }),
    /scale true.*received false/,
  ],
  ['BatchNorm without offset', batchNormalization({ center: false, name: 'odd' }), /center true/],
  ['BatchNorm over another axis', batchNormalization({ axis: 1, name: 'odd' }), /axis -1.*received 1/],
  ['a dense layer on every pixel', dense({ units: 2, name: 'odd' }), /inputs of rank 2.*received 4/],
];

test.each(REFUSED)('%s is refused, since the graph would be wrong', (_name, layer, message) => {
  expect(() => exportOnnx(sequence(layer), 'out')).toThrow(RangeError);
  expect(() => exportOnnx(sequence(layer), 'out')).toThrow(/layer odd must have/);
  expect(() => exportOnnx(sequence(layer), 'out')).toThrow(message);
});

test('a layer that is applied twice is refused', () => {
  const twice = conv2d({ filters: 3, kernelSize: 1, name: 'twice' });
  expect(() => exportOnnx(sequence(twice, twice), 'out')).toThrow(
    'layer twice must be applied once to be exported, received inputs (image) and (twice)',
  );
});

function forked(): tf.LayersModel {
  const input = tf.input({ shape: [9, 9, 3], name: 'image' });
  const first = conv({ name: 'c1' }).apply(input) as tf.SymbolicTensor;
  const norm = batchNormalization({ name: 'bn' }).apply(first) as tf.SymbolicTensor;
  const pooled = tf.layers.globalAveragePooling2d({ name: 'pool' }).apply(norm) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: [first, norm, pooled] });
}

test('a model with more outputs than names is refused', () => {
  expect(() => exportOnnx(forked(), 'out')).toThrow(
    /one input and 1 outputs, as many as names.*received 1 and 3/,
  );
});

test('a model with several outputs gives each under its name, folding nothing that is asked for', async () => {
  const model = forked();
  const session = await openSession(exportOnnx(model, 'conv', 'norm', 'pooled'), 1);
  const images = Float32Array.from({ length: 2 * 9 * 9 * 3 }, (_, i) => Math.sin(i));
  const found = await runOutputs(session, images, [2, 9, 9, 3]);
  await session.release();
  const expected = model.predict(tf.tensor4d(images, [2, 9, 9, 3])) as tf.Tensor[];
  expect(found.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  found.forEach(({ values }, i) => {
    const difference = Math.max(...expected[i]!.dataSync().map((value, k) => Math.abs(value - values[k]!)));
    expect(difference).toBeLessThan(1e-5);
  });
});

test('a trunk exports alone, as pooled features under the name asked for', async () => {
  const model = sequence(conv({}), tf.layers.globalAveragePooling2d({ name: 'pool' }), dense({ units: 2 }));
  const features = model.getLayer('pool').output as tf.SymbolicTensor;
  const trunk = tf.model({ inputs: model.inputs, outputs: features });
  const session = await openSession(exportOnnx(trunk, 'features'), 1);
  expect(session.inputNames).toEqual(['image']);
  expect(session.outputNames).toEqual(['features']);
  const x = tf.randomUniform<tf.Rank.R4>([3, 9, 9, 3], 0, 1, 'float32', 1);
  const wanted = (trunk.apply(x) as tf.Tensor).dataSync(); // [3, 4]
  const actual = await runSession(session, x.dataSync<'float32'>(), [3, 9, 9, 3]);
  expect(actual).toHaveLength(3 * 4);
  actual.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
});

describe('onnxruntime’s Pad_Fusion', () => {
  const pads: [[number, number], [number, number]] = [
    [1, 1],
    [1, 1],
  ];
  const model = () => sequence(tf.layers.zeroPadding2d({ padding: pads }), maxPooling2d({ poolSize: 3 }));
  const below = new Float32Array(9 * 9 * 3).fill(-1); // every window that touches the border has maximum 0

  test('makes borders wrong when it is left on, so that a release that repairs it is noticed', async () => {
    const session = await ort.InferenceSession.create(exportOnnx(model(), 'out'));
    const wrong = await runSession(session, below, [1, 9, 9, 3]);
    expect(Math.max(...wrong)).toBe(-1);
  });

  test('is off in our sessions', async () => {
    const session = await openSession(exportOnnx(model(), 'out'), 1);
    const right = await runSession(session, below, [1, 9, 9, 3]);
    expect(Array.from(right)).toEqual(
      Array.from((model().apply(tf.tensor4d(below, [1, 9, 9, 3])) as tf.Tensor).dataSync()),
    );
    expect(Math.max(...right)).toBe(0);
  });
});
