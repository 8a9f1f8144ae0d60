/**
 * Reads labelled images for the measuring of saved models.
 */
import { type Dataset, readDataset } from '../data/dataset';
import type { DatasetFiles } from '../data/dataset-files';
import { DEFAULT_SEED } from '../recipes';
import type { ProgressReporter } from '../training/progress';
import type { SavedModel } from '../weights/saved-model';
import { trainingSeed } from './training-seed';

/** Which images to read. */
export interface LabelledImagesOptions {
  /** Folder of the data set. */
  readonly data: string;
  /**
   * Seed that splits a data set without split folders.
   *
   * @default the training seed of the first model whose folder records one, else {@link DEFAULT_SEED}
   */
  readonly seed?: number;
  /** Whether an image that lies in two splits is a warning instead of an error. */
  readonly allowLeakage: boolean;
  /** Receives warnings and progress as sentences. */
  readonly note: (sentence: string) => void;
  readonly onCount?: ProgressReporter['onCount'];
}

/**
 * The model's class index of each class of the data set.
 *
 * @throws RangeError if the model's classes are not those of the data set
 */
export function classIndices(
  { folder, classes }: SavedModel,
  found: readonly string[],
  data: string,
): number[] {
  if (String([...classes].sort()) !== String([...found].sort())) {
    throw new RangeError(
      `${folder} must have the classes of ${data}, ${found.join(', ')}, received ${classes.join(', ')}: choose a model trained on these classes, or another data set`,
    );
  }
  return found.map((name) => classes.indexOf(name));
}

/** Reads the data set, and warns if the figures may include images that a model was trained on. */
export async function readImages(
  folders: readonly string[],
  found: DatasetFiles,
  { data, seed: given, allowLeakage, note, onCount }: LabelledImagesOptions,
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
