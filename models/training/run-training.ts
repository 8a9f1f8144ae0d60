/**
 * A training from a folder of images to a saved model: checks, reads the images, trains, saves.
 * `train-classifier.ts` trains both stages, `step.ts` takes one step; `report/report-training.ts` measures the result.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { fillFromBase } from '../weights/base-weights';
import type { ArchitectureId, ModelName } from '../catalog';
import { classWeights } from '../data/class-weights';
import { buildBackbone, buildClassifier } from '../architectures/classifier';
import { unfrozenLayers } from '../architectures/unfrozen-layers';
import { type Dataset, readDataset } from '../data/dataset';
import { type DatasetFiles, findDatasetFiles } from '../data/dataset-files';
import { formatShares, type SplitShares } from '../data/dataset-splits';
import { RESIZE } from '../data/decode';
import { checkTfjsNode, useTfjsNode } from '../engines/tfjs';
import { removeTemporaries } from '../../files/temporaries';
import { makeOut } from '../../files/write';
import { finishedTraining } from './finish-training';
import { appendHistory, HISTORY_NAME, truncateHistory } from './history';
import { checkOut } from './out-folder';
import { openInputPipeline } from '../data/input-pipeline';
import type { ProgressReporter } from './progress';
import { type Augmentation, type BatchNormMode, type KeptEpoch, type Recipe, STAGE_TITLES } from '../recipes';
import { type Base, writeSavedModel } from '../weights/saved-model';
import type { Weights } from '../weights/weights';
import { resolveBase } from './resolve-base';
import { CHECKPOINT_NAME, type Fingerprint, type TrainingState } from './checkpoint';
import { trainClassifier } from './train-classifier';

/** Everything that decides the result of a training, and where it is saved. */
export interface TrainingPlan {
  /** Name of the trained model. */
  readonly model: ModelName;
  readonly architecture: ArchitectureId;
  /** Folder of the data set. */
  readonly data: string;
  /** The base, as `--weights` names it. */
  readonly weights: string;
  readonly recipe: Recipe;
  readonly augmentation: Augmentation | undefined;
  readonly batchNorm: BatchNormMode;
  /** Whether class weights make rare classes count as much as common ones. */
  readonly balanceClasses: boolean;
  readonly seed: number;
  /** Threads of trunk and tail. With 1, the same plan gives the same weights bit for bit. */
  readonly threads: number;
  /** Ends a stage after this many epochs without a lower validation loss; undefined for never. */
  readonly earlyStoppingEpochs: number | undefined;
  /** Which weights each stage keeps: those of its last epoch, or of its best by validation accuracy. */
  readonly keep: 'last' | 'best';
  /** Shares of train, val and test where the seed draws them. @default DEFAULT_SHARES */
  readonly splitShares?: SplitShares | undefined;
  /** Whether an image that lies in two splits is a warning instead of an error. */
  readonly allowLeakage: boolean;
  /** Folder of the saved model, the checkpoints and the history. */
  readonly out: string;
  /** Whether to resume the training in `out`. */
  readonly resume: boolean;
  /** Ends the training in `out` with the weights of this epoch. @default it is trained to its end */
  readonly finish?: KeptEpoch | undefined;
  /** Whether the model is one of the project's demo models: marked as a demo, kernels stored in 8 bits. */
  readonly demo: boolean;
}

/** The facts of a finished training that its report needs; the model itself is in the folder `out`. */
export interface TrainedModel {
  readonly dataset: Dataset;
  /** Weight of each class in the loss; undefined if classes were not balanced. */
  readonly classWeights: readonly number[] | undefined;
}

/**
 * Trains a model, or resumes its training, and writes the saved model.
 *
 * @throws Error naming the option, what it must be and its value; options are checked before anything slow starts
 */
