/**
 * Splits a set by the bytes of its images, so that file names, order and file systems do not matter.
 */
import { sha256 } from '../../files/sha256';

import { SPLIT_NAMES, type SplitName } from './dataset-files';

/** Splits that can be measured. */
export const EVALUATED_SPLITS = ['val', 'test', 'val+test'] as const;
export type EvaluatedSplit = (typeof EVALUATED_SPLITS)[number];

/** Shares of a set's images; they sum to 1. */
export type SplitShares = Readonly<Record<SplitName, number>>;

export const DEFAULT_SHARES: SplitShares = { train: 0.7, val: 0.15, test: 0.15 };

interface Image {
  readonly label: number;
  /** SHA-256 of the file's bytes. */
  readonly sha256: string;
  /** SHA-256 of the decoded pixels. */
  readonly pixelsSha256: string;
}

/** @throws RangeError naming the share */
export function checkShares(shares: SplitShares): void {
  for (const split of SPLIT_NAMES) {
    if (!(shares[split] > 0)) {
      throw new RangeError(`splitShares.${split} must be greater than 0, received ${shares[split]}`);
    }
  }
  const sum = SPLIT_NAMES.reduce((total, split) => total + shares[split], 0);
  if (Math.abs(sum - 1) > 1e-9) throw new RangeError(`splitShares must sum to 1, received ${sum}`);
}

/**
 * Assigns each image to a split: stratified by class, ranked by a hash of the seed and the file. Images with the same
 * pixels stay together, even in two classes, so that a split never leaks. Adding or removing an image moves few others.
 * The rank does not depend on pixels, since another resize filter would then move every image.
 *
 * @returns the split of each image, in their order
 */
export function splitImages(
  images: readonly Image[],
  { seed, shares }: { seed: number; shares: SplitShares },
): SplitName[] {
  const groups = new Map<string, Image[]>();
  for (const image of images) {
    const group = groups.get(image.pixelsSha256);
    if (group === undefined) groups.set(image.pixelsSha256, [image]);
    else group.push(image);
  }
  const byClass = new Map<number, { pixelsSha256: string; size: number; rank: string }[]>();
  for (const [pixelsSha256, group] of groups) {
    const label = Math.min(...group.map((image) => image.label));
    const [first] = group.map(({ sha256 }) => sha256).toSorted();
    const rank = sha256(`${seed}/${first}`);
    const ranked = byClass.get(label) ?? [];
    byClass.set(label, ranked);
    ranked.push({ pixelsSha256, size: group.length, rank });
  }
  const splitOf = new Map<string, SplitName>();
  for (const ranked of byClass.values()) {
    const count = ranked.reduce((sum, { size }) => sum + size, 0);
    const left = {
      val: Math.max(1, Math.round(count * shares.val)),
      test: Math.max(1, Math.round(count * shares.test)),
    };
    for (const { pixelsSha256, size } of ranked.toSorted((a, b) => (a.rank < b.rank ? -1 : 1))) {
      const split = left.val > 0 ? 'val' : left.test > 0 ? 'test' : 'train';
      if (split !== 'train') left[split] -= size;
      splitOf.set(pixelsSha256, split);
    }
  }
  return images.map(({ pixelsSha256 }) => splitOf.get(pixelsSha256)!);
}
