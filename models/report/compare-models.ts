/**
 * Compares saved models on the same images: accuracy, size and latency, all measured in this process.
 */
import * as tf from '@tensorflow/tfjs';

import { escapeMarkdown, table } from '../../charts/markdown';
import { percent, percentRange, points } from '../../charts/percent';
import { comparePaired, type PairedComparison } from '../../statistics/paired-comparison';
import { percentile } from '../../statistics/percentile';
import { buildClassifier } from '../architectures/classifier';
import { INPUT_SHAPE } from '../catalog';
import { type Dataset, readDataset } from '../data/dataset';
import { type DatasetFiles, findDatasetFiles } from '../data/dataset-files';
import type { EvaluatedSplit } from '../data/dataset-splits';
import { MAX_TRAINING_PIXELS } from '../data/decode';
import { describeEngine, type Engine, type EngineKind } from '../engines/engine';
import { loadEngine } from '../engines/load';
import { evaluateDataset } from '../evaluation/evaluate-dataset';
import { correctPredictions, type Evaluation } from '../evaluation/evaluation';
import { DEFAULT_SEED } from '../recipes';
import type { ProgressReporter } from '../training/progress';
import { readSavedModel, type SavedModel } from '../weights/saved-model';
import { confusionTable } from './confusion-table';
import { trainingSeed } from './training-seed';

/** What to measure, and how. */
export interface ComparisonOptions {
  /** Folder of the data set. */
  readonly data: string;
  readonly split: EvaluatedSplit;
  /**
   * Seed that splits a data set without split folders.
   *
   * @default the training seed of the first model whose folder records one, else {@link DEFAULT_SEED}
   */
  readonly seed?: number;
  /** Whether an image that lies in two splits is a warning instead of an error. */
  readonly allowLeakage: boolean;
  readonly engine: EngineKind;
  /** Threads of the engine. */
  readonly threads: number;
  readonly onnxCacheDir: string;
  /** Receives warnings and progress as sentences. */
  readonly note: (sentence: string) => void;
  readonly onCount?: ProgressReporter['onCount'];
}

/** The measured models, and what they were measured on. */
export interface Comparison {
  /** Folder of the data set, as given. */
  readonly data: string;
  /** SHA-256 of the whole data set. */
  readonly dataSha256: string;
  readonly split: EvaluatedSplit;
  readonly splitBy: Dataset['splitBy'];
  readonly engine: Pick<Engine, 'kind' | 'version'>;
  readonly threads: number;
  readonly models: readonly MeasuredModel[];
}

/** The figures of one model. */
export interface MeasuredModel {
  readonly folder: string;
  readonly architecture: SavedModel['architecture'];
  /** Number of weights. */
  readonly parameters: number;
  readonly evaluation: Evaluation;
  /** Median latency of one image at a time, without decoding, milliseconds. */
  readonly latencyMedianMs: number;
  /** Image-by-image comparison with the first model; absent for the first. */
  readonly againstFirst?: PairedComparison;
}

const WARM_UP_RUNS = 5;
const TIMED_RUNS = 30;

/** Median latency of one image, milliseconds. */
async function medianLatencyMs(engine: Engine): Promise<number> {
  const image = new Float32Array(INPUT_SHAPE.reduce((product, size) => product * size, 1)).fill(0.5);
  const latenciesMs: number[] = [];
  for (let run = 0; run < WARM_UP_RUNS + TIMED_RUNS; run++) {
    const started = performance.now();
    await engine.predict(image, 1);
    if (run >= WARM_UP_RUNS) latenciesMs.push(performance.now() - started);
  }
  return percentile(latenciesMs, 0.5);
}

/** Number of weights, counted on a fresh build: their values do not matter. */
function countParameters({ architecture, classes }: SavedModel): number {
  // Otherwise tfjs prints a greeting to stderr.
  tf.enableProdMode();
  const classifier = buildClassifier(architecture, classes.length);
  const count = classifier.countParams();
  classifier.dispose();
  return count;
}

/**
 * The model's class index of each class of the data set.
 *
 * @throws RangeError if the model's classes are not those of the data set
 */
function classIndices({ folder, classes }: SavedModel, found: readonly string[], data: string): number[] {
  if (String([...classes].sort()) !== String([...found].sort())) {
    throw new RangeError(
      `${folder} must have the classes of ${data}, ${found.join(', ')}, received ${classes.join(', ')}: choose a model trained on these classes, or another data set`,
    );
  }
  return found.map((name) => classes.indexOf(name));
}

