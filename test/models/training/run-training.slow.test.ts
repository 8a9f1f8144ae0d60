import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import sharp from 'sharp';

import { buildBackbone } from '../../../models/architectures/classifier';
import { graphFile } from '../../../models/engines/onnxruntime/graph-cache';
import { type Recipe, RECIPES } from '../../../models/recipes';
import { reportTraining } from '../../../models/report/report-training';
import { lockOut } from '../../../models/training/out-folder';
import { runTraining, type TrainingPlan } from '../../../models/training/run-training';
import { train } from '../../../cli/train-action';
import type { TrainOptions } from '../../../cli/train-action';
import { writeKerasWeights } from '../../../models/weights/keras-h5';
import { readSavedModel } from '../../../models/weights/saved-model';
import { expectedLayers } from '../../../models/weights/keras-weight-layouts';
import { initializeSeeded, readWeights } from '../../../models/weights/weights';

// Jest's typed arrays are not those of tfjs-node (tensorflow/tfjs#7175); the plain backend can train a head too.
jest.mock('../../../models/engines/tfjs', () => ({
  checkNodeForTfjs: () => undefined,
  checkTfjsNode: () => undefined,
  useTfjsNode: () => Promise.resolve(),
}));

const ARCHITECTURE = 'mobilenetv2_050';
const CLASSES = ['dark', 'light'];
/** Images of each class in each split. */
const PER_CLASS = 2;

const root = mkdtempSync(join(tmpdir(), 'tandem-run-'));
const data = join(root, 'images');
const weightsFile = join(root, 'start.h5');
afterAll(() => rmSync(root, { recursive: true }));

beforeAll(async () => {
  tf.enableProdMode();
  let grey = 0;
  for (const split of ['train', 'val', 'test']) {
    for (const name of CLASSES) {
      const folder = join(data, split, name);
      mkdirSync(folder, { recursive: true });
      for (let i = 0; i < PER_CLASS; i++) {
        const background = { r: (grey += 9), g: name === 'dark' ? 20 : 220, b: 0 };
        const create = { width: 32, height: 32, channels: 3, background } as const;
        await sharp({ create })
          .png()
          .toFile(join(folder, `${i}.png`));
      }
    }
  }
  const backbone = buildBackbone(ARCHITECTURE);
  initializeSeeded(backbone, 5);
  await writeKerasWeights(weightsFile, expectedLayers(backbone), readWeights(backbone));
  backbone.dispose();
});

let out: string;
beforeEach(() => {
  out = join(mkdtempSync(join(root, 'out-')), 'model');
});

const planOf = (changes: Partial<TrainingPlan>): TrainingPlan => ({
  ...{ model: 'latency', architecture: ARCHITECTURE, data, out, batchNorm: 'inference', keep: 'last' },
  ...{ seed: 1, threads: 1, augmentation: undefined, balanceClasses: false, allowLeakage: false },
  ...{ earlyStoppingEpochs: undefined, resume: false, demo: false },
  weights: 'seed:3',
  recipe: {
    ...RECIPES.latency,
    head: { epochs: 1, learningRate: 0.01 },
    fineTune: { ...RECIPES.latency.fineTune, epochs: 0 },
    batchSize: 2,
  },
  ...changes,
});

/** Trains a head for one epoch; returns the notes. */
async function run(changes: Partial<TrainingPlan> = {}, notes: string[] = []): Promise<string[]> {
  const nothing = () => undefined;
  await runTraining(planOf(changes), {
    onStep: nothing,
    onEpoch: nothing,
    onCount: ({ task, done, total }) => notes.push(`${task} ${done}/${total}`),
    note: (sentence) => notes.push(sentence),
  });
  return notes;
}

