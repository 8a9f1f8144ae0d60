import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { buildClassifier } from '../../../models/architectures/classifier';
import { epochOrder } from '../../../models/data/input-pipeline';
import type { Recipe } from '../../../models/recipes';
import {
  bestFileOf,
  CHECKPOINT_NAME,
  isBetter,
  readCheckpoint,
  writeCheckpoint,
} from '../../../models/training/checkpoint';
import type { Batch, BatchSource } from '../../../models/training/activation-source';
import type { EpochRecord } from '../../../models/training/progress';
import { learningRateAt, trainClassifier, type Training } from '../../../models/training/train-classifier';
import { initializeSeeded, readWeights, type Weights } from '../../../models/weights/weights';

beforeAll(() => tf.enableProdMode());

/** Small images, because tests compute on tfjs' plain backend. */
const INPUT_SHAPE = [32, 32, 3] as const;
const [BATCH, CLASSES, IMAGE] = [4, 2, 32 * 32 * 3];
/** The second stage trains the last BatchNorm only: gradients of convolutions are slow on the plain backend. */
const RECIPE: Recipe = {
  head: { epochs: 2, learningRate: 0.01 },
  fineTune: { epochs: 3, learningRate: 0.005, layersUnfrozen: 2 },
  preprocessing: 'zero-to-one',
  batchSize: BATCH,
};

/** Images whose brightness shows their class; they differ between epochs, as with augmentation. */
function source(seed: number): BatchSource {
  return {
    stepsPerEpoch: 2,
    epoch: async function* (epoch): AsyncGenerator<Batch> {
      for (let step = 0; step < 2; step++) {
        const images = new Float32Array(BATCH * IMAGE);
        const labels = Int32Array.from({ length: BATCH }, (_, i) => (i + step) % CLASSES);
        // The brightness of one half shows the class; that of the other half depends on epoch and step.
        labels.forEach((label, i) => {
          images.fill(0.2 + 0.5 * label, i * IMAGE, (i + 0.5) * IMAGE);
          images.fill((0.13 * (epoch + seed) + 0.07 * (step + i)) % 1, (i + 0.5) * IMAGE, (i + 1) * IMAGE);
        });
        yield await Promise.resolve({ images, labels, size: BATCH });
      }
    },
  };
}

/** With class names that are longer in bytes than in characters, as the checkpoints must hold them. */
const FINGERPRINT = {
  ...{ seed: 5, classes: ['café', '犬'] },
  recipe: { head: { epochs: 2 }, fineTune: { epochs: 2 } },
};

const folders: string[] = [];
const folder = () => {
  folders.push(mkdtempSync(join(tmpdir(), 'tandem-training-')));
  return folders.at(-1)!;
};
afterAll(() => folders.forEach((each) => rmSync(each, { recursive: true })));

class Stopped extends Error {}

/**
 * Trains a MobileNetV2 of half width from a seed. `stopAfter` ends it as a kill would: after that epoch was reported, but
 * before the checkpoint has it.
 */
async function train(options: Partial<Training> & { stopAfter?: number } = {}) {
  const classifier = buildClassifier('mobilenetv2_050', CLASSES, { inputShape: INPUT_SHAPE });
  // Larger than Glorot's, so that the images still differ after all layers.
  initializeSeeded(classifier, 5, { kernelScale: () => 3 });
  const before = readWeights(classifier);
  const epochs: EpochRecord[] = [];
  let error: unknown;
  let weights: Weights = new Map();
  try {
    weights = await trainClassifier({
      classifier,
      recipe: RECIPE,
      batchNorm: 'inference',
      train: source(1),
      validation: source(2),
      seed: 5,
      threads: 1,
      folder: options.folder ?? folder(),
      fingerprint: FINGERPRINT,
      resume: false,
      keep: 'last',
      onEpoch: (record) => {
        epochs.push(record);
        if (epochs.length === options.stopAfter) throw new Stopped();
      },
      ...options,
    });
  } catch (caught) {
    error = caught;
  }
  const after = readWeights(classifier);
  classifier.dispose();
  if (error !== undefined && !(error instanceof Stopped)) throw error as Error;
  return { before, after, weights, epochs };
}

const isStatistic = (name: string) => name.includes('/moving_');
const differing = (a: Weights, b: Weights) =>
  [...a.keys()].filter(
    (name) => !Buffer.from(a.get(name)!.values.buffer).equals(Buffer.from(b.get(name)!.values.buffer)),
  );