export async function runTraining(plan: TrainingPlan, progress: ProgressReporter): Promise<TrainedModel> {
  const { architecture, recipe, augmentation, seed, threads, out } = plan;
  const found = checkStart(plan);
  const { classes } = found;
  // Before a download.
  checkTfjsNode();
  const base = await resolveBase(plan.weights, architecture, out, progress.note);
  removeTemporaries(out);
  const history = join(out, HISTORY_NAME);
  // Also when resuming: a training that was killed between its first line and its first checkpoint starts over.
  if (!existsSync(join(out, CHECKPOINT_NAME))) {
    truncateHistory(history, undefined);
    if (plan.resume) progress.note('no epoch had been saved: the training starts over');
  }
  await useTfjsNode(threads);
  progress.note(
    `training on tfjs-node ${tf.version.tfjs}, frozen layers on onnxruntime, threads: ${threads}`,
  );
  const { preprocessing } = recipe;
  const classifier = buildClassifier(architecture, classes.length, { preprocessing });
  // Before the slow reading of images: the file may belong to another architecture.
  await fillFromBase(classifier, { architecture, base, folder: out });

  const dataset = await readImages(plan, found, progress);
  const { train, val } = dataset.splits;
  const balance = plan.balanceClasses ? classWeights(train.map(({ label }) => label)) : undefined;
  const fingerprint = fingerprintOf(plan, base, dataset);
  const save = (weights: Weights) => {
    const { model, demo } = plan;
    const metadata = { architecture, seed: String(seed) };
    writeSavedModel(out, { model, architecture, preprocessing, classes, demo, base }, weights, metadata);
  };
  if (plan.finish !== undefined) {
    classifier.dispose();
    const { weights, state } = finishedTraining(out, plan.finish, fingerprint);
    truncateHistory(history, state);
    progress.note(
      `finished after ${progressOf(state, recipe)}, with the weights of the ${plan.finish} epoch`,
    );
    save(weights);
    return { dataset, classWeights: balance };
  }
  const { batchSize } = recipe;
  const trainPipeline = openInputPipeline({ items: train, batchSize, augmentation, shuffle: true, seed });
  const valPipeline = openInputPipeline({ items: val, batchSize, seed, workers: 1, cacheBytes: 0 });
  try {
    const weights = await trainClassifier({
      ...plan,
      classifier,
      train:
        augmentation === undefined ? { ...trainPipeline, unchanging: trainPipeline.inOrder } : trainPipeline,
      validation: valPipeline,
      folder: out,
      fingerprint,
      ...(balance === undefined ? {} : { classWeights: balance }),
      onStep: progress.onStep,
      onEpoch: (record) => {
        appendHistory(history, { ...record, at: new Date().toISOString() });
        progress.onEpoch(record);
      },
      onResume: (state) => {
        truncateHistory(history, state);
        progress.note(`resumed after ${progressOf(state, recipe)}`);
        if (state.stopped) progress.note(`early stopping has ended ${STAGE_TITLES[state.stage]}`);
      },
    });
    save(weights);
  } finally {
    await Promise.all([trainPipeline.close(), valPipeline.close()]);
    classifier.dispose();
  }
  return { dataset, classWeights: balance };
}

/** `3 of 30 epochs of fine-tuning` */
function progressOf({ stage, epochsDone }: TrainingState, recipe: Recipe): string {
  const { epochs } = recipe[stage];
  return `${epochsDone} of ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} of ${STAGE_TITLES[stage]}`;
}

/**
 * Creates the folder of the saved model, and checks the options before anything slow (a download, reading the images, an
 * epoch) starts.
 *
 * @returns the files of the data set
 * @throws Error naming the option, what it must be and its value
 */
function checkStart(plan: TrainingPlan): DatasetFiles {
  const { architecture, data, out, recipe, resume, finish, splitShares } = plan;
  checkOut({ out, resume, finish });
  // Otherwise tfjs prints a greeting, with advice that does not apply here.
  tf.enableProdMode();
  const backbone = buildBackbone(architecture, { preprocessing: recipe.preprocessing });
  unfrozenLayers(backbone, recipe.fineTune.layersUnfrozen);
  backbone.dispose();
  const found = findDatasetFiles(data);
  if (splitShares !== undefined && found.splits.includes('val')) {
    throw new RangeError(
      `--split-shares must be left out for ${data}, whose folders are the splits, received ${formatShares(splitShares)}: leave it out, or put all images of a class into one folder`,
    );
  }
  makeOut(out);
  return found;
}

/** Reads the data set, and notes its classes and counts. */
async function readImages(
  { data, seed, splitShares, allowLeakage }: TrainingPlan,
  found: DatasetFiles,
  { note, onCount }: ProgressReporter,
): Promise<Dataset> {
  const dataset = await readDataset(data, {
    found,
    draw: { seed, shares: splitShares },
    allowLeakage,
    onProgress: (count) => onCount({ task: 'reading', ...count }),
    note,
  });
  const { train, val, test } = dataset.splits;
  note(
    `${data}: ${dataset.classes.length} classes (${dataset.classes.join(', ')}); ` +
      `${train.length} images to train on, ${val.length} to validate on, ${test.length} to test on`,
  );
  return dataset;
}

/** The base enters by its checksum, since a path can be spelt in several ways. */
function fingerprintOf(plan: TrainingPlan, base: Base, dataset: Dataset): Fingerprint {
  const { architecture, recipe, augmentation, batchNorm, balanceClasses, seed } = plan;
  const { earlyStoppingEpochs, keep } = plan;
  const { sha256, classes, splitSha256 } = dataset;
  return {
    ...{ architecture, recipe, augmentation, batchNorm, balanceClasses, seed, earlyStoppingEpochs, keep },
    base: base.kind === 'seed' ? `seed ${base.seed}` : base.sha256,
    data: { sha256, splitSha256, classes },
    resize: RESIZE,
  };
}
