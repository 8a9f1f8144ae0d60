/**
 * Splits a set by the bytes of its images, so that names, order and file systems do not matter.
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
  /** Of the file's bytes. */
  readonly sha256: string;
  /** Of the decoded pixels. */
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
 * Gives each image its split: stratified by class, ranked by a hash of the seed and the file. Images of the same
 * pixels stay together, also those of two classes, so that a split never leaks; and an image that is added or removed
 * moves few others. Pixels do not rank, since another resize filter would move every image.
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
