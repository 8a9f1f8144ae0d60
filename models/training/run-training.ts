/**
 * A training from a folder of images to a saved model with its evidence.
 */
import { existsSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { fillFromBase } from '../weights/base-weights';
import type { ArchitectureId, ModelId } from '../catalog';
import { classWeights } from '../data/class-weights';
import { buildBackbone, buildClassifier } from '../architectures/classifier';
import { unfrozenLayers } from '../architectures/unfrozen-layers';
import { type Dataset, readDataset } from '../data/dataset';
import { type DatasetFiles, findDatasetFiles } from '../data/dataset-files';
import { RESIZE } from '../data/decode';
import { useTfjsNode } from '../engines/tfjs';
import { makeOut, removeTemporaries } from '../../files/write';
import { appendHistory, HISTORY_NAME, truncateHistory } from './history';
import { openInputPipeline } from '../data/input-pipeline';
import type { ProgressReporter } from './progress';
import { type Augmentation, type BatchNormMode, type Recipe, STAGE_TITLES } from '../recipes';
import { type Base, MANIFEST_NAME, writeSavedModel } from '../weights/saved-model';
import { resolveWeights } from './base-option';
import { CHECKPOINT_NAME, type Fingerprint } from './checkpoint';
import { trainClassifier } from './train-classifier';

/** All that decides a training's outcome, and where it goes. */
export interface TrainingPlan {
  readonly model: ModelId;
  readonly architecture: ArchitectureId;
  /** Folder of the images. */
  readonly data: string;
  /** What it starts from, as `--weights` names it. */
  readonly weights: string;
  readonly recipe: Recipe;
  readonly augmentation: Augmentation | undefined;
  readonly batchNorm: BatchNormMode;
  /** Whether rare classes count as much as common ones. */
  readonly balanceClasses: boolean;
  readonly seed: number;
  /** With one thread the same plan gives the same weights, bit for bit. */
  readonly threads: number;
  readonly earlyStoppingEpochs: number | undefined;
  readonly keep: 'last' | 'best';
  readonly allowLeakage: boolean;
  /** Folder of the saved model, and of the checkpoints until then. */
  readonly out: string;
  readonly resume: boolean;
  /** Whether it is a model that comes with the project: marked as a demo, its kernels stored in 8 bits. */
  readonly demo: boolean;
}

/** What is there once a training has ended. */
export interface TrainedModel {
  readonly dataset: Dataset;
  /** Weight of each class in the loss, where classes were balanced. */
  readonly weightsOfClasses: readonly number[] | undefined;
}

/** A base is its contents: a path may be spelt in many ways. */
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

/** @throws Error where another training's work would be lost, or there is none to go on with */
function checkOut({ out, resume }: Pick<TrainingPlan, 'out' | 'resume'>): void {
  const has = (name: string) => existsSync(join(out, name));
  if (resume) {
    // One that was killed before its first checkpoint has a history.
    if (has(CHECKPOINT_NAME) || (has(HISTORY_NAME) && !has(MANIFEST_NAME))) return;
    throw new Error(
      `--resume must find a training in --out ${out}, received no ${CHECKPOINT_NAME} there: correct --out, or leave --resume out to begin a training`,
    );
  }
  const name = [CHECKPOINT_NAME, MANIFEST_NAME].find(has);
  if (name === undefined) return;
  const remedy = name === CHECKPOINT_NAME ? 'go on with it by --resume, or choose' : 'choose';
  throw new Error(
    `--out ${out} must have no training in it, received one (${name}): ${remedy} another folder`,
  );
}

/**
 * Makes the folder of the saved model, and refuses what can be refused at once, so that no download, no set of images and
 * no epoch is waited for in vain.
 *
 * @returns the files of the data set
 * @throws Error naming the option, what it must be and what it is
 */
function checkStart({ architecture, data, out, recipe, resume }: TrainingPlan): DatasetFiles {
  checkOut({ out, resume });
  // Else tfjs greets with advice that is wrong here.
  tf.enableProdMode();
  const backbone = buildBackbone(architecture, { preprocessing: recipe.preprocessing });
  unfrozenLayers(backbone, recipe.fineTune.layersUnfrozen);
  backbone.dispose();
  const found = findDatasetFiles(data);
  makeOut(out);
  return found;
}

/** Reads the images and says what was found. */
async function readImages(
  { data, seed, allowLeakage }: TrainingPlan,
  found: DatasetFiles,
  { note, onCount }: ProgressReporter,
): Promise<Dataset> {
  const dataset = await readDataset(data, {
    found,
    seed,
    allowLeakage,
    onProgress: (count) => onCount({ task: 'reading', ...count }),
    note,
  });
  const { train, val, test } = dataset.splits;
  note(
    `${data}: ${dataset.classes.length} classes (${dataset.classes.join(', ')}); ` +
      `${train.length} images to train, ${val.length} to validate, ${test.length} to test`,
  );
  return dataset;
}

/** Trains, and writes the saved model; what was reached before is gone on from where the plan says so. */
export async function runTraining(plan: TrainingPlan, progress: ProgressReporter): Promise<TrainedModel> {
  const { architecture, recipe, augmentation, seed, threads, out } = plan;
  const found = checkStart(plan);
  const { classes } = found;
  const base = await resolveWeights(plan.weights, architecture, out, progress.note);
  removeTemporaries(out);
  const history = join(out, HISTORY_NAME);
  // Also of a training to go on with: killed between its first line and its first checkpoint, it starts anew.
  if (!existsSync(join(out, CHECKPOINT_NAME))) {
    truncateHistory(history, undefined);
    if (plan.resume) progress.note('the training had saved no epoch: it starts anew');
  }
  await useTfjsNode(threads);
  progress.note(`training on tfjs-node ${tf.version.tfjs}, its trunk on onnxruntime, threads: ${threads}`);
  const { preprocessing } = recipe;
  const classifier = buildClassifier(architecture, classes.length, { preprocessing });
  // Before the images, which take long to read: the file may be of another architecture.
  await fillFromBase(classifier, { architecture, base, folder: out });

  const dataset = await readImages(plan, found, progress);
  const { train, val } = dataset.splits;
  const weightsOfClasses = plan.balanceClasses ? classWeights(train.map(({ label }) => label)) : undefined;
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
      fingerprint: fingerprintOf(plan, base, dataset),
      ...(weightsOfClasses === undefined ? {} : { classWeights: weightsOfClasses }),
      onStep: progress.onStep,
      onEpoch: (record) => {
        appendHistory(history, { ...record, at: new Date().toISOString() });
        progress.onEpoch(record);
      },
      onResume: (state) => {
        truncateHistory(history, state);
        const { stage, epochsDone } = state;
        const { epochs } = recipe[stage];
        progress.note(
          `resumed after ${epochsDone} of ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} of ${STAGE_TITLES[stage]}`,
        );
      },
    });
    const { model, demo } = plan;
    const metadata = { architecture, seed: String(seed) };
    const fields = { model, architecture, preprocessing, classes, demo, base };
    writeSavedModel(out, fields, weights, metadata);
  } finally {
    await Promise.all([trainPipeline.close(), valPipeline.close()]);
    classifier.dispose();
  }
  return { dataset, weightsOfClasses };
}

/** How a data set's folder and its images are called in a report: nothing of this machine's paths. */
export const namesOf = (data: string) => ({
  name: basename(data),
  nameOf: (path: string) => relative(data, path),
});
