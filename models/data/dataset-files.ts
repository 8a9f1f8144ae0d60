/**
 * Finds the files of a data set: one folder per class, or one folder per split with one folder per class in each.
 */
import { realpathSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

import { checkNotEmpty } from './dataset-checks';
import { lookAlikeHint } from './class-names';
import { FILE_EXTENSIONS } from './image-formats';
import { filesBelow, joined, list, type Listing, type SkippedFile } from './folder-listing';
import { SPLIT_NAMES, type SplitName, splitOf } from './split-folders';

/** What a set is for: training needs every split and every class; measuring takes what is there. */
export type DatasetUse = 'train' | 'measure';

/** A regular file in a class folder, whether an image or not. Paths are relative to the set's folder, with slashes. */
export interface DatasetFile {
  readonly path: string;
  readonly label: number;
  /** Split folder that the file is in, if the set has split folders. */
  readonly split: SplitName | undefined;
}

export interface DatasetFiles {
  /** Names of the classes, sorted by code unit. */
  readonly classes: readonly string[];
  /** Splits that have class folders, even without a file in them; empty if the set has no split folders. */
  readonly splits: readonly SplitName[];
  /** Sorted by path. */
  readonly files: readonly DatasetFile[];
  readonly skipped: readonly SkippedFile[];
}

/**
 * The folder of each split; undefined if the set has no split folders.
 *
 * @throws Error naming the folder that is missing or superfluous
 */
function splitFolders(
  folder: string,
  { folders }: Listing,
  use: DatasetUse,
): ReadonlyMap<SplitName, string> | undefined {
  if (folders.every((name) => splitOf(name) === undefined)) return undefined;
  const found = new Map<SplitName, string>();
  for (const name of folders) {
    const split = splitOf(name);
    if (split === undefined) {
      throw new Error(
        `${folder} must have either splits or classes, received both: ${name} is no split, and ${folders.find((each) => splitOf(each) !== undefined)} is one; ` +
          `if ${name} is a split, name it train, val or test; else move it, or rename a class that is called like a split`,
      );
    }
    const other = found.get(split);
    if (other !== undefined) {
      throw new Error(`${folder} must have one folder a split, received ${other} and ${name}; join them`);
    }
    found.set(split, name);
  }
  // Nothing can be measured on images without labels.
  const test = found.get('test');
  const isUnlabelled = test !== undefined && list(folder, test).folders.length === 0;
  if (isUnlabelled) found.delete('test');
  const missing = SPLIT_NAMES.filter((split) => !found.has(split));
  if (use === 'train' && (missing.includes('train') || missing.length > 1)) {
    const train = found.get('train');
    const remedy =
      train === undefined
        ? 'add the missing folder, or put the class folders directly into it to split them by seed'
        : `add one of them, or split ${train} by seed: name the folder ${join(folder, train)}`;
    throw new Error(
      `${folder} must have train, and val or test, each with a folder per class, received no ${missing.join(' and no ')}` +
        `${isUnlabelled ? ` (${test} has no class folders)` : ''}; ${remedy}`,
    );
  }
  return found;
}

/** Sub-folders that every class must share for them to be splits or the real classes: one may be `images`. */
const MIN_SHARED = 2;

/**
 * Refuses folders that hold the same sub-folders: the classes are one level below, or the splits are.
 *
 * @throws Error naming the folders and the remedy
 */
function checkNotSplits(folder: string, part: string, classes: readonly string[]): void {
  if (classes.length < 2) return;
  const below = classes.map((name) => list(folder, joined(part, name)).folders);
  const shared = below.reduce((common, own) => common.filter((name) => own.includes(name)));
  if (shared.length < MIN_SHARED) return;
  const named = shared.length > 5 ? `${shared.slice(0, 5).join(', ')} and more` : shared.join(', ');
  throw new Error(
    `the class folders of ${join(folder, part)} must hold images, received the same folders in each of ${classes.join(', ')}: ${named}; ` +
      `if ${classes.join(', ')} are splits, name them train, val and test; if they are classes, put their images directly into them`,
  );
}

/** @throws Error if two names look the same: they mean one class, in two folders or in two splits */
function checkNames(folder: string, classes: readonly string[]): void {
  classes.forEach((name, i) => {
    const hint = lookAlikeHint([name], classes.slice(i + 1), 'invisible');
    if (hint !== '')
      throw new Error(`${folder} must have one name for each class, received two that look the same${hint}`);
  });
}

/** Where the classes are, if the folder holds nothing but one folder that has them, as an archive leaves it. */
function deeperHint(folder: string, only: readonly string[]): string {
  const [name] = only;
  if (only.length !== 1 || list(folder, name!).folders.length < 2) return '';
  return `if the classes are in ${name}, name that folder: ${join(folder, name!)}`;
}

/** Says so if the folder itself holds images, as the folder of one class does. */
function higherHint(folder: string): string {
  const images = list(folder, '').files.filter((name) =>
    FILE_EXTENSIONS.includes(extname(name).toLowerCase()),
  );
  if (images.length === 0) return '';
  const held = images.length === 1 ? '1 image' : `${images.length} images`;
  return `it holds ${held} itself: if it is a class, name the folder above it: ${join(folder, '..')}`;
}

const ADD_CLASS = 'put the images of each class into a folder of its own, named after the class';

/** The classes of all parts; to train, every split must have all of them, and there must be two. */
function commonClasses(
  folder: string,
  classesOf: ReadonlyMap<string, readonly string[]>,
  use: DatasetUse,
): string[] {
  const all = [...new Set([...classesOf.values()].flat())].toSorted();
  checkNames(folder, all);
  for (const [name, classes] of classesOf) {
    const missing = all.filter((label) => !classes.includes(label));
    if (missing.length > 0 && use === 'train') {
      throw new Error(
        `${join(folder, name)} must have every class of the other splits, received no ${missing.join(', ')}${lookAlikeHint(missing, classes)}; ` +
          'add images of it, or remove the class from all',
      );
    }
  }
  const deeper = deeperHint(folder, all);
  if (all.length < (use === 'train' ? 2 : 1) || deeper !== '') {
    const wanted = use === 'train' ? 'at least two classes' : 'at least one class';
    const remedy = deeper || (all.length === 0 && higherHint(folder)) || ADD_CLASS;
    throw new Error(
      `${folder} must have a folder for each of ${wanted}, received ${all.join() || 'none'}; ${remedy}`,
    );
  }
  return all;
}

/**
 * Finds a set's files.
 *
 * @param use to train, the set must have every split, each with files of every class
 * @throws Error naming the folder that is missing or superfluous
 */
export function findDatasetFiles(folder: string, use: DatasetUse = 'train'): DatasetFiles {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(
      `the data must be a folder with one folder per class, received ${folder}, which is not a folder`,
    );
  }
  const top = list(folder, '');
  const denied = top.others.find(({ path }) => path === '');
  if (denied !== undefined) {
    throw new Error(`the data must be a readable folder, received ${folder}: change its permissions`);
  }
  const bySplit = splitFolders(folder, top, use);
  // A set without split folders is one part without a name.
  const parts = bySplit === undefined ? [[undefined, ''] as const] : [...bySplit];
  const listings = new Map(parts.map(([, part]) => [part, part === '' ? top : list(folder, part)]));
  const classes = commonClasses(
    folder,
    new Map([...listings].map(([part, { folders }]) => [part, folders])),
    use,
  );
  for (const [part, { folders }] of listings) checkNotSplits(folder, part, folders);
  const inClasses = parts.flatMap(([split, part]) =>
    classes.flatMap((name, label) => {
      if (!listings.get(part)!.folders.includes(name)) return [];
      const above = [folder, join(folder, part)].map((path) => realpathSync(path));
      return { split, label, ...filesBelow(folder, joined(part, name), above) };
    }),
  );
  const files = inClasses
    .flatMap(({ files, label, split }) => files.map((path) => ({ path, label, split })))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const splits = [...(bySplit?.keys() ?? [])];
  if (use === 'train') checkNotEmpty(files, { classes, splits }, folder);
  const unlabelled = top.folders.filter((name) => bySplit !== undefined && !listings.has(name));
  const loose = [...new Map([['', top], ...listings])].flatMap(([part, { files, others }]) => [
    ...files.map((name) => ({ path: joined(part, name), reason: 'It is in no class folder' })),
    ...others,
  ]);
  return {
    classes,
    splits,
    files,
    skipped: [
      ...unlabelled.map((path) => ({ path, reason: 'It has no class folders' })),
      ...loose,
      ...inClasses.flatMap(({ others }) => others),
    ],
  };
}
