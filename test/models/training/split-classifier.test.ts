import * as tf from '@tensorflow/tfjs';

import type { ArchitectureId } from '../../../models/catalog';
import { buildClassifier } from '../../../models/architectures/classifier';
import { splitClassifier } from '../../../models/training/split-classifier';
import { initializeSeeded } from '../../../models/weights/weights';

beforeAll(() => tf.enableProdMode());

const SHAPE = [32, 32, 3] as const;

const classifier = (architecture: ArchitectureId) => buildClassifier(architecture, 3, { inputShape: SHAPE });

const cutsOf = (trunk: tf.LayersModel) => trunk.outputs.map(({ sourceLayer }) => sourceLayer.name);

test('MobileNetV2 is cut before its last five layers, in one place', () => {
  const { trunk, tail, trained } = splitClassifier(classifier('mobilenetv2'), 5);
  expect(trained).toEqual([
    ...['block_16_project', 'block_16_project_BN', 'Conv_1', 'Conv_1_bn', 'out_relu', 'predictions'],
  ]);
  expect(cutsOf(trunk)).toEqual(['block_16_depthwise_relu']);
  expect(tail!.inputs).toHaveLength(1);
});

test('ResNetV2 is cut before its last eight layers, in two places: the shortcut bypasses them', () => {
  const { trunk, tail } = splitClassifier(classifier('resnet50v2'), 8);
  expect(cutsOf(trunk)).toEqual(['conv5_block3_1_relu', 'conv5_block2_out']);
  expect(tail!.inputs).toHaveLength(2);
});

test.each([
  ['mobilenetv2_050', 5],
  ['mobilenetv2_050', 1],
  ['mobilenetv2_050', 2],
] as const)(
  'both parts of %s together compute what the whole does, with %i layers un-frozen',
  (architecture, count) => {
    const model = classifier(architecture);
    initializeSeeded(model, 4, { kernelScale: () => 2 });
    const { trunk, tail } = splitClassifier(model, count);
    const images = tf.randomUniform([2, ...SHAPE], 0, 1, 'float32', 1);
    const pooled = tail!.predict(trunk.predict(images)) as tf.Tensor;
    const head = model.getLayer('predictions');
    const parts = (head.apply(pooled) as tf.Tensor).dataSync();
    expect([...parts]).toEqual([...(model.predict(images) as tf.Tensor).dataSync()]);
  },
);

test('frozen layers are marked as such, and without un-frozen layers the trunk ends with pooling', () => {
  const model = classifier('mobilenetv2_050');
  splitClassifier(model, 2);
  const trainable = model.layers.filter((layer) => layer.trainable).map(({ name }) => name);
  expect(trainable).toEqual(['Conv_1_bn', 'out_relu', 'avg_pool', 'predictions']);
  const { trunk, tail, trained } = splitClassifier(model, 0);
  expect(tail).toBeUndefined();
  expect(trained).toEqual(['predictions']);
  expect(cutsOf(trunk)).toEqual(['avg_pool']);
});

test.each([-1, 1.5, 154, 1000])('%d layers are refused', (count) => {
  expect(() => splitClassifier(classifier('mobilenetv2_050'), count)).toThrow(`received ${count}`);
});
