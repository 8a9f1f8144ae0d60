import * as tf from '@tensorflow/tfjs';

import { BatchNormalization } from '../../../models/architectures/batch-norm';
import { ARCHITECTURE_IDS, INPUT_SHAPE } from '../../../models/catalog';
import { buildBackbone, buildClassifier } from '../../../models/architectures/classifier';
import { DEMO_ARCHITECTURE_IDS, demoArchitecture } from '../../../models/weights/demo-base';
import { mobilenetV2 } from '../../../models/architectures/mobilenet-v2';
import { unfrozenLayers } from '../../../models/architectures/unfrozen-layers';
import {
  initializeSeeded,
  readWeights,
  seededWeight,
  setWeights,
  variables,
} from '../../../models/weights/weights';
import { kerasRecord, kerasWidths, type LayerRow } from '../../support/keras-architectures';

beforeAll(() => tf.enableProdMode());

/** Layers that Keras names by number and we name by purpose. No other names may differ. */
const MADE_UP_NAMES: readonly [className: string, keras: RegExp, ours: RegExp][] = [
  ['InputLayer', /^input_layer(_\d+)?$/, /^image$/],
  ['MaxPooling2D', /^max_pooling2d(_\d+)?$/, /^conv\d_block\d+_shortcut_pool$/],
];

/** Our name of a Keras layer, if it is one of those that may differ. */
function ourName([kerasName, kerasClass]: LayerRow, ours: string): string {
  const accepted = MADE_UP_NAMES.some(
    ([className, keras, own]) => className === kerasClass && keras.test(kerasName) && own.test(ours),
  );
  return accepted ? ours : kerasName;
}

const row = (layer: tf.layers.Layer): LayerRow => [
  layer.name,
  layer.getClassName(),
  layer.outputShape as (number | null)[],
  layer.countParams(),
];

describe.each(ARCHITECTURE_IDS)('%s', (architecture) => {
  const keras = kerasRecord(architecture);

  test('has Keras’ layers in its order: names, classes, output shapes, parameters', () => {
    const backbone = buildBackbone(architecture);
    expect(backbone.name).toBe(keras.name);
    const wanted = keras.layers.map((layer, i): LayerRow => {
      const [, ...rest] = layer;
      return [ourName(layer, backbone.layers[i]?.name ?? ''), ...rest];
    });
    expect(backbone.layers.map(row)).toEqual(wanted);
    expect(new Set(wanted.map(([name]) => name)).size).toBe(wanted.length);
  });

  test('has Keras’ number of parameters, without and with the 1000-class top', () => {
    expect(buildBackbone(architecture).countParams()).toBe(keras.parametersWithoutTop);
    expect(buildClassifier(architecture, 1000).countParams()).toBe(keras.parametersWithTop);
  });

  test('has Keras’ epsilon and momentum in every BatchNorm', () => {
    const norms = buildBackbone(architecture).layers.filter((layer) => layer instanceof BatchNormalization);
    expect(norms.length).toBeGreaterThan(40);
    norms.forEach(({ epsilon, momentum }) => expect({ epsilon, momentum }).toEqual(keras.batchNorm));
  });

  test('pads odd sizes as Keras does', () => {
    const { inputShape, outputShape, padding } = keras.oddInput;
    const backbone = buildBackbone(architecture, { inputShape });
    expect(backbone.outputShape).toEqual(outputShape);
    const pads = backbone.layers.filter((layer) => layer.getClassName() === 'ZeroPadding2D');
    expect(Object.fromEntries(pads.map((layer) => [layer.name, layer.getConfig()['padding']]))).toEqual(
      padding,
    );
  });

  test.each(Object.entries(keras.unfrozen))(
    'un-freezes the last %s layers as Keras does',
    (count, wanted) => {
      const backbone = buildBackbone(architecture);
      const unfrozen = unfrozenLayers(backbone, Number(count));
      expect(unfrozen).toEqual(wanted.layers);
      for (const layer of backbone.layers) layer.trainable = unfrozen.includes(layer.name);
      const trainable = [...variables(backbone)].filter(([, variable]) => variable.trainable);
      expect(trainable.map(([name]) => name)).toEqual(wanted.trainableWeights);
      const sizes = trainable.map(([, { shape }]) => (shape as number[]).reduce((a, b) => a * b));
      expect(sizes.reduce((sum, size) => sum + size)).toBe(wanted.trainableParameters);
    },
  );
});

