import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RECIPES, type StageName } from '../../../models/recipes';
import {
  bestFileOf,
  CHECKPOINT_NAME,
  keptCheckpoints,
  readCheckpoint,
  type TrainingState,
  writeCheckpoint,
} from '../../../models/training/checkpoint';
import { finishedTraining } from '../../../models/training/finish-training';

const FINGERPRINT = { recipe: RECIPES.latency, seed: 1 };
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tandem-finish-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const tensor = (value: number) => ({ shape: [1], values: Float32Array.of(value) });

/** Writes a checkpoint whose weight is `weight`. */
function write(
  stage: StageName,
  epochsDone: number,
  weight: number,
  file = join(folder, CHECKPOINT_NAME),
  bestEpoch?: number,
) {
  const best = bestEpoch === undefined ? undefined : { epoch: bestEpoch, accuracy: 0.5, loss: 1 };
  const state: TrainingState = { stage, epochsDone, optimizerStep: 9, best, stopped: false };
  const tensors = new Map([
    ['predictions/kernel', tensor(weight)],
    ['adam/m/predictions/kernel', tensor(7)],
  ]);
  writeCheckpoint(file, { state, fingerprint: FINGERPRINT, tensors });
}

test('a training ends with the weights of the last or the best epoch of its stage, without moments', () => {
  write('fineTune', 3, 3);
  write('fineTune', 2, 2, bestFileOf(folder, 'fineTune'));
  write('head', 1, 1, bestFileOf(folder, 'head'));
  const [last, best] = (['last', 'best'] as const).map((which) =>
    finishedTraining(folder, which, FINGERPRINT),
  );
  expect([...last!.weights]).toEqual([['predictions/kernel', tensor(3)]]);
  expect([...best!.weights]).toEqual([['predictions/kernel', tensor(2)]]);
  // The history reaches up to the last epoch, whichever is kept.
  expect([last!.state.epochsDone, best!.state.epochsDone]).toEqual([3, 3]);
});

test('the best epoch’s weights are refused if they are of an epoch that the training was stopped in', () => {
  write('head', 4, 4, undefined, 2);
  write('head', 5, 5, bestFileOf(folder, 'head'), 5);
  expect(() => finishedTraining(folder, 'best', FINGERPRINT)).toThrow(
    `${bestFileOf(folder, 'head')} must hold epoch 2, the best so far, received epoch 5, in which the training was stopped: continue it with --resume, or choose --finish last`,
  );
  expect([...finishedTraining(folder, 'last', FINGERPRINT).weights]).toEqual([
    ['predictions/kernel', tensor(4)],
  ]);
});

test('what a training keeps are the checkpoints that its folder holds, with their size', () => {
  expect(keptCheckpoints(folder)).toEqual({ names: [], bytes: 0 });
  write('fineTune', 3, 3);
  write('head', 1, 1, bestFileOf(folder, 'head'));
  const { names, bytes } = keptCheckpoints(folder);
  expect(names).toEqual(['checkpoint.safetensors', 'head-best.safetensors']);
  expect(bytes).toBe(names.reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0));
});

test('a training without an epoch, or without a best one, is refused with what to do', () => {
  expect(() => finishedTraining(folder, 'last', FINGERPRINT)).toThrow(
    `--finish last needs a complete epoch in ${folder}, received none: continue it with --resume`,
  );
  write('head', 1, 1);
  expect(() => finishedTraining(folder, 'best', FINGERPRINT)).toThrow(
    `--finish best needs a complete epoch with validation in ${folder}, received none: choose --finish last`,
  );
});

describe('a training that resumes', () => {
  test.each([
    ['Latin with accents', ['café', 'thé']],
    ['more than one byte of padding', ['éééé', 'üüüü', 'cat', 'd']],
    ['Chinese', ['犬', '猫']],
    ['outside the first plane', ['🐈', '🐕']],
  ])('gets its state and weights back with class names in %s', (_, classes) => {
    const fingerprint = { ...FINGERPRINT, data: { classes } };
    const state: TrainingState = { stage: 'head', epochsDone: 2, optimizerStep: 9, stopped: false };
    const tensors = new Map([['predictions/kernel', { shape: [3], values: Float32Array.of(1.5, -2, 3) }]]);
    for (const file of [join(folder, CHECKPOINT_NAME), bestFileOf(folder, 'head')]) {
      writeCheckpoint(file, { state, fingerprint, tensors });
      expect(readCheckpoint(file, fingerprint)).toEqual({ state, fingerprint, tensors });
    }
    for (const which of ['last', 'best'] as const)
      expect(finishedTraining(folder, which, fingerprint)).toEqual({ weights: tensors, state });
  });

  const { head, fineTune, ...rest } = RECIPES.latency;
  const read = (headEpochs: number, fineTuneEpochs: number) =>
    readCheckpoint(join(folder, CHECKPOINT_NAME), {
      ...FINGERPRINT,
      recipe: {
        ...rest,
        head: { ...head, epochs: headEpochs },
        fineTune: { ...fineTune, epochs: fineTuneEpochs },
      },
    });

  test('may have more epochs in its stage and in later ones', () => {
    write('head', 30, 1);
    expect(read(head.epochs + 1, fineTune.epochs + 1)?.state.epochsDone).toBe(30);
    write('fineTune', 100, 1);
    expect(read(head.epochs, fineTune.epochs + 5)?.state.epochsDone).toBe(100);
  });

  test('may have any options of fine-tuning if it was to have none', () => {
    const withoutFineTuning = {
      ...{ seed: 1, batchNorm: 'inference' },
      recipe: { ...RECIPES.latency, fineTune: { ...fineTune, epochs: 0 } },
    };
    const file = join(folder, CHECKPOINT_NAME);
    const state: TrainingState = { stage: 'head', epochsDone: 30, optimizerStep: 9, stopped: false };
    const tensors = new Map([['predictions/kernel', tensor(1)]]);
    writeCheckpoint(file, { state, fingerprint: withoutFineTuning, tensors });
    const wanted = (batchNorm: string, epochs: number) => ({
      ...{ seed: 1, batchNorm },
      recipe: { ...RECIPES.latency, fineTune: { ...fineTune, epochs, layersUnfrozen: 9 } },
    });
    expect(readCheckpoint(file, wanted('batch', 5))?.state.epochsDone).toBe(30);
    writeCheckpoint(file, { state, fingerprint: wanted('inference', 5), tensors });
    expect(() => readCheckpoint(file, wanted('batch', 5))).toThrow(
      'batchNorm must be "inference", received "batch"',
    );
  });

  test('may not have fewer, nor more in a stage that a later one was built on', () => {
    write('fineTune', 1, 1);
    expect(() => read(head.epochs, fineTune.epochs - 1)).toThrow(
      `recipe.fineTune.epochs must be ${fineTune.epochs}, received ${fineTune.epochs - 1}`,
    );
    expect(() => read(head.epochs + 1, fineTune.epochs)).toThrow(
      `recipe.head.epochs must be ${head.epochs}, received ${head.epochs + 1}`,
    );
  });
});
