/**
 * Evaluates an engine on image files with known classes.
 */
import type { Engine } from '../engines/engine';
import { evaluate, type Evaluation } from './evaluation';
import { readImage } from './predict';

/** An image file and the index of its class. */
export interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

/** The figures, and the predictions that they follow from: mistakes and paired comparisons need each image's. */
export interface DatasetEvaluation {
  readonly evaluation: Evaluation;
  /** Class index of each image, in the order of the items. */
  readonly labels: readonly number[];
  /** Float32 [images, classes], in the order of the items. */
  readonly probabilities: Float32Array;
}

/** How the images are read and classified. */
export interface EvaluateDatasetOptions {
  /** Largest width times height that is decoded. */
  readonly maxPixels: number;
  /** Images that are decoded and classified together. @default 8 */
  readonly batchSize?: number;
  /** Called after each batch. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Decodes images into float32 [batch, 224, 224, 3] in [0, 1]. */
async function readBatch(files: readonly string[], maxPixels: number): Promise<Float32Array> {
  const images = await Promise.all(
    files.map(async (file) => {
      const image = await readImage(file, maxPixels);
      if (typeof image === 'string') throw new Error(`${file}: ${image}`);
      return image;
    }),
  );
  const size = images[0]!.length;
  const batch = new Float32Array(images.length * size);
  images.forEach((image, i) => batch.set(image, i * size));
  return batch;
}

/**
 * Classifies every image and computes the figures.
 *
 * @throws Error naming a file that cannot be read or decoded, since figures without it would describe another set;
 *   RangeError for no images, or for a label that is not a class index of the engine
 */
export async function evaluateDataset(
  engine: Engine,
  items: readonly LabelledFile[],
  { maxPixels, batchSize = 8, onProgress }: EvaluateDatasetOptions,
): Promise<DatasetEvaluation> {
  const classCount = engine.classes.length;
  const labels = items.map(({ label }) => label);
  const invalid = items.find(({ label }) => !(label in engine.classes));
  if (invalid !== undefined) {
    throw new RangeError(
      `${invalid.path}: the label must be a class index below ${classCount}, received ${invalid.label}`,
    );
  }
  const probabilities = new Float32Array(items.length * classCount);
  for (let at = 0; at < items.length; at += batchSize) {
    const files = items.slice(at, at + batchSize).map(({ path }) => path);
    const images = await readBatch(files, maxPixels);
    probabilities.set(await engine.predict(images, files.length), at * classCount);
    onProgress?.(at + files.length, items.length);
  }
  return { evaluation: evaluate(labels, probabilities, classCount), labels, probabilities };
}