test('un-freezing nothing, everything behind the input, and more than there is', () => {
  const backbone = buildBackbone('mobilenetv2', { inputShape: [32, 32, 3] });
  expect(unfrozenLayers(backbone, 0)).toEqual([]);
  expect(unfrozenLayers(backbone, 153)).toHaveLength(153);
  for (const count of [154, -1, 1.5]) {
    expect(() => unfrozenLayers(backbone, count)).toThrow(
      `--layers-unfrozen must be a whole number from 0 to 153, the layers of mobilenetv2_1.00_224 behind its input, received ${count}`,
    );
  }
});

test.each(Object.entries(kerasWidths()))(
  'MobileNetV2 of width %s has Keras’ number of parameters',
  (alpha, wanted) => {
    expect(
      mobilenetV2({ name: 'width', alpha: Number(alpha) }, INPUT_SHAPE, 'zero-to-one').countParams(),
    ).toBe(wanted);
  },
);

test('a model starts the same from the same seed, and otherwise from another', () => {
  const model = buildClassifier('mobilenetv2_050', 4, { inputShape: [32, 32, 3] });
  const start = (seed: number) => {
    initializeSeeded(model, seed);
    return readWeights(model, ['Conv1/kernel']).get('Conv1/kernel')!.values;
  };
  const first = start(1);
  expect(start(1)).toEqual(first);
  expect(start(2)).not.toEqual(first);
});

test('a model on [-1, 1] makes them of [0, 1] itself, and has the same layers and weights otherwise', () => {
  const inputShape = [32, 32, 3] as const;
  const plain = buildClassifier('mobilenetv2_050', 4, { inputShape });
  const rescaling = buildClassifier('mobilenetv2_050', 4, { inputShape, preprocessing: 'minus-one-to-one' });
  const names = rescaling.layers.map(({ name }) => name);
  expect(names.filter((name) => name !== 'rescaling')).toEqual(plain.layers.map(({ name }) => name));
  expect(names).toHaveLength(plain.layers.length + 1);
  initializeSeeded(plain, 3);
  // Amplified in each layer; otherwise all images would have almost the same output.
  for (const layer of plain.layers.filter((one) => one instanceof BatchNormalization)) {
    layer.setWeights(layer.getWeights().map((weight, i) => (i === 0 ? tf.fill(weight.shape, 4) : weight)));
  }
  setWeights(rescaling, readWeights(plain));
  const images = tf.randomUniform([2, ...inputShape], 0, 1, 'float32', 5);
  const [expected, actual, unscaled] = [
    plain.predict(images.mul(2).sub(1)),
    rescaling.predict(images),
    plain.predict(images),
  ].map((output) => (output as tf.Tensor).dataSync());
  expect(actual).toEqual(expected);
  expect(Math.max(...actual!.map((p, i) => Math.abs(p - unscaled![i]!)))).toBeGreaterThan(0.001);
});

test('a seeded kernel is uniform within Glorot’s limit', () => {
  const values = seededWeight(5, 'layer/kernel', [3, 3, 64, 64]);
  const limit = Math.sqrt(6 / (2 * 9 * 64));
  expect(Math.max(...values)).toBeLessThanOrEqual(limit);
  expect(Math.max(...values)).toBeGreaterThan(0.99 * limit);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.01 * limit);
});

test('a weight of another shape or name is refused by name', () => {
  const model = buildClassifier('mobilenetv2', 4, { inputShape: [32, 32, 3] });
  const weight = (shape: number[]) => ({ shape, values: new Float32Array(shape.reduce((a, b) => a * b)) });
  expect(() => setWeights(model, new Map([['Conv1/kernel', weight([3, 3, 3, 16])]]))).toThrow(
    'weight Conv1/kernel must have shape [3,3,3,32], received [3,3,3,16]',
  );
  expect(() => setWeights(model, new Map([['Conv9/kernel', weight([1])]]))).toThrow(
    'has no weight Conv9/kernel',
  );
});

test('a classifier of one class is refused', () => {
  expect(() => buildClassifier('mobilenetv2', 1)).toThrow('at least 2 classes, received 1');
});

test('an architecture without a demo base is refused, naming those with one', () => {
  for (const architecture of DEMO_ARCHITECTURE_IDS) expect(demoArchitecture(architecture)).toBe(architecture);
  expect(() => demoArchitecture('resnet50v2')).toThrow(
    'one of resnet101v2, mobilenetv2, received resnet50v2',
  );
});
