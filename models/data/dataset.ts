/**
 * Reads a set of labelled images: one folder per class, or folders `train`, `val` and `test` with one folder per class in each.
 *
 * Reads and decodes every file once, so that a bad file is found before training begins.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { sha256 } from '../../files/sha256';
import { checkClasses, checkDuplicates } from './dataset-checks';
import { type DatasetFile, type DatasetFiles, type DatasetUse, findDatasetFiles } from './dataset-files';
import {
  checkShares,
  DEFAULT_SHARES,
  drawVal,
  type SplitDraw,
  splitImages,
  type SplitShares,
} from './dataset-splits';
import { DecodeError, MAX_TRAINING_PIXELS } from './decode';
import { decodeFilePixels } from './decode-file';
import type { HashedImage } from './duplicates';
import { type SkippedFile, unreadableReason } from './folder-listing';
import { findNearDuplicates, type Look, lookOf, nearWarning } from './near-duplicates';
import { SPLIT_NAMES, type SplitName } from './split-folders';

/** Number of files to read at once: libuv's threads, which decode them. */
const LANES = 4;

export interface DatasetOptions {
  /**
   * What draws the splits of a set without split folders, and val where the folders lack it; or what finds it by the set's
   * checksum. Without it a set without split folders is not split: all of its images are in test.
   */
  readonly draw: SplitDraw | ((sha256: string) => SplitDraw | undefined);
  /** To train, every split must have every class; to measure, what is there is enough. @default 'train' */
  readonly use?: DatasetUse;
  /** The set's files, if known already. @default found by this call */
  readonly found?: DatasetFiles;
  /** Continue even if images of one split are in another; the result then has a warning. */
  readonly allowLeakage?: boolean;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Called with a sentence per skipped file, then on their number and on duplicates. */
  readonly note?: (sentence: string) => void;
}

export interface DatasetImage {
  /** Path of the file, with the set's folder. */
  readonly path: string;
  /** Index of the class. */
  readonly label: number;
  /** SHA-256 of the file's bytes. */
  readonly sha256: string;
}

export interface Dataset {
  /** Names, sorted; labels are their indices. */
  readonly classes: readonly string[];
  /** Images of each split, sorted by path. */
  readonly splits: Readonly<Record<SplitName, readonly DatasetImage[]>>;
  /** Where the splits come from: the set's folders, a seed and shares, or nothing if it is not split. */
  readonly splitBy: 'folders' | 'nothing' | { readonly seed: number; readonly shares: SplitShares };
  /** What drew val from train; absent if the set has a folder for it, no split folders, or no val. */
  readonly valDrawnBy?: { readonly seed: number; readonly shares: SplitShares };
  /**
   * SHA-256 of one line `sha256  path` per image, sorted by path: the output of `sha256sum` in the set's folder.
   */
  readonly sha256: string;
  /** The same checksum per split. */
  readonly splitSha256: Readonly<Record<SplitName, string>>;
  readonly skipped: readonly SkippedFile[];
  /** Whether images of one split are in another. */
  readonly leakage: boolean;
  /** One sentence per kind of duplicate. */
  readonly warnings: readonly string[];
}

type Image = Omit<HashedImage, 'split'> & { readonly look: Look };

const skipSentence = ({ path, reason }: SkippedFile) => `skipped ${path}: ${reason}`;

/** Reads a file, or says why it is skipped. */
async function readImage(folder: string, { path, label }: DatasetFile): Promise<Image | SkippedFile> {
  try {
    const bytes = await readFile(join(folder, path));
    const pixels = await decodeFilePixels(bytes, MAX_TRAINING_PIXELS);
    return { path, label, sha256: sha256(bytes), pixelsSha256: sha256(pixels), look: lookOf(pixels) };
  } catch (error) {
    // The rest of a decoder's message is advice to the sender of a request.
    const reason = error instanceof DecodeError ? error.message.split(';')[0] : unreadableReason(error);
    if (reason === undefined) throw error;
    return { path, reason };
  }
}

