/**
 * Reads labelled images for the measuring of saved models.
 */
import { type Dataset, readDataset } from '../data/dataset';
import type { DatasetFiles, DatasetUse } from '../data/dataset-files';
import {
  DEFAULT_SHARES,
  type EvaluatedSplit,
  formatShares,
  sameShares,
  type SplitShares,
} from '../data/dataset-splits';
import { lookAlikeHint } from '../data/class-names';
import { DEFAULT_SEED } from '../recipes';
import type { ProgressReporter } from '../training/progress';
import type { SavedModel } from '../weights/saved-model';
import { type TrainedOn, trainedOn } from './trained-on';

/** Which images to read. */
export interface LabelledImagesOptions {
  /** Folder of the data set. */
  readonly data: string;
  /**
   * Seed that splits a data set without split folders, or draws val where the folders lack it.
   *
   * @default the seed of the first model that was trained on this set. If none was, the set is split only if a split is to
   *   be measured: by the first model's seed, else by {@link DEFAULT_SEED}
   */
  readonly seed?: number;
  /**
   * Shares of the splits that the seed draws.
   *
   * @default those of the model whose seed is taken, else `DEFAULT_SHARES`
   */
  readonly splitShares?: SplitShares;
  /** Whether an image that lies in two splits is a warning instead of an error. */
  readonly allowLeakage: boolean;
  /** Receives warnings and progress as sentences. */
  readonly note: (sentence: string) => void;
  readonly onCount?: ProgressReporter['onCount'];
}

/**
 * The model's class index of each class of the data set.
 *
 * @param use to train, the set must have every class of the model
 * @throws RangeError if the data set has a class that the model lacks
 */
export function classIndices(
  { folder, classes }: SavedModel,
  found: readonly string[],
  { data, use }: { readonly data: string; readonly use: DatasetUse },
): number[] {
  const unknown = found.filter((name) => !classes.includes(name));
  const missing = use === 'train' ? classes.filter((name) => !found.includes(name)) : [];
  if (unknown.length > 0 || missing.length > 0) {
    throw new RangeError(
      `${folder} must have the classes of ${data}, ${found.join(', ')}, received ${classes.join(', ')}${lookAlikeHint(unknown, classes)}: choose a model trained on these classes, or another data set`,
    );
  }
  return found.map((name) => classes.indexOf(name));
}

/** Reads every image, split as a training would split them, to train or calibrate on some and measure the others. */
export async function readSplitImages(
  folders: readonly string[],
  found: DatasetFiles,
  options: LabelledImagesOptions,
): Promise<Dataset> {
  return readImages(folders, found, { ...options, split: 'val+test', use: 'train' });
}

type Measured = LabelledImagesOptions & {
  /** What is to be measured, if that is given. */
  readonly split?: EvaluatedSplit | undefined;
  readonly use?: DatasetUse;
};

/** Whether a seed decides which images are in the splits that are used, instead of the folders. */
function isDrawn({ splits }: DatasetFiles, split: EvaluatedSplit | undefined): boolean {
  if (split === 'all') return false;
  if (splits.length === 0) return true;
  return splits.includes('train') && !splits.includes('val') && (split === 'val' || split === 'val+test');
}

