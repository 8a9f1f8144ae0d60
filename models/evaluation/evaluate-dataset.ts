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

/** The figures, and what they were computed from: for the mistakes and for comparing models image by image. */
export interface DatasetEvaluation {
  readonly evaluation: Evaluation;
  /** Class index of each image, in the items' order. */
  readonly labels: readonly number[];
  /** Float32 [images, classes], in the items' order. */
  readonly probabilities: Float32Array;
}

export interface EvaluateDatasetOptions {
  /** Largest width times height that is decoded. */
  readonly maxPixels: number;
  /** Images that are decoded at once and classified together. @default 8 */
  readonly batchSize?: number;
  readonly onProgress?: (done: number, count: number) => void;
}

/** Float32 [batch, 224, 224, 3]. */
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
 * Classifies every image and counts.
 *
 * @throws Error naming a file that cannot be read or decoded: figures that leave some out would be of another set;
 *   RangeError where there is no image, or a label is no class of the engine's
 */
export async function evaluateDataset(
  engine: Engine,
  items: readonly LabelledFile[],
  { maxPixels, batchSize = 8, onProgress }: EvaluateDatasetOptions,
): Promise<DatasetEvaluation> {
  const classCount = engine.classes.length;
  const labels = items.map(({ label }) => label);
  const wrong = items.find(({ label }) => !(label in engine.classes));
  if (wrong !== undefined) {
    throw new RangeError(
      `${wrong.path}: the label must be a class index below ${classCount}, received ${wrong.label}`,
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
