/**
 * Saved models on the same pictures, side by side: accuracy, size and latency, each measured here and now.
 */
import { buildClassifier } from '../architectures/classifier';
import { INPUT_SHAPE } from '../catalog';
import { type Dataset, readDataset } from '../data/dataset';
import { MAX_TRAINING_PIXELS } from '../data/decode';
import type { Engine, EngineKind } from '../engines/engine';
import { loadEngine } from '../engines/load';
import { evaluateDataset } from './evaluate-dataset';
import type { Evaluation } from './evaluation';
import { escapeMarkdown, table } from '../report/markdown';
import { comparePaired, type PairedComparison, rightAnswers } from './paired-comparison';
import { readSavedModel, type SavedModel } from '../weights/saved-model';
import type { EvaluatedSplit } from '../option-parsers';

export interface ComparisonOptions {
  /** Folder of the pictures. */
  readonly data: string;
  readonly split: EvaluatedSplit;
  /** Of the splits, where the set has none: the one of the training. */
  readonly seed: number;
  readonly allowLeakage: boolean;
  readonly engine: EngineKind;
  readonly threads: number;
  readonly onnxCacheDir: string;
  readonly note: (sentence: string) => void;
}

/** What was measured of one model. */
export interface MeasuredModel {
  readonly folder: string;
  readonly architecture: SavedModel['architecture'];
  readonly parameters: number;
  readonly evaluation: Evaluation;
  /** Of one picture at a time, decoding not counted, milliseconds. */
  readonly latencyMedianMs: number;
  /** Against the first model, picture by picture; the first has none. */
  readonly againstFirst?: PairedComparison;
}

const WARM_UP_RUNS = 5;
const TIMED_RUNS = 30;

/** Median time of one picture, milliseconds. */
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
function classIndices({ folder, classes }: SavedModel, dataset: Dataset, data: string): number[] {
  if (String([...classes].sort()) !== String([...dataset.classes].sort())) {
    throw new RangeError(
      `${folder} must know the classes of ${data}, ${dataset.classes.join(', ')}, received ${classes.join(', ')}`,
    );
  }
  return dataset.classes.map((name) => classes.indexOf(name));
}

/** Measures saved models one after the other on the pictures of a split. */
export async function compareModels(
  folders: readonly string[],
  { data, split, seed, allowLeakage, engine: kind, threads, onnxCacheDir, note }: ComparisonOptions,
): Promise<MeasuredModel[]> {
  const dataset = await readDataset(data, { seed, allowLeakage });
  dataset.warnings.forEach((warning) => note(`warning: ${warning}`));
  const { val, test } = dataset.splits;
  const items = { val, test, 'val+test': [...val, ...test] }[split];
  const measured: MeasuredModel[] = [];
  let first: boolean[] | undefined;
  for (const folder of folders) {
    const saved = readSavedModel(folder);
    const indices = classIndices(saved, dataset, data);
    const labelled = items.map(({ path, label }) => ({ path, label: indices[label]! }));
    note(`${folder}: ${items.length} pictures of ${split}`);
    const engine = await loadEngine({ kind, modelDir: folder, threads, onnxCacheDir });
    const { evaluation, labels, probabilities } = await evaluateDataset(engine, labelled, {
      maxPixels: MAX_TRAINING_PIXELS,
    });
    const latencyMedianMs = await medianLatencyMs(engine);
    await engine.dispose();
    const right = rightAnswers(labels, probabilities, saved.classes.length);
    const { architecture } = saved;
    const figures = {
      folder,
      architecture,
      parameters: parametersOf(saved),
      evaluation,
      latencyMedianMs,
    };
    measured.push(first === undefined ? figures : { ...figures, againstFirst: comparePaired(right, first) });
    first ??= right;
  }
  return measured;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const points = (share: number) => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)}`;

/** The comparison as Markdown; with one model, its classes and confusion too. */
export function formatComparison(
  measured: readonly MeasuredModel[],
  { split, engine, threads }: Pick<ComparisonOptions, 'split' | 'engine' | 'threads'>,
): string {
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
  return `Measured on ${images} pictures of ${split} with ${engine}, ${threads} ${threads === 1 ? 'thread' : 'threads'}; latency of one picture at a time, decoding not counted.

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
${table(['class', 'pictures', 'precision', 'recall', 'F1'], classes)}

Confusion (rows: true class; columns: predicted):

${table(['', ...names], confusion)}
`;
}