/** Reads the data set, and warns if the figures may include images that a model was trained on. */
async function readImages(
  folders: readonly string[],
  found: DatasetFiles,
  { data, seed: given, allowLeakage, note, onCount }: ComparisonOptions,
): Promise<Dataset> {
  const trainings = folders.flatMap((folder) => {
    const seed = trainingSeed(folder);
    return seed === undefined ? [] : [{ folder, seed }];
  });
  const seed = given ?? trainings[0]?.seed ?? DEFAULT_SEED;
  const dataset = await readDataset(data, {
    found,
    seed,
    allowLeakage,
    note,
    onProgress: (count) => onCount?.({ task: 'reading', ...count }),
  });
  if (dataset.splitBy === 'folders') return dataset;
  if (given === undefined) {
    note(
      trainings[0] === undefined
        ? `warning: split by seed ${seed}, because no model folder records its training seed; the split may contain training images: pass the training seed with --seed`
        : `split by seed ${seed}, the training seed of ${trainings[0].folder}`,
    );
  }
  for (const { folder, seed: own } of trainings.filter((training) => training.seed !== seed)) {
    note(
      `warning: ${folder} was trained with seed ${own}, but these images are split by seed ${seed}; if it was trained on this data set, the split contains its training images: measure it with --seed ${own}`,
    );
  }
  return dataset;
}

/**
 * Measures saved models one after another on the images of a split.
 *
 * @param folders of the saved models; each is compared with the first
 * @throws RangeError, before anything is measured, if a model's classes are not those of the data set
 */
export async function compareModels(
  folders: readonly string[],
  options: ComparisonOptions,
): Promise<Comparison> {
  const { data, split, engine: kind, threads, onnxCacheDir, note, onCount } = options;
  const found = findDatasetFiles(data);
  const models = folders.map((folder) => {
    const saved = readSavedModel(folder);
    return { saved, indices: classIndices(saved, found.classes, data) };
  });
  const dataset = await readImages(folders, found, options);
  const { val, test } = dataset.splits;
  const items = { val, test, 'val+test': [...val, ...test] }[split];
  const measured: MeasuredModel[] = [];
  let first: { readonly correct: boolean[]; readonly engine: Comparison['engine'] } | undefined;
  for (const { saved, indices } of models) {
    const { folder, architecture } = saved;
    const labelled = items.map(({ path, label }) => ({ path, label: indices[label]! }));
    note(`${folder}: ${items.length} images of ${split}`);
    const engine = await loadEngine({ kind, modelDir: folder, threads, onnxCacheDir });
    if (first === undefined) note(describeEngine(engine));
    const { evaluation, labels, probabilities } = await evaluateDataset(engine, labelled, {
      maxPixels: MAX_TRAINING_PIXELS,
      onProgress: (done, count) => onCount?.({ task: 'measuring', done, total: count }),
    });
    const latencyMedianMs = await medianLatencyMs(engine);
    await engine.dispose();
    const correct = correctPredictions(labels, probabilities, saved.classes.length);
    const figures = { folder, architecture, parameters: countParameters(saved), evaluation, latencyMedianMs };
    measured.push(
      first === undefined ? figures : { ...figures, againstFirst: comparePaired(correct, first.correct) },
    );
    first ??= { correct, engine: { kind: engine.kind, version: engine.version } };
  }
  const { sha256: dataSha256, splitBy } = dataset;
  return { data, dataSha256, split, splitBy, engine: first!.engine, threads, models: measured };
}

/** The comparison as Markdown; for a single model, with its classes and its confusion matrix. */
export function formatComparison({ split, engine, threads, models: measured }: Comparison): string {
  const head = [
    ...['model', 'architecture', 'parameters', 'accuracy', '95 % interval', 'calibration error'],
    'latency, median ms',
    ...(measured.length > 1 ? ['difference from the first in points, 95 % interval'] : []),
  ];
  const rows = measured.map(
    ({ folder, architecture, parameters, evaluation, latencyMedianMs, againstFirst }) => [
      ...[
        escapeMarkdown(folder),
        architecture,
        `${(parameters / 1e6).toFixed(2)} M`,
        percent(evaluation.accuracy),
      ],
      percentRange(evaluation.interval95),
      percent(evaluation.expectedCalibrationError),
      latencyMedianMs.toFixed(1),
      ...(measured.length === 1
        ? []
        : [
            againstFirst === undefined
              ? '–'
              : `${points(againstFirst.difference)} (${againstFirst.interval95.map(points).join(' to ')})`,
          ]),
    ],
  );
  const { images } = measured[0]!.evaluation;
  return `Measured on ${images} images of ${split} with ${engine.kind}, ${threads} ${threads === 1 ? 'thread' : 'threads'}; latency: one image at a time, without decoding.

${table(head, rows)}
${measured.length === 1 ? formatClasses(measured[0]!) : ''}`;
}

function formatClasses({ folder, evaluation }: MeasuredModel): string {
  const { classes } = readSavedModel(folder);
  const share = (value: number | null) => (value === null ? '–' : percent(value));
  const rows = evaluation.perClass.map(({ support, precision, recall, f1 }, i) => [
    ...[escapeMarkdown(classes[i]!), support, share(precision), share(recall), f1?.toFixed(3) ?? '–'],
  ]);
  return `
${table(['class', 'images', 'precision', 'recall', 'F1'], rows)}

Confusion matrix (rows: true class; columns: predicted class):

${confusionTable(evaluation.confusion, classes)}
`;
}
