import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import * as tf from '@tensorflow/tfjs';

import { buildHead } from '../../../models/architectures/classifier';
import { type Batch, MAX_ACTIVATION_BYTES } from '../../../models/training/activation-source';
import { trainClassifier } from '../../../models/training/train-classifier';

beforeAll(() => tf.enableProdMode());

const folder = mkdtempSync(join(tmpdir(), 'tandem-turns-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [STEPS, BATCH_SIZE, CHANNELS] = [20, 2, 4];

async function* unchanging(): AsyncGenerator<Batch> {
  for (let step = 0; step < STEPS; step++) {
    const images = new Float32Array(BATCH_SIZE * CHANNELS).fill(step / STEPS);
    yield await Promise.resolve({ images, labels: Int32Array.of(0, 1), size: BATCH_SIZE });
  }
}

test.each([
  ['kept', MAX_ACTIVATION_BYTES],
  ['computed in each epoch', 0],
])('Ctrl-C is handled between the steps of an epoch whose activations are %s', async (_, bytes) => {
  // The event loop handles signals once in each turn.
  const turnAtStep: number[] = [];
  let turns = 0;
  let isTraining = true;
  const countTurns = async () => {
    for (; isTraining; turns++) await setImmediate();
  };
  const counted = countTurns();
  const classifier = buildHead(CHANNELS, 2);
  await trainClassifier({
    classifier,
    recipe: {
      head: { epochs: 1, learningRate: 0.01 },
      fineTune: { epochs: 0, learningRate: 0.01, layersUnfrozen: 0 },
      preprocessing: 'zero-to-one',
      batchSize: BATCH_SIZE,
    },
    ...{ batchNorm: 'inference', seed: 1, threads: 1, folder, fingerprint: {}, resume: false, keep: 'last' },
    train: { stepsPerEpoch: STEPS, epoch: unchanging, unchanging },
    maxActivationBytes: bytes,
    onStep: () => turnAtStep.push(turns),
  });
  isTraining = false;
  await counted;
  classifier.dispose();
  expect(new Set(turnAtStep).size).toBe(STEPS);
});
