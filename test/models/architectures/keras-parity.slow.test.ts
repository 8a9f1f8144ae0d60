import * as tf from '@tensorflow/tfjs';

import type { ArchitectureId } from '../../../models/catalog';
import {
  differences,
  kerasRecord,
  OUTPUTS,
  seededClassifier,
  TOLERANCE,
} from '../../support/keras-architectures';
import { runOnnxruntime, runTfjs, useWasm } from '../../support/keras-engines';

/** `test/native/parity-keras.ts` has every architecture on every engine. */
const ARCHITECTURES: readonly ArchitectureId[] = ['mobilenetv2', 'mobilenetv2_050', 'resnet50v2'];

beforeAll(async () => {
  tf.enableProdMode();
  await useWasm();
});

describe.each(ARCHITECTURES)('%s with seeded weights', (architecture) => {
  let seeded: ReturnType<typeof seededClassifier>;
  beforeAll(() => {
    seeded = seededClassifier(architecture);
  });
  afterAll(() => seeded.model.dispose());

  test('has Keras’ weights, bit for bit', () => {
    expect(seeded.sha256).toBe(kerasRecord(architecture).seeded.weightsSha256);
  });

  test.each([
    ['onnxruntime', runOnnxruntime],
    ['wasm', runTfjs],
  ])('gives Keras’ features and probabilities on %s', async (_engine, run) => {
    const different = differences(architecture, await run(seeded.model));
    for (const name of OUTPUTS) expect(different[name]).toBeLessThanOrEqual(TOLERANCE);
  });
});