test('each stage changes its own weights only, and every BatchNorm statistic stays bit-identical', async () => {
  const { before, after, weights, epochs } = await train();
  expect(differing(before, after)).toEqual([
    'Conv_1_bn/gamma',
    'Conv_1_bn/beta',
    'predictions/kernel',
    'predictions/bias',
  ]);
  expect([...weights.keys()]).toEqual([
    'Conv_1_bn/gamma',
    'Conv_1_bn/beta',
    'Conv_1_bn/moving_mean',
    'Conv_1_bn/moving_variance',
    'predictions/kernel',
    'predictions/bias',
  ]);
  expect(epochs.map(({ stage, epoch }) => `${stage} ${epoch}`)).toEqual([
    ...['head 1', 'head 2', 'fineTune 1', 'fineTune 2', 'fineTune 3'],
  ]);
  expect(epochs.at(-1)!.valLoss).toBeLessThan(epochs[0]!.valLoss!);
});

test('in batch mode un-frozen BatchNorm updates its statistics, and frozen BatchNorm does not', async () => {
  const { before, after } = await train({ batchNorm: 'batch' });
  expect(differing(before, after).filter(isStatistic)).toEqual([
    'Conv_1_bn/moving_mean',
    'Conv_1_bn/moving_variance',
  ]);
});

test('a training that is stopped after any epoch and resumed ends with the same weights and figures', async () => {
  const whole = await train();
  // Before any checkpoint, within a stage, between the stages, and in the second stage.
  for (const stopAfter of [1, 2, 3, 4]) {
    const place = folder();
    const first = await train({ folder: place, stopAfter });
    const rest = await train({ folder: place, resume: true });
    expect(differing(whole.weights, rest.weights)).toEqual([]);
    const figures = (record: EpochRecord) => ({ ...record, seconds: 0 });
    expect([...first.epochs.slice(0, -1), ...rest.epochs].map(figures)).toEqual(whole.epochs.map(figures));
  }
});

test('without augmentation the weights are the same whether activations are kept or not', async () => {
  const images = async (order: number[]) => {
    const batches: Batch[] = [];
    for await (const batch of source(1).epoch(0)) batches.push(batch);
    return [order.slice(0, BATCH), order.slice(BATCH)].map((indices): Batch => {
      const images = new Float32Array(BATCH * IMAGE);
      const labels = new Int32Array(BATCH);
      indices.forEach((index, i) => {
        const [batch, k] = [batches[Math.floor(index / BATCH)]!, index % BATCH];
        images.set(batch.images.subarray(k * IMAGE, (k + 1) * IMAGE), i * IMAGE);
        labels[i] = batch.labels[k]!;
      });
      return { images, labels, size: BATCH };
    });
  };
  const yieldAll = async function* (order: number[]) {
    yield* await images(order);
  };
  const epoch = (number: number) => yieldAll(epochOrder(2 * BATCH, 5, number));
  const unchanging = () => yieldAll([...Array(2 * BATCH).keys()]);
  const live = await train({ train: { stepsPerEpoch: 2, epoch } });
  const kept = await train({ train: { stepsPerEpoch: 2, epoch, unchanging } });
  expect(differing(live.weights, kept.weights)).toEqual([]);
  const forgotten = await train({ train: { stepsPerEpoch: 2, epoch, unchanging }, maxActivationBytes: 0 });
  expect(differing(live.weights, forgotten.weights)).toEqual([]);
  expect(forgotten.epochs.map(({ valLoss }) => valLoss)).toEqual(live.epochs.map(({ valLoss }) => valLoss));
});

test('a training that resumes believes the best epoch’s file, which a kill may leave ahead of the checkpoint', async () => {
  const place = folder();
  const recipe = { ...RECIPE, fineTune: { ...RECIPE.fineTune, epochs: 0 } };
  await train({ folder: place, recipe, stopAfter: 2 });
  const [bestFile, file] = [bestFileOf(place, 'head'), join(place, CHECKPOINT_NAME)];
  const kept = readCheckpoint(bestFile, FINGERPRINT)!;
  // As if the epoch had been better than it will be when it is trained again.
  const best = { epoch: 2, accuracy: 1, loss: 0 };
  writeCheckpoint(bestFile, { ...kept, state: { ...kept.state, epochsDone: 2, best } });
  expect(readCheckpoint(file, FINGERPRINT)?.state).toMatchObject({ epochsDone: 1, best: { epoch: 1 } });
  const { weights } = await train({ folder: place, recipe, resume: true, keep: 'best' });
  expect(readCheckpoint(file, FINGERPRINT)?.state).toMatchObject({ epochsDone: 2, best });
  expect(differing(new Map(kept.tensors), weights)).toEqual([]);
});

