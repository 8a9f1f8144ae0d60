/**
 * Saved models on the same images, side by side: accuracy, size and latency, each measured here and now.
 */
import * as tf from '@tensorflow/tfjs';

import { buildClassifier } from '../architectures/classifier';
import { INPUT_SHAPE } from '../catalog';
import { type Dataset, readDataset } from '../data/dataset';
import { type DatasetFiles, findDatasetFiles } from '../data/dataset-files';
import { MAX_TRAINING_PIXELS } from '../data/decode';
import { describeEngine, type Engine, type EngineKind } from '../engines/engine';
import { loadEngine } from '../engines/load';
import { evaluateDataset } from '../evaluation/evaluate-dataset';
import { type Evaluation, rightAnswers } from '../evaluation/evaluation';
import { escapeMarkdown, table } from '../../charts/markdown';
import { percent, points } from '../../charts/percent';
import type { ProgressReporter } from '../training/progress';
import { DEFAULT_SEED } from '../recipes';
import { trainingSeed } from './training-seed';
import { comparePaired, type PairedComparison } from '../../statistics/paired-comparison';
import type { EvaluatedSplit } from '../data/dataset-splits';
import { readSavedModel, type SavedModel } from '../weights/saved-model';

export interface ComparisonOptions {
  /** Folder of the images. */
  readonly data: string;
  readonly split: EvaluatedSplit;
  /** Of the splits, where the set has none. @default the training's of the first model whose training is known */
  readonly seed?: number;
  readonly allowLeakage: boolean;
  readonly engine: EngineKind;
  readonly threads: number;
  readonly onnxCacheDir: string;
  readonly note: (sentence: string) => void;
  readonly onCount?: ProgressReporter['onCount'];
}

/** What was measured, and on what. */
export interface Comparison {
  /** Folder of the images, as it was given. */
  readonly data: string;
  /** Checksum of the whole set. */
  readonly dataSha256: string;
  readonly split: EvaluatedSplit;
  readonly splitBy: Dataset['splitBy'];
  readonly engine: Pick<Engine, 'kind' | 'version'>;
  readonly threads: number;
  readonly models: readonly MeasuredModel[];
}

/** What was measured of one model. */
export interface MeasuredModel {
  readonly folder: string;
  readonly architecture: SavedModel['architecture'];
  readonly parameters: number;
  readonly evaluation: Evaluation;
  /** Of one image at a time, decoding not counted, milliseconds. */
  readonly latencyMedianMs: number;
  /** Against the first model, image by image; the first has none. */
  readonly againstFirst?: PairedComparison;
}

const WARM_UP_RUNS = 5;
const TIMED_RUNS = 30;

/** Median time of one image, milliseconds. */
async function medianLatencyMs(engine: Engine): Promise<number> {
  const image = new Float32Array(INPUT_SHAPE.reduce((product, size) => product * size, 1)).fill(0.5);
  const times: number[] = [];
  for (let run = 0; run < WARM_UP_RUNS + TIMED_RUNS; run++) {
    const started = performance.now();
    await engine.predict(image, 1);
    if (run >= WARM_UP_RUNS) times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[TIMED_RUNS / 2]!;
}

/** Its weights do not matter for that. */
function parametersOf({ architecture, classes }: SavedModel): number {
  // Without it, tfjs greets on stderr.
  tf.enableProdMode();
  const classifier = buildClassifier(architecture, classes.length);
  const count = classifier.countParams();
  classifier.dispose();
  return count;
}

/**
 * The data set's classes as a model's indices.
 *
 * @throws RangeError where a model does not know the same classes
 */
function classIndices({ folder, classes }: SavedModel, found: readonly string[], data: string): number[] {
  if (String([...classes].sort()) !== String([...found].sort())) {
    throw new RangeError(
      `${folder} must know the classes of ${data}, ${found.join(', ')}, received ${classes.join(', ')}`,
    );
  }
  return found.map((name) => classes.indexOf(name));
}

/** Reads the set, and says what a user must know of it before its figures are believed. */
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
        ? `warning: split by seed ${seed}, since no model's folder has its training's: images that a model was trained on may be measured; give the training's with --seed`
        : `split by seed ${seed}, that of the training of ${trainings[0].folder}`,
    );
  }
  for (const { folder, seed: own } of trainings.filter((training) => training.seed !== seed)) {
    note(
      `warning: ${folder} was trained with seed ${own}, and these images are split by seed ${seed}: where they are its training's, it is measured on images that it was trained on; measure it with --seed ${own}`,
    );
  }
  return dataset;
}

/**
 * Measures saved models one after the other on the images of a split.
 *
 * @throws RangeError where a model does not know the same classes, before anything is measured
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
  let first: { readonly right: boolean[]; readonly engine: Comparison['engine'] } | undefined;
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
    const right = rightAnswers(labels, probabilities, saved.classes.length);
    const figures = { folder, architecture, parameters: parametersOf(saved), evaluation, latencyMedianMs };
    measured.push(
      first === undefined ? figures : { ...figures, againstFirst: comparePaired(right, first.right) },
    );
    first ??= { right, engine: { kind: engine.kind, version: engine.version } };
  }
  const { sha256: dataSha256, splitBy } = dataset;
  return { data, dataSha256, split, splitBy, engine: first!.engine, threads, models: measured };
}

/** The comparison as Markdown; with one model, its classes and confusion too. */
export function formatComparison({ split, engine, threads, models: measured }: Comparison): string {
  const head = [
    ...['model', 'architecture', 'parameters', 'accuracy', '95 % interval', 'calibration error'],
    'latency, median ms',
    ...(measured.length > 1 ? ['points against the first, 95 % interval'] : []),
  ];
  const rows = measured.map(
    ({ folder, architecture, parameters, evaluation, latencyMedianMs, againstFirst }) => [
      ...[
        escapeMarkdown(folder),
        architecture,
        `${(parameters / 1e6).toFixed(2)} M`,
        percent(evaluation.accuracy),
      ],
      `${percent(evaluation.interval95[0])} to ${percent(evaluation.interval95[1])}`,
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
  return `Measured on ${images} images of ${split} with ${engine.kind}, ${threads} ${threads === 1 ? 'thread' : 'threads'}; latency of one image at a time, decoding not counted.

${table(head, rows)}
${measured.length === 1 ? formatClasses(measured[0]!) : ''}`;
}

function formatClasses({ folder, evaluation }: MeasuredModel): string {
  const names = readSavedModel(folder).classes.map(escapeMarkdown);
  const share = (value: number | null) => (value === null ? '–' : percent(value));
  const classes = evaluation.perClass.map(({ support, precision, recall, f1 }, i) => [
    ...[names[i]!, support, share(precision), share(recall), f1?.toFixed(3) ?? '–'],
  ]);
  const confusion = evaluation.confusion.map((row, i) => [`**${names[i]}**`, ...row]);
  return `
${table(['class', 'images', 'precision', 'recall', 'F1'], classes)}

Confusion (rows: true class; columns: predicted):

${table(['', ...names], confusion)}
`;
}
