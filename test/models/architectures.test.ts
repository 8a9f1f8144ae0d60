import * as tf from '@tensorflow/tfjs';

import { ARCHITECTURE_IDS, type ArchitectureId } from '../../models/catalog';
import { buildBackbone, buildClassifier } from '../../models/classifier';
import { initializeSeeded, readWeights, seededWeight, setWeights, variables } from '../../models/weights';

beforeAll(() => tf.enableProdMode());

/** Keras' own counts. */
const PARAMETERS: Record<ArchitectureId, { withoutTop: number; withTop: number; weights: number }> = {
  resnet101v2: { withoutTop: 42_626_560, withTop: 44_675_560, weights: 542 },
  mobilenetv2: { withoutTop: 2_257_984, withTop: 3_538_984, weights: 260 },
};

describe.each(ARCHITECTURE_IDS)('%s', (architecture) => {
  test('has Keras’ number of parameters, without and with the 1000-class top', () => {
    const { withoutTop, withTop, weights } = PARAMETERS[architecture];
    const backbone = buildBackbone(architecture);
    expect(backbone.countParams()).toBe(withoutTop);
    expect(variables(backbone).size).toBe(weights);
    expect(buildClassifier(architecture, 1000).countParams()).toBe(withTop);
  });

  test('starts the same from the same seed, and otherwise from another', () => {
    const name = architecture === 'resnet101v2' ? 'conv1_conv/kernel' : 'Conv1/kernel';
    const model = buildClassifier(architecture, 4, [32, 32, 3]);
    const start = (seed: number) => {
      initializeSeeded(model, seed);
      return readWeights(model, [name]).get(name)!.values;
    };
    const first = start(1);
    expect(start(1)).toEqual(first);
    expect(start(2)).not.toEqual(first);
  });
});

test('layers have Keras’ names, in its order, at both ends', () => {
  const names = (architecture: ArchitectureId) => buildBackbone(architecture).layers.map(({ name }) => name);
  expect(names('resnet101v2').slice(1, 8)).toEqual([
    'conv1_pad',
    'conv1_conv',
    'pool1_pad',
    'pool1_pool',
    'conv2_block1_preact_bn',
    'conv2_block1_preact_relu',
    'conv2_block1_1_conv',
  ]);
  expect(names('resnet101v2').slice(-3)).toEqual(['conv5_block3_out', 'post_bn', 'post_relu']);
  expect(names('mobilenetv2').slice(1, 5)).toEqual([
    'Conv1',
    'bn_Conv1',
    'Conv1_relu',
    'expanded_conv_depthwise',
  ]);
  expect(names('mobilenetv2').slice(-4)).toEqual(['block_16_project_BN', 'Conv_1', 'Conv_1_bn', 'out_relu']);
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
  const model = buildClassifier('mobilenetv2', 4, [32, 32, 3]);
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