test('another seed gives other weights', async () => {
  const [one, two] = [await train(), await train({ seed: 6 })];
  expect(differing(one.weights, two.weights)).toContain('predictions/kernel');
});

test('a checkpoint of another training is refused, and the error names the fields that differ', async () => {
  const place = folder();
  await train({ folder: place, stopAfter: 2 });
  const fingerprint = {
    ...FINGERPRINT,
    keep: 'best',
    recipe: { ...FINGERPRINT.recipe, head: { epochs: 1 } },
  };
  await expect(train({ folder: place, resume: true, fingerprint })).rejects.toThrow(
    /belongs to another training: recipe\.head\.epochs must be 2, received 1; keep must be none, received "best": resume with the original options, or choose another --out$/,
  );
});

test.each([0, 100, 5000])('a checkpoint cut to %i bytes is refused as damaged', async (left) => {
  const place = folder();
  await train({ folder: place, stopAfter: 2 });
  truncateSync(join(place, CHECKPOINT_NAME), left);
  await expect(train({ folder: place, resume: true })).rejects.toThrow(
    /must be a complete checkpoint, received a damaged one: choose another --out to start over$/,
  );
});

test('early stopping ends a stage, and the best epoch’s weights are kept', async () => {
  // At such a rate the loss rises after the first epoch.
  const recipe = {
    ...RECIPE,
    head: { epochs: 6, learningRate: 3 },
    fineTune: { ...RECIPE.fineTune, epochs: 0 },
  };
  const { epochs, weights } = await train({ recipe, earlyStoppingEpochs: 2, keep: 'best' });
  const losses = epochs.map(({ valLoss }) => valLoss!);
  const lowest = losses.indexOf(Math.min(...losses));
  expect(epochs).toHaveLength(Math.min(6, lowest + 1 + 2));
  const best = epochs.reduce((a, b) =>
    isBetter(
      { epoch: 0, accuracy: b.valAccuracy!, loss: b.valLoss! },
      { epoch: 0, accuracy: a.valAccuracy!, loss: a.valLoss! },
    )
      ? b
      : a,
  );
  const until = { ...recipe, head: { ...recipe.head, epochs: best.epoch } };
  expect(differing(weights, (await train({ recipe: until })).weights)).toEqual([]);
});

test('the validation loss is smoothed like the training loss, as in Keras', async () => {
  // At such a rate the weights do not change, so both losses come from the same weights.
  const still = { head: { epochs: 1, learningRate: 1e-30 }, fineTune: { ...RECIPE.fineTune, epochs: 0 } };
  const validation = { stepsPerEpoch: 2, epoch: () => source(1).epoch(1) };
  for (const labelSmoothing of [0, 0.5]) {
    const { epochs } = await train({ recipe: { ...RECIPE, ...still, labelSmoothing }, validation });
    expect(epochs[0]!.valLoss).toBeCloseTo(epochs[0]!.loss, 6);
  }
});

test('a class with weight 0 is not learned', async () => {
  const recipe = { ...RECIPE, fineTune: { ...RECIPE.fineTune, epochs: 0 } };
  const { epochs } = await train({ recipe, classWeights: [1, 0] });
  expect(epochs.at(-1)!.valAccuracy).toBe(0.5);
});

test('a loss that is no number ends the training at once, and the checkpoint before it stays', async () => {
  const out = folder();
  const head = { epochs: 1, learningRate: 0.01 };
  const recipe = { ...RECIPE, head, fineTune: { ...RECIPE.fineTune, learningRate: 1e38 } };
  await expect(train({ recipe, folder: out })).rejects.toThrow(
    /^the loss must be a finite number, received NaN after step [12] of epoch 1 of fine-tuning: start again with another --out and a lower --fine-tune-learning-rate \(it is 1e\+38\)$/,
  );
  const { state, tensors } = readCheckpoint(join(out, CHECKPOINT_NAME), FINGERPRINT)!;
  expect(state.stage).toBe('head');
  for (const { values } of tensors.values()) expect(values.every(Number.isFinite)).toBe(true);
});

test('the learning rate is constant, or half a cosine to zero', () => {
  const stage = { epochs: 1, learningRate: 0.1 };
  expect(learningRateAt(stage, 7, 10)).toBe(0.1);
  const rates = [0, 5, 10].map((step) => learningRateAt({ ...stage, schedule: 'cosine' }, step, 10));
  expect(rates[0]).toBe(0.1);
  expect(rates[1]).toBeCloseTo(0.05, 12);
  expect(rates[2]).toBeCloseTo(0, 12);
});