describe('before a download', () => {
  const fetchBefore = globalThis.fetch;
  const fetched = jest.fn(() => Promise.reject(new Error('no download expected')));
  beforeAll(() => {
    globalThis.fetch = fetched;
  });
  afterAll(() => {
    globalThis.fetch = fetchBefore;
  });
  beforeEach(() => fetched.mockClear());

  const start = (changes: Partial<TrainOptions>) => {
    const options: TrainOptions = {
      ...{ data, out, recipe: 'reference', weights: 'imagenet', augment: false, batchNorm: 'inference' },
      ...{ keep: 'last', seed: 1, ...changes },
    };
    return train('latency', options, { threads: 1, onnxCacheDir: join(root, 'onnx') });
  };

  test.each([
    [
      'a count of layers that the model does not have',
      { layersUnfrozen: 154 },
      '--layers-unfrozen must be a whole number from 0 to 153, the layers of mobilenetv2_1.00_224 behind its input, received 154',
    ],
    [
      'a missing data set',
      { data: join(root, 'nowhere') },
      `the data must be a folder with one folder per class, received ${join(root, 'nowhere')}, which is not a folder`,
    ],
    [
      'an --out that is a file',
      { out: weightsFile },
      `--out must be a folder that can be created and written to, received ${weightsFile} (EEXIST`,
    ],
    [
      'an --out below a file',
      { out: join(weightsFile, 'model') },
      `--out must be a folder that can be created and written to, received ${join(weightsFile, 'model')} (ENOTDIR`,
    ],
    [
      'an --out in --data',
      { out: join(data, 'models', 'new') },
      `--out must not be in the folder of --data, ${data}, received ${join(data, 'models', 'new')}: choose a folder beside it`,
    ],
    [
      'shares for a set with split folders',
      { splitShares: { train: 0.8, val: 0.1, test: 0.1 } },
      `--split-shares must be left out for ${data}, whose folders are the splits, received 0.8,0.1,0.1`,
    ],
    [
      '--data as --out',
      { out: data },
      `--out must not be in the folder of --data, ${data}, received ${data}`,
    ],
  ])('%s is refused, and leaves nothing', async (_, changes, message) => {
    await expect(start(changes)).rejects.toThrow(message);
    expect(fetched).not.toHaveBeenCalled();
    expect([out, join(data, 'models')].filter((each) => existsSync(each))).toEqual([]);
  });

  test('an --out in which another process trains is refused, and no file of it is touched', async () => {
    const unlock = lockOut({ data, out, resume: false });
    writeFileSync(join(out, 'model.json.1.tmp'), 'half written');
    await expect(start({})).rejects.toThrow(
      `--out ${out} must not be in use, received one in which process ${process.pid} on ${hostname()} trains since `,
    );
    expect(readdirSync(out).sort()).toEqual(['model.json.1.tmp', 'training.lock']);
    unlock();
  });

  test('a training that runs and has a checkpoint is in use, not one to resume', async () => {
    const unlock = lockOut({ data, out, resume: false });
    writeFileSync(join(out, 'checkpoint.safetensors'), '');
    await expect(start({})).rejects.toThrow(`--out ${out} must not be in use`);
    unlock();
    expect(() => lockOut({ data, out, resume: false })).toThrow('continue it with --resume');
    expect(readdirSync(out)).toEqual(['checkpoint.safetensors']);
  });

  test('a folder whose name begins like --data is beside it', () => {
    const beside = `${data}-models`;
    lockOut({ data, out: beside, resume: false })();
    expect(existsSync(beside)).toBe(false);
  });
});

test('weights of another architecture are refused before the images are read', async () => {
  const notes: string[] = [];
  await expect(run({ architecture: 'mobilenetv2', weights: weightsFile }, notes)).rejects.toThrow(
    'layer Conv1: kernel must have shape [3,3,3,32], received [3,3,3,16]',
  );
  expect(notes.join()).not.toContain('reading');
  const said = await run({ weights: weightsFile });
  expect(said.join()).toContain('4 images to train on');
  expect(said).toEqual(expect.arrayContaining(['reading 1/12', 'reading 12/12']));
});

const headOf = (epochs: number): Recipe => ({
  ...RECIPES.latency,
  head: { epochs, learningRate: 0.01 },
  fineTune: { ...RECIPES.latency.fineTune, epochs: 0 },
  batchSize: 2,
});
const savedWeights = (folder: string) => readSavedModel(folder).weights.sha256;

test('epochs added to a finished training give the weights of a training that had them from the start', async () => {
  await run();
  const short = savedWeights(out);
  await run({ recipe: headOf(3), resume: true });
  const added = savedWeights(out);
  expect(added).not.toBe(short);
  out = join(mkdtempSync(join(root, 'out-')), 'model');
  await run({ recipe: headOf(3) });
  expect(savedWeights(out)).toBe(added);
}, 120_000);

