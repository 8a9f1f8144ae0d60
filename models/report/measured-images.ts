/**
 * Which images of a set are measured.
 */
import type { Dataset, DatasetImage } from '../data/dataset';
import type { EvaluatedSplit } from '../data/dataset-splits';
import type { SavedModel } from '../weights/saved-model';

/** What is measured if no split is named: test; without a test folder val if there is another one, else all images. */
export function measuredSplit({
  splitBy,
  splits: { train, val, test },
}: Pick<Dataset, 'splitBy' | 'splits'>): EvaluatedSplit {
  if (splitBy === 'nothing') return 'all';
  if (test.length > 0) return 'test';
  return val.length > 0 && train.length > 0 ? 'val' : 'all';
}

/**
 * The images of a split.
 *
 * @throws RangeError naming the splits that have images, if this one has none
 */
export function imagesOf({ splits }: Dataset, split: EvaluatedSplit, data: string): readonly DatasetImage[] {
  const { train, val, test } = splits;
  const all = [...train, ...val, ...test];
  const items = { val, test, 'val+test': [...val, ...test], all }[split];
  if (items.length > 0) return items;
  if (split === 'val' && train.length > 0) {
    throw new RangeError(
      `--split val needs images in ${data}, received none there: add a folder for val, or give the seed of the training with --seed, which draws val from train as the training did`,
    );
  }
  const there = Object.entries(splits).flatMap(([name, images]) => (images.length > 0 ? [name] : []));
  throw new RangeError(
    `--split ${split} needs images in ${data}, received none there${all.length > 0 ? `, but some in ${there.join(' and ')}: measure them with --split all` : ': name a folder of images'}`,
  );
}

/** Says which classes of a model none of the images is of. */
export function noteMissingClasses(
  { classes: known }: SavedModel,
  items: readonly DatasetImage[],
  { classes }: Dataset,
  note: (sentence: string) => void,
): void {
  const there = new Set(items.map(({ label }) => classes[label]));
  const missing = known.filter((name) => !there.has(name));
  if (missing.length > 0) note(`no images of ${missing.join(', ')}: the figures are of the other classes`);
}
