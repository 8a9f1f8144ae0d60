/**
 * After a training: measures the model on the images that it was not trained on, and writes the report.
 */
import { basename, join, relative } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { MAX_TRAINING_PIXELS } from '../data/decode';
import type { Engine } from '../engines/engine';
import { loadEngine } from '../engines/load';
import { readInt8File } from '../engines/onnxruntime/int8-file';
import { evaluateDataset } from '../evaluation/evaluate-dataset';
import { fitTemperature, MAX_TEMPERATURE, MIN_TEMPERATURE } from '../evaluation/temperature';
import { bestEntry, HISTORY_NAME, type HistoryEntry, readHistory } from '../training/history';
import {
  baseFacts,
  evaluateCommand,
  type ModelCardFacts,
  type StageFacts,
  type TemperatureFacts,
} from './model-facts';
import { PACKAGE_VERSION } from '../../files/package-version';
import { type Report, writeReport } from './report';
import { scaleHead } from './scale-head';
import { withTemporaryCache } from './temporary-cache';
import { readSavedModel } from '../weights/saved-model';
import { type StageName, STAGES } from '../recipes';
import type { ProgressReporter } from '../training/progress';
import type { TrainedModel, TrainingPlan } from '../training/run-training';

const MEASURED_SPLITS = ['val', 'test'] as const;

/** How a training is measured. */
export interface ReportOptions {
  /** Whether to scale the temperature on val. */
  readonly temperatureScaling: boolean;
  readonly onnxCacheDir: string;
  readonly progress: Pick<ProgressReporter, 'note' | 'onCount'>;
}

const open = ({ out, threads }: TrainingPlan, onnxCacheDir: string): Promise<Engine> =>
  loadEngine({ kind: 'onnxruntime', modelDir: out, threads, onnxCacheDir, precision: 'fp32' });

/** Measures the saved model on val and test with onnxruntime. */
async function measure(
  engine: Engine,
  { dataset: { splits } }: TrainedModel,
  { progress: { note, onCount } }: ReportOptions,
) {
  const measured = [];
  for (const split of MEASURED_SPLITS.filter((name) => splits[name].length > 0)) {
    note(`measuring on ${split}, ${splits[split].length} images`);
    const options = {
      maxPixels: MAX_TRAINING_PIXELS,
      onProgress: (done: number, total: number) => onCount({ task: `measuring on ${split}`, done, total }),
    };
    measured.push({ split, ...(await evaluateDataset(engine, splits[split], options)) });
  }
  await engine.dispose();
  return { measured, kind: engine.kind, version: engine.version };
}

type Measured = Awaited<ReturnType<typeof measure>>;

/** Fits a temperature on val and writes it into the saved model; undefined if val does not determine one. */
function scaleTemperature(
  { out }: TrainingPlan,
  { measured }: Measured,
  classCount: number,
  { progress }: ReportOptions,
): TemperatureFacts | undefined {
  const { labels, probabilities } = measured.find(({ split }) => split === 'val')!;
  const value = fitTemperature(labels, probabilities, classCount);
  if (value === undefined) {
    progress.note(
      `warning: val does not determine a temperature between ${MIN_TEMPERATURE} and ${MAX_TEMPERATURE}, as when the model makes no mistake there: it stays 1; give val more images`,
    );
    return undefined;
  }
  scaleHead(out, value);
  progress.note(`temperature ${value.toFixed(3)}, fitted on val: measuring again`);
  const before = measured.map(({ split, evaluation: { expectedCalibrationError, logLoss } }) => ({
    split,
    expectedCalibrationError,
    logLoss,
  }));
  return { value, before };
}

/**
 * Evaluates a trained model on val and test with onnxruntime, scales its temperature if asked to, and writes its report into
 * its folder.
 *
 * @throws Error naming an image that cannot be read any more
 */
