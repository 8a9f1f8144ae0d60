/**
 * Calibrates a saved model for int8 on a user's images, measures what it costs, and lets the gate decide.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { writeFileAtomic } from '../../files/write';
import { findDatasetFiles } from '../data/dataset-files';
import { MAX_TRAINING_PIXELS } from '../data/decode';
import { type Calibrated, calibrate } from '../engines/onnxruntime/calibrate';
import { openEngine } from '../engines/onnxruntime/engine';
import { cachedGraph } from '../engines/onnxruntime/graph-cache';
import { type Int8Cost, writeInt8File } from '../engines/onnxruntime/int8-file';
import { evaluateDataset, type LabelledFile } from '../evaluation/evaluate-dataset';
import { readImage } from '../evaluation/predict';
import { GATE, GATE_TEXT, judgeInt8 } from '../evaluation/precision-gate';
import { REPORT_FILES } from '../report-files';
import type { ProgressReporter } from '../training/progress';
import { INT8_NAME, readSavedModel, type SavedModel } from '../weights/saved-model';
import { describeCost, int8Section, withInt8Section } from './int8-section';
import { classIndices, readSplitImages } from './labelled-images';

/** Images that the ranges are chosen on: more change the last digits only. */
export const CALIBRATION_IMAGES = 128;

/** What to calibrate on, and how. */
export interface CalibrateOptions {
  /** Folder of a data set, as for training. */
  readonly data: string;
  /** Keep the calibration even if the gate refuses it. */
  readonly force: boolean;
  readonly threads: number;
  readonly onnxCacheDir: string;
  /** Receives warnings and progress as sentences. */
  readonly note: (sentence: string) => void;
  readonly onCount?: ProgressReporter['onCount'];
}

/** At most `count` items, evenly spaced. */
export function sample<T>(items: readonly T[], count: number): T[] {
  const taken = Math.min(count, items.length);
  return Array.from({ length: taken }, (_, i) => items[Math.floor((i * items.length) / taken)]!);
}

async function decode(items: readonly { readonly path: string }[]): Promise<Float32Array[]> {
  const images: Float32Array[] = [];
  for (const { path } of items) {
    const image = await readImage(path, MAX_TRAINING_PIXELS);
    if (typeof image === 'string') throw new Error(`${path}: ${image}`);
    images.push(image);
  }
  return images;
}

async function measure(
  saved: SavedModel,
  calibrated: Calibrated,
  items: readonly LabelledFile[],
  { threads, onnxCacheDir, onCount }: CalibrateOptions,
): Promise<Int8Cost> {
  const { source } = await cachedGraph(saved.folder, onnxCacheDir, 'fp32');
  const measured = [];
  for (const [precision, graph] of [
    ['fp32', source],
    ['int8', calibrated.graph],
  ] as const) {
    const engine = await openEngine(saved, graph, precision, threads);
    const onProgress = (done: number, total: number) =>
      onCount?.({ task: `measuring at ${precision}`, done, total });
    measured.push(await evaluateDataset(engine, items, { maxPixels: MAX_TRAINING_PIXELS, onProgress }));
    await engine.dispose();
  }
  const [fp32, int8] = measured as [(typeof measured)[0], (typeof measured)[0]];
  return judgeInt8(fp32.labels, fp32.probabilities, int8.probabilities, saved.classes.length);
}

/**
 * Keeps a calibration beside its saved model, and what it costs in its model card, if the gate lets it.
 *
 * @throws Error with the figures and the remedy if the gate refuses it; an earlier calibration stays, and is named
 */
export function keepCalibration(
  saved: SavedModel,
  calibrated: Calibrated,
  cost: Int8Cost,
  { force, note }: Pick<CalibrateOptions, 'force' | 'note'>,
): void {
  const figures = `${saved.folder}: ${describeCost(cost)}`;
  if (cost.verdict === 'failed' && !force) {
    // Its figures are of its own ranges, so that it may not get the new verdict; and whether it should go is not ours to say.
    const earlier = join(saved.folder, INT8_NAME);
    const serve = existsSync(earlier)
      ? `; ${earlier} stays as an earlier calibration left it: delete it to serve the model at fp32`
      : ': serve the model at fp32';
    throw new Error(
      `${figures}; int8 is refused, because the gate asks for ${GATE_TEXT}${serve}, calibrate on other images, or add --force`,
    );
  }
  note(figures);
  if (cost.verdict === 'too few images') {
    note(
      `warning: the gate cannot judge int8 on ${cost.images} images, and fp32 stays the default: give at least ${GATE.minImages} images for validation and test`,
    );
  }
  note(`wrote ${writeInt8File(saved, calibrated, cost)}`);
  const card = join(saved.folder, REPORT_FILES.card);
  if (existsSync(card)) {
    writeFileAtomic(card, withInt8Section(readFileSync(card, 'utf8'), int8Section({ ...calibrated, cost })));
  }
}

/**
 * Calibrates a saved model on training images and measures both precisions on the other splits.
 *
 * @throws RangeError if the model's classes are not those of the data set; Error with the figures if the gate refuses
 *   int8
 */
export async function calibrateModel(folder: string, options: CalibrateOptions): Promise<void> {
  const { data, threads, note, onCount } = options;
  const saved = readSavedModel(folder);
  const found = findDatasetFiles(data);
  const indices = classIndices(saved, found.classes, { data, use: 'train' });
  // Both precisions gain alike from an image that trained the model, so that a warning is enough.
  const { train, val, test } = (await readSplitImages([folder], found, { ...options, allowLeakage: true }))
    .splits;
  const images = await decode(sample(train, CALIBRATION_IMAGES));
  let done = 0;
  const calibrated = await calibrate(folder, images, threads, () =>
    onCount?.({ task: 'calibrating', done: ++done, total: images.length }),
  );
  const corrected = calibrated.inputMeans === undefined ? '' : ' and corrected biases';
  note(
    `${folder}: ranges by ${calibrated.method}${corrected}, the nearest to fp32 on ${images.length} images`,
  );
  const items = [...val, ...test].map(({ path, label }) => ({ path, label: indices[label]! }));
  keepCalibration(saved, calibrated, await measure(saved, calibrated, items, options), options);
}