test('--finish writes the model of a training that was stopped, and --resume can go on', async () => {
  await run();
  const short = savedWeights(out);
  rmSync(join(out, 'model.json'));
  expect((await run({ recipe: headOf(3), finish: 'last' })).join()).toContain(
    'finished after 1 of 3 epochs of head, with the weights of the last epoch',
  );
  expect(savedWeights(out)).toBe(short);
  expect((await run({ recipe: headOf(3), finish: 'best' })).join()).toContain('of the best epoch');
  expect((await run({ recipe: headOf(3), resume: true })).join()).toContain('resumed after 1 of 3 epochs');
  expect(savedWeights(out)).not.toBe(short);
}, 120_000);

test('--finish without a training in --out is refused', async () => {
  await expect(run({ finish: 'best' })).rejects.toThrow(
    `--finish needs a training in --out ${out}, received none (no checkpoint.safetensors): correct --out, or omit --finish to start a training`,
  );
});

test('a training that scales its temperature says what it gained, and its card is of the scaled model', async () => {
  // The model answers light with a confidence of 99 %, and is right on four of six: val determines a temperature above 1.
  const lopsided = join(root, 'lopsided');
  cpSync(data, lopsided, { recursive: true });
  for (const r of [200, 210]) {
    await sharp({ create: { width: 32, height: 32, channels: 3, background: { r, g: 220, b: 0 } } })
      .png()
      .toFile(join(lopsided, 'val', 'light', `${r}.png`));
  }
  const plan = planOf({ data: lopsided, architecture: 'mobilenetv2', weights: 'demo' });
  const nothing = () => undefined;
  const progress = { onStep: nothing, onEpoch: nothing, onCount: nothing, note: nothing };
  const trained = await runTraining(plan, progress);
  const unscaled = savedWeights(out);
  const onnxCacheDir = join(out, 'onnx');
  const { facts, card } = await reportTraining(plan, trained, {
    ...{ temperatureScaling: true, onnxCacheDir, progress },
  });
  const ofVal = <T extends { readonly split: string }>(all: readonly T[]) =>
    all.find(({ split }) => split === 'val')!;
  const [before, after] = [ofVal(facts.temperature!.before), ofVal(facts.measured).evaluation];
  expect(facts.temperature!.value).toBeGreaterThan(1);
  expect(after.logLoss).toBeLessThan(before.logLoss);
  expect(facts.weightsSha256).toBe(savedWeights(out));
  expect(facts.weightsSha256).not.toBe(unscaled);
  expect(readFileSync(card, 'utf8')).toContain('Temperature scaling');
  // The graph of the unscaled model would stay in the cache for good.
  const graphs = readdirSync(onnxCacheDir).filter((name) => name.endsWith('.onnx'));
  expect(graphs).toEqual([basename(graphFile(out, onnxCacheDir))]);
}, 120_000);

describe('--resume', () => {
  test('accepts the same weights under another spelling of their path, but no other number', async () => {
    await run({ weights: weightsFile });
    const weights = relative('.', weightsFile);
    expect((await run({ weights, resume: true })).join()).toContain('resumed after 1 of 1 epoch of head');
    await expect(run({ weights, resume: true, seed: 2 })).rejects.toThrow(
      /belongs to another training: seed must be 1, received 2: resume with the original options/,
    );
  });

  test('without a training in --out is refused, so that a mistyped folder is noticed', async () => {
    await expect(run({ resume: true })).rejects.toThrow(
      `--resume needs a training in --out ${out}, received none (no checkpoint.safetensors): correct --out, or omit --resume to start a training`,
    );
    expect(existsSync(out)).toBe(false);
  });

  test('of a training that was stopped before its first checkpoint starts it over, and says so', async () => {
    mkdirSync(out);
    writeFileSync(join(out, 'history.jsonl'), '');
    expect(await run({ resume: true })).toContain('no epoch had been saved: the training starts over');
  });

  test('is offered if there is a checkpoint, and a finished model is never overwritten', async () => {
    await run();
    await expect(run()).rejects.toThrow('continue it with --resume, or choose another folder');
    rmSync(join(out, 'checkpoint.safetensors'));
    await expect(run()).rejects.toThrow('received one (model.json): choose another folder');
    await expect(run({ resume: true })).rejects.toThrow('--resume needs a training');
  });
});