/** @throws RangeError if an option of the draw is given where nothing is drawn */
function checkDraw(found: DatasetFiles, { data, seed, splitShares, split }: Measured): void {
  if (isDrawn(found, split)) return;
  const given = {
    '--seed': seed,
    '--split-shares': splitShares === undefined ? undefined : formatShares(splitShares),
  };
  for (const [flag, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const where =
      split === 'all'
        ? 'with --split all, which measures every image'
        : `for ${data}, whose folders are the splits`;
    throw new RangeError(`${flag} must be left out ${where}, received ${value}: leave it out`);
  }
}

/**
 * Reads the images that are there, and warns if the figures may include images that a model was trained on.
 *
 * @throws RangeError if a seed or shares are given where the folders decide
 */
export async function readImages(
  folders: readonly string[],
  found: DatasetFiles,
  options: Measured,
): Promise<Dataset> {
  const { data, seed: given, splitShares: shares, split, use = 'measure' } = options;
  const { allowLeakage, note, onCount } = options;
  checkDraw(found, options);
  const trainings = folders.flatMap((folder) => trainedOn(folder) ?? []);
  const hasFolders = found.splits.length > 0;
  // A training on folders without val drew val by its seed.
  const drawing = hasFolders ? trainings : trainings.filter(({ splitBy }) => splitBy === 'seed');
  const isAsked =
    given !== undefined || shares !== undefined || (hasFolders ? use === 'train' : split !== undefined);
  const dataset = await readDataset(data, {
    found,
    use,
    allowLeakage,
    note,
    draw: (sha256) => {
      const own = drawing.find((training) => training.sha256 === sha256);
      if (!isDrawn(found, split) || (own === undefined && !isAsked)) return undefined;
      const training = own ?? drawing[0];
      return {
        seed: given ?? training?.seed ?? DEFAULT_SEED,
        shares: shares ?? training?.splitShares,
      };
    },
    onProgress: (count) => onCount?.({ task: 'reading', ...count }),
  });
  const notes =
    split === undefined && isTrainOnly(dataset)
      ? [TRAIN_ONLY_NOTE]
      : notesOn(dataset, { folders, trainings, isGiven: given !== undefined, all: split === 'all' });
  notes.forEach((sentence) => note(sentence));
  return dataset;
}

/** How the set was split, and why figures may be too high. */
function notesOn(
  dataset: Dataset,
  measured: {
    readonly folders: readonly string[];
    readonly trainings: readonly TrainedOn[];
    /** Whether the seed was given. */
    readonly isGiven: boolean;
    /** Whether all images are measured. */
    readonly all: boolean;
  },
): string[] {
  const { folders, trainings, isGiven, all } = measured;
  const { splitBy, valDrawnBy, sha256 } = dataset;
  const own = trainings.filter((training) => training.sha256 === sha256);
  if (all) {
    return own.map(
      ({ folder }) => `warning: ${folder} was trained on a part of these images: its figures are too high`,
    );
  }
  if (splitBy === 'nothing') return folders.map((folder) => unsplitNote(folder, trainings));
  const used = splitBy === 'folders' ? valDrawnBy : splitBy;
  if (used === undefined) return [];
  const drawing =
    splitBy === 'folders' ? trainings : trainings.filter((training) => training.splitBy === 'seed');
  return [
    ...(isGiven ? [] : [seedNote(used.seed, drawing)]),
    ...drawing
      .filter((training) => !isSameDraw(drawOf(training), used))
      .map((training) => otherDrawNote(training.folder, drawOf(training), used)),
    ...own
      .filter((training) => isSameDraw(drawOf(training), used) && isOtherSplit(training, dataset))
      .map(({ folder }) => (splitBy === 'folders' ? otherValNote(folder) : olderSplitNote(folder))),
  ];
}

/** Whether the folders hold nothing but images to train on. */
const isTrainOnly = ({ splitBy, splits: { train, val, test } }: Dataset): boolean =>
  splitBy === 'folders' && train.length > 0 && val.length + test.length === 0;

const TRAIN_ONLY_NOTE =
  'warning: measuring the images of train, because the folders hold no others: if a model was trained on them, its figures are too high';

const unsplitNote = (folder: string, trainings: readonly TrainedOn[]): string => {
  const training = trainings.find((each) => each.folder === folder);
  return training === undefined
    ? `measuring all images; ${folder} does not say what it was trained on: if on some of these images, its figures are too high`
    : `measuring all images, because ${folder} was trained on another set, ${training.name}; if both have images in common, its figures are too high`;
};

const seedNote = (seed: number, bySeed: readonly TrainedOn[]): string => {
  const training = bySeed.find((each) => each.seed === seed);
  return training === undefined
    ? `warning: split by seed ${seed}, because no model folder records its training seed; the split may contain training images: pass the training seed with --seed`
    : `split by seed ${seed}, the training seed of ${training.folder}`;
};

type Draw = { readonly seed: number; readonly shares: SplitShares };

const drawOf = ({ seed, splitShares = DEFAULT_SHARES }: TrainedOn): Draw => ({ seed, shares: splitShares });

const isSameDraw = (a: Draw, b: Draw): boolean => a.seed === b.seed && sameShares(a.shares, b.shares);

function otherDrawNote(folder: string, trained: Draw, used: Draw): string {
  const isSameShares = sameShares(trained.shares, used.shares);
  const text = ({ seed, shares }: Draw) =>
    `seed ${seed}${isSameShares ? '' : ` and shares ${formatShares(shares)}`}`;
  const shares = isSameShares ? '' : ` --split-shares ${formatShares(trained.shares)}`;
  return `warning: ${folder} was trained with ${text(trained)}, but these images are split by ${text(used)}; if it was trained on this data set, the split contains its training images: measure it with --seed ${trained.seed}${shares}`;
}

/** Whether an older version drew other splits by the same seed and shares: it counted every copy of an image. */
const isOtherSplit = ({ splitSha256 }: TrainedOn, dataset: Dataset): boolean =>
  splitSha256 === undefined
    ? dataset.warnings.length > 0
    : (['val', 'test'] as const).some((split) => splitSha256[split] !== dataset.splitSha256[split]);

const otherValNote = (folder: string): string =>
  `warning: ${folder} was trained by an older version, which did not record the shares that drew its val; this val contains its training images: measure test, or give the shares of the training with --split-shares`;

const olderSplitNote = (folder: string): string =>
  `warning: ${folder} was trained by an older version, which split sets with copies of an image otherwise; the split contains its training images: train again, or measure other images`;
