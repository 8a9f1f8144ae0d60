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
import type { Dataset } from '../data/dataset';
import { findDatasetFiles } from '../data/dataset-files';
import type { EvaluatedSplit } from '../data/dataset-splits';
import { MAX_TRAINING_PIXELS } from '../data/decode';
import {
  checkPrecision,
  describeEngine,
  type Engine,
  type EngineKind,
  type Precision,
} from '../engines/engine';
import { loadEngine } from '../engines/load';
import { requireInt8 } from '../engines/onnxruntime/int8-file';
import { evaluateDataset } from '../evaluation/evaluate-dataset';
import { correctPredictions, type Evaluation } from '../evaluation/evaluation';
import { readSavedModel, type SavedModel } from '../weights/saved-model';
import { confusionTable } from './confusion-table';
import { classIndices, type LabelledImagesOptions, readImages } from './labelled-images';
import { imagesOf, measuredSplit, noteMissingClasses } from './measured-images';

/** What to measure, and how. */
export interface ComparisonOptions extends LabelledImagesOptions {
  /** @default the split or splits that {@link measuredSplit} chooses */
  readonly split?: EvaluatedSplit | undefined;
  readonly engine: EngineKind;
  /** Precisions to measure each model in. */
  readonly precisions: readonly Precision[];
  /** Threads of the engine. */
  readonly threads: number;
  readonly onnxCacheDir: string;
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
  readonly precision: Precision;
  /** Number of weights. */
  readonly parameters: number;
  readonly evaluation: Evaluation;
  /** Median latency of one image at a time, without decoding, milliseconds. */
  readonly latencyMedianMs: number;
  /** Image-by-image comparison with the first row, a model at a precision; absent for the first. */
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

/** @throws Error naming the remedy if a model cannot run in a precision: measuring the others takes minutes */
function checkPrecisions(
  models: readonly SavedModel[],
  { engine, precisions }: Pick<ComparisonOptions, 'engine' | 'precisions'>,
): void {
  for (const precision of precisions) {
    checkPrecision(engine, precision);
    if (precision === 'int8') models.forEach(requireInt8);
  }
}

/**
 * Measures saved models one after another on the same images.
 *
 * @param folders of the saved models; each is compared with the first
 * @throws Error, before an image is read, if a model's classes are not those of the data set, or if it cannot run in a
 *   precision
 */
export async function compareModels(
  folders: readonly string[],
  options: ComparisonOptions,
): Promise<Comparison> {
  const { data, engine: kind, precisions, threads, onnxCacheDir, note, onCount } = options;
  const found = findDatasetFiles(data, 'measure');
  const models = folders.map((folder) => {
    const saved = readSavedModel(folder);
    return { saved, indices: classIndices(saved, found.classes, { data, use: 'measure' }) };
  });
  checkPrecisions(
    models.map(({ saved }) => saved),
    options,
  );
  const dataset = await readImages(folders, found, options);
  const split = options.split ?? measuredSplit(dataset);
  const items = imagesOf(dataset, split, data);
  noteMissingClasses(models[0]!.saved, items, dataset, note);
  const measured: MeasuredModel[] = [];
  let first: { readonly correct: boolean[]; readonly engine: Comparison['engine'] } | undefined;
  const runs = models.flatMap((model) => precisions.map((precision) => ({ ...model, precision })));
  for (const { saved, indices, precision } of runs) {
    const { folder, architecture } = saved;
    const labelled = items.map(({ path, label }) => ({ path, label: indices[label]! }));
    note(`${folder}: ${items.length} images${ofSplit(split)} at ${precision}`);
    const engine = await loadEngine({ kind, modelDir: folder, threads, precision, onnxCacheDir });
    if (first === undefined) note(describeEngine(engine));
    const { evaluation, labels, probabilities } = await evaluateDataset(engine, labelled, {
      maxPixels: MAX_TRAINING_PIXELS,
      onProgress: (done, count) => onCount?.({ task: 'measuring', done, total: count }),
    });
    const latencyMedianMs = await medianLatencyMs(engine);
    await engine.dispose();
    const correct = correctPredictions(labels, probabilities, saved.classes.length);
    const parameters = countParameters(saved);
    const figures = { folder, architecture, precision, parameters, evaluation, latencyMedianMs };
    measured.push(
      first === undefined ? figures : { ...figures, againstFirst: comparePaired(correct, first.correct) },
    );
    first ??= { correct, engine: { kind: engine.kind, version: engine.version } };
  }
  const { sha256: dataSha256, splitBy } = dataset;
  return { data, dataSha256, split, splitBy, engine: first!.engine, threads, models: measured };
}

const ofSplit = (split: EvaluatedSplit) => (split === 'all' ? '' : ` of ${split}`);

/** Class names to list before the rest is counted. */
const MAX_NAMES = 10;

/** `a, b and 988 more`; empty for none. */
function namesOf(classes: readonly string[]): string {
  const more = classes.length - MAX_NAMES;
  const named = classes.slice(0, MAX_NAMES).map(escapeMarkdown).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
}

/** The comparison as Markdown; for a single model, with its classes and its confusion matrix. */
export function formatComparison({ split, engine, threads, models: measured }: Comparison): string {
  const head = [
    ...['model', 'architecture', 'precision', 'parameters', 'accuracy', '95 % interval', 'calibration error'],
    'latency, median ms',
    ...(measured.length > 1 ? ['difference from the first in points, 95 % interval'] : []),
  ];
  const rows = measured.map(
    ({ folder, architecture, precision, parameters, evaluation, latencyMedianMs, againstFirst }) => [
      ...[
        escapeMarkdown(folder),
        architecture,
        precision,
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
  const { images, perClass } = measured[0]!.evaluation;
  const { classes } = readSavedModel(measured[0]!.folder);
  const missing = namesOf(classes.filter((_, i) => perClass[i]!.support === 0));
  return `Measured on ${images} images${ofSplit(split)} with ${engine.kind}, ${threads} ${threads === 1 ? 'thread' : 'threads'}; latency: one image at a time, without decoding.${missing === '' ? '' : ` No images of ${missing}.`}

${table(head, rows)}
${measured.length === 1 ? formatClasses(measured[0]!) : ''}`;
}

function formatClasses({ folder, evaluation }: MeasuredModel): string {
  const { classes } = readSavedModel(folder);
  const share = (value: number | null) => (value === null ? '–' : percent(value));
  const rows = evaluation.perClass
    .map(({ support, precision, recall, f1 }, i) => [
      ...[escapeMarkdown(classes[i]!), support, share(precision), share(recall), f1?.toFixed(3) ?? '–'],
    ])
    // A folder of a few classes measures a model of a thousand too.
    .filter((_, i) => evaluation.perClass[i]!.support > 0);
  return `
${table(['class', 'images', 'precision', 'recall', 'F1'], rows)}

${confusionTable(evaluation.confusion, classes)}
`;
}