export async function reportTraining(
  plan: TrainingPlan,
  trained: TrainedModel,
  options: ReportOptions,
): Promise<Report> {
  const { dataset, classWeights } = trained;
  const { note } = options.progress;
  const { out, recipe, augmentation, data } = plan;
  const { temperatureScaling, onnxCacheDir } = options;
  const measureWith = async (cacheDir: string) => measure(await open(plan, cacheDir), trained, options);
  const unscaled = await (temperatureScaling ? withTemporaryCache(measureWith) : measureWith(onnxCacheDir));
  const temperature = temperatureScaling
    ? scaleTemperature(plan, unscaled, dataset.classes.length, options)
    : undefined;
  const { measured, kind, version } = temperature === undefined ? unscaled : await measureWith(onnxCacheDir);
  const saved = readSavedModel(out);
  const { entries } = readHistory(join(out, HISTORY_NAME));
  // Names without paths of this machine.
  const name = basename(data);
  const nameOf = (path: string) => relative(data, path);
  const split: Pick<ModelCardFacts['data'], 'splitBy' | 'splitShares'> =
    typeof dataset.splitBy === 'object'
      ? { splitBy: 'seed', splitShares: dataset.splitBy.shares }
      : {
          splitBy: 'folders',
          ...(dataset.valDrawnBy === undefined ? {} : { splitShares: dataset.valDrawnBy.shares }),
        };
  const facts: Omit<ModelCardFacts, 'mistakes' | 'charts'> = {
    model: saved.model,
    architecture: saved.architecture,
    classes: saved.classes,
    base: baseFacts(saved.base),
    weightsSha256: saved.weights.sha256,
    data: {
      name,
      sha256: dataset.sha256,
      splitSha256: dataset.splitSha256,
      ...split,
      counts: countsOf(dataset.splits, dataset.classes.length),
    },
    seed: plan.seed,
    stages: stageFacts(plan, entries),
    batchSize: recipe.batchSize,
    ...(classWeights === undefined ? {} : { classWeights }),
    labelSmoothing: recipe.labelSmoothing ?? 0,
    ...(augmentation === undefined ? {} : { augmentation }),
    preprocessing: recipe.preprocessing,
    batchNorm: plan.batchNorm,
    versions: versions(version),
    measured: measured.map(({ split, evaluation }) => ({
      split,
      engine: `${kind} ${version}`,
      evaluation,
    })),
    ...(temperature === undefined ? {} : { temperature }),
    command: evaluateCommand(
      { name, ...split },
      { seed: plan.seed, leakage: dataset.leakage, hasTest: dataset.splits.test.length > 0 },
    ),
  };
  const main = measured.find(({ split }) => split === 'test') ?? measured[0]!;
  const report = await writeReport({
    folder: out,
    facts,
    history: entries,
    items: dataset.splits[main.split],
    measured: main,
    nameOf,
    maxPixels: MAX_TRAINING_PIXELS,
    int8: readInt8File(saved),
  });
  report.warnings.forEach((warning) => note(`warning: ${warning}`));
  return report;
}

const countsOf = (splits: TrainedModel['dataset']['splits'], classCount: number) => {
  const count = (items: readonly { readonly label: number }[]) =>
    Array.from({ length: classCount }, (_, label) => items.filter((item) => item.label === label).length);
  const counts = { train: count(splits.train), val: count(splits.val) };
  return splits.test.length === 0 ? counts : { ...counts, test: count(splits.test) };
};

function stageFacts(
  { recipe, keep, finish, earlyStoppingEpochs }: TrainingPlan,
  entries: readonly HistoryEntry[],
): StageFacts[] {
  const keptOf = (stage: StageName) => (stage === entries.at(-1)?.stage && finish) || keep;
  return STAGES.filter((stage) => recipe[stage].epochs > 0).map((stage) => {
    const trained = entries.filter((entry) => entry.stage === stage);
    const best = keptOf(stage) === 'best' ? bestEntry(trained) : undefined;
    const { epochs, learningRate, schedule = 'constant' } = recipe[stage];
    return {
      stage,
      epochsPlanned: epochs,
      epochsDone: trained.length,
      learningRate,
      schedule,
      layersUnfrozen: stage === 'head' ? 0 : recipe.fineTune.layersUnfrozen,
      ...(best === undefined ? {} : { keptEpoch: best.epoch }),
      ...(earlyStoppingEpochs !== undefined && finish === undefined && trained.length < epochs
        ? { stoppedEarly: true }
        : {}),
      seconds: trained.reduce((sum, { seconds }) => sum + seconds, 0),
    };
  });
}

function versions(onnxruntime: string): Record<string, string> {
  return {
    tandem: PACKAGE_VERSION,
    tfjs: tf.version.tfjs,
    onnxruntime,
    node: process.versions.node,
  };
}