async function readImages(
  folder: string,
  files: readonly DatasetFile[],
  { onProgress, note }: DatasetOptions,
): Promise<(Image | SkippedFile)[]> {
  const results: (Image | SkippedFile)[] = [];
  const waiting = files.entries();
  let done = 0;
  const lane = async () => {
    for (const [i, file] of waiting) {
      const result = await readImage(folder, file);
      results[i] = result;
      if ('reason' in result) note?.(skipSentence(result));
      onProgress?.({ done: ++done, total: files.length });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

const hashOf = (images: readonly Pick<Image, 'path' | 'sha256'>[]): string =>
  sha256(images.map((image) => `${image.sha256}  ${image.path}\n`).join(''));

/**
 * Reads the set in `folder`.
 *
 * @throws Error if a folder is wrong, a class has no images, or images are in two splits
 */
export async function readDataset(folder: string, options: DatasetOptions): Promise<Dataset> {
  const { allowLeakage = false, use = 'train', note } = options;
  const { classes, files, splits: given, skipped: notRead } = options.found ?? findDatasetFiles(folder, use);
  for (const file of notRead) note?.(skipSentence(file));
  const results = await readImages(folder, files, options);
  const skipped = [...notRead, ...results.filter((result) => 'reason' in result)];
  const read = results.filter((result): result is Image => !('reason' in result));

  const sha256 = hashOf(read);
  const splitOf = new Map(files.map(({ path, split }) => [path, split]));
  const isSplit = given.length > 0;
  const asked = typeof options.draw === 'function' ? options.draw(sha256) : options.draw;
  const draw = asked && { seed: asked.seed, shares: asked.shares ?? DEFAULT_SHARES };
  if (draw !== undefined) checkShares(draw.shares);
  const drawn = isSplit || draw === undefined ? [] : splitImages(read, draw);
  const splitAt = (path: string, i: number): SplitName => splitOf.get(path) ?? drawn[i] ?? 'test';
  const assigned = read.map((image, i) => ({ ...image, split: splitAt(image.path, i) }));
  const has = (name: SplitName) => !isSplit || given.includes(name);
  const drawsVal = has('train') && !has('val') && draw !== undefined;
  const images = drawsVal ? drawVal(assigned, draw) : assigned;
  if (drawsVal) note?.(`there is no folder for val: it is drawn from train by seed ${draw.seed}`);
  if (use === 'train') {
    if (!has('test')) note?.('there is no folder for test, so that val is all that can be measured');
    const splits = SPLIT_NAMES.filter((name) => name === 'val' || has(name));
    checkClasses(images, { classes, splits }, folder);
  }
  const { leakage, warnings: ofCopies } = checkDuplicates(images, allowLeakage);
  const near = nearWarning(findNearDuplicates(images, SPLIT_NAMES));
  const warnings = [...ofCopies, ...(near === undefined ? [] : [near])];
  const { length } = skipped;
  if (length > 0) note?.(`skipped in all: ${length} ${length === 1 ? 'file' : 'files'}`);
  for (const warning of warnings) note?.(`warning: ${warning}`);

  const bySplit = <T>(use: (own: readonly HashedImage[]) => T): Record<SplitName, T> => {
    const of = (name: SplitName) => use(images.filter(({ split }) => split === name));
    return { train: of('train'), val: of('val'), test: of('test') };
  };
  return {
    classes,
    splits: bySplit((own) =>
      own.map(({ path, label, sha256 }) => ({ path: join(folder, path), label, sha256 })),
    ),
    splitBy: isSplit ? 'folders' : (draw ?? 'nothing'),
    ...(drawsVal ? { valDrawnBy: draw } : {}),
    sha256,
    splitSha256: bySplit(hashOf),
    skipped,
    leakage,
    warnings,
  };
}
