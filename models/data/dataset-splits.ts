/**
 * Splits a set by the bytes of its images, so that file names, order and file systems do not matter.
 */
import { sha256 } from '../../files/sha256';

import { groupBy } from './duplicates';
import { SPLIT_NAMES, type SplitName } from './split-folders';

/** What can be measured of a set: splits, or all of its images. */
export const EVALUATED_SPLITS = ['val', 'test', 'val+test', 'all'] as const;
export type EvaluatedSplit = (typeof EVALUATED_SPLITS)[number];

/** Shares of a set's images; they sum to 1. */
export type SplitShares = Readonly<Record<SplitName, number>>;

export const DEFAULT_SHARES: SplitShares = { train: 0.7, val: 0.15, test: 0.15 };

/** What draws the splits of a set without split folders. */
export interface SplitDraw {
  readonly seed: number;
  /** @default DEFAULT_SHARES */
  readonly shares?: SplitShares | undefined;
}

/**
 * Reads `0.8,0.1,0.1`: the shares of train, val and test.
 *
 * @throws RangeError saying what they must be
 */
export function parseShares(text: string): SplitShares {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (values.length !== SPLIT_NAMES.length) {
    throw new RangeError(
      `splitShares must be ${SPLIT_NAMES.length} numbers for ${SPLIT_NAMES.join(', ')}, received ${values.length}`,
    );
  }
  const [train, val, test] = values as [number, number, number];
  const shares = { train, val, test };
  checkShares(shares);
  return shares;
}

/** Whether two sets are split alike by the same seed. */
export const sameShares = (a: SplitShares, b: SplitShares): boolean =>
  SPLIT_NAMES.every((split) => a[split] === b[split]);

/** The shares as {@link parseShares} reads them. */
export const formatShares = (shares: SplitShares): string =>
  SPLIT_NAMES.map((split) => shares[split]).join(',');

interface Image {
  readonly label: number;
  /** SHA-256 of the file's bytes. */
  readonly sha256: string;
  /** SHA-256 of the decoded pixels. */
  readonly pixelsSha256: string;
}

/** The images with the same pixels. */
interface Group {
  readonly pixelsSha256: string;
  /** The lowest of the images' labels. */
  readonly label: number;
  /** Number of images. */
  readonly size: number;
  readonly rank: string;
}

/** @throws RangeError naming the share */
export function checkShares(shares: SplitShares): void {
  for (const split of SPLIT_NAMES) {
    if (!(shares[split] > 0)) {
      throw new RangeError(`splitShares.${split} must be greater than 0, received ${shares[split]}`);
    }
  }
  const sum = SPLIT_NAMES.reduce((total, split) => total + shares[split], 0);
  if (Math.abs(sum - 1) > 1e-9)
    throw new RangeError(`splitShares must sum to 1, received ${Number(sum.toFixed(9))}`);
}

/**
 * Assigns each image to a split: stratified by class, ranked by a hash of the seed and the file. Images with the same
 * pixels stay together, even in two classes, so that a split never leaks, and count once: val and test have their shares of
 * the different images. A group that is larger than val or test goes to train, where copies do not distort what is measured,
 * unless a split would be empty. Adding or removing an image moves few others.
 * The rank does not depend on pixels, since another resize filter would then move every image.
 *
 * @returns the split of each image, in their order
 */
export function splitImages(
  images: readonly Image[],
  { seed, shares = DEFAULT_SHARES }: SplitDraw,
): SplitName[] {
  const byPixels = groupBy(images, ({ pixelsSha256 }) => pixelsSha256);
  const groups = [...byPixels].map(([pixelsSha256, group]): Group => {
    const first = group.reduce((a, b) => (b.sha256 < a.sha256 ? b : a));
    const label = group.reduce((lowest, image) => Math.min(lowest, image.label), Infinity);
    return { pixelsSha256, label, size: group.length, rank: sha256(`${seed}/${first.sha256}`) };
  });
  const splitOf = new Map<string, SplitName>();
  for (const own of groupBy(groups, ({ label }) => String(label)).values()) {
    const planned = (split: 'val' | 'test') => Math.max(1, Math.round(own.length * shares[split]));
    const [val, test] = [planned('val'), planned('test')];
    const isTooLarge = ({ size }: Group) => size > Math.min(val, test) && size > 1;
    const byRank = own.toSorted((a, b) => (a.rank < b.rank ? -1 : 1));
    const inOrder = [...byRank.filter((group) => !isTooLarge(group)), ...byRank.filter(isTooLarge)];
    inOrder.forEach(({ pixelsSha256 }, i) =>
      splitOf.set(pixelsSha256, i < val ? 'val' : i < val + test ? 'test' : 'train'),
    );
  }
  return images.map(({ pixelsSha256 }) => splitOf.get(pixelsSha256)!);
}

/**
 * Draws val out of train for a set whose folders have no val: as many images as their shares say, and at least two of each
 * class.
 *
 * @returns the images in their order, with their splits
 */
export function drawVal<T extends Image & { readonly split: SplitName }>(
  images: readonly T[],
  { seed, shares = DEFAULT_SHARES }: SplitDraw,
): T[] {
  const train = images.filter(({ split }) => split === 'train');
  const half = shares.val / (shares.train + shares.val) / 2;
  // Both parts that are drawn from train are val.
  const drawn = splitImages(train, { seed, shares: { train: 1 - 2 * half, val: half, test: half } });
  const isVal = new Set(train.filter((_, i) => drawn[i] !== 'train'));
  return images.map((image) => (isVal.has(image) ? { ...image, split: 'val' as const } : image));
}
