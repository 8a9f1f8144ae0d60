/**
 * Compares two classifiers on the same images: how much better is one, and could the difference be chance?
 */
import { wilson95 } from './intervals';

/** How often two classifiers, `a` and `b`, were right on the same images. */
export interface PairedComparison {
  readonly images: number;
  readonly bothRight: number;
  readonly onlyARight: number;
  readonly onlyBRight: number;
  readonly bothWrong: number;
  /** Accuracy of `a` minus accuracy of `b`. */
  readonly difference: number;
  /** 95 % interval of the difference, by {@link newcombePaired95}. */
  readonly interval95: readonly [number, number];
  /** Two-sided P of {@link mcnemarExact}. */
  readonly mcnemarExactP: number;
}

/** Counts of images, by which classifier is right. */
export type PairedCounts = Pick<PairedComparison, 'bothRight' | 'onlyARight' | 'onlyBRight' | 'bothWrong'>;

/**
 * Phi coefficient of the two classifiers' correctness, corrected for continuity towards 0; 0 if one of them is always
 * right or always wrong.
 */
function correlation({ bothRight, onlyARight, onlyBRight, bothWrong }: PairedCounts): number {
  const images = bothRight + onlyARight + onlyBRight + bothWrong;
  const margins = [
    bothRight + onlyARight,
    onlyBRight + bothWrong,
    bothRight + onlyBRight,
    onlyARight + bothWrong,
  ];
  if (margins.includes(0)) return 0;
  const excess = bothRight * bothWrong - onlyARight * onlyBRight;
  const corrected = excess < 0 ? excess : Math.max(0, excess - images / 2);
  return corrected / Math.sqrt(margins.reduce((product, margin) => product * margin, 1));
}

/**
 * 95 % interval of the difference of two paired proportions by Newcombe's method 10, which combines Wilson's intervals
 * of both with their correlation. It stays within [-1, 1], and is valid if a classifier is always right.
 *
 * @see https://doi.org/10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C
 */
export function newcombePaired95(counts: PairedCounts): [number, number] {
  const { bothRight, onlyARight, onlyBRight, bothWrong } = counts;
  const images = bothRight + onlyARight + onlyBRight + bothWrong;
  const [shareA, shareB] = [(bothRight + onlyARight) / images, (bothRight + onlyBRight) / images];
  const [lowA, highA] = wilson95(bothRight + onlyARight, images);
  const [lowB, highB] = wilson95(bothRight + onlyBRight, images);
  const phi = correlation(counts);
  const reach = (x: number, y: number) => Math.sqrt(Math.max(0, x * x - 2 * phi * x * y + y * y));
  const difference = (onlyARight - onlyBRight) / images;
  return [
    difference - reach(shareA - lowA, highB - shareB),
    difference + reach(highA - shareA, shareB - lowB),
  ];
}

/**
 * Two-sided exact P of McNemar's test: the probability, if both classifiers are equally good, that chance splits their
 * disagreements at least as unevenly.
 *
 * @param onlyA images on which only the first is right
 * @param onlyB images on which only the second is right
 * @see https://doi.org/10.1007/BF02295996
 */
export function mcnemarExact(onlyA: number, onlyB: number): number {
  const disagreements = onlyA + onlyB;
  // In logarithms: from 1,075 disagreements on, 2^-n is 0 in double precision.
  let logTerm = -disagreements * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyA, onlyB); k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((disagreements - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}

/** Compares two classifiers by how often each was right where. */
export function compareCounts(counts: PairedCounts): PairedComparison {
  const { bothRight, onlyARight, onlyBRight, bothWrong } = counts;
  const images = bothRight + onlyARight + onlyBRight + bothWrong;
  return {
    images,
    ...{ bothRight, onlyARight, onlyBRight, bothWrong },
    difference: (onlyARight - onlyBRight) / images,
    interval95: newcombePaired95(counts),
    mcnemarExactP: mcnemarExact(onlyARight, onlyBRight),
  };
}

/**
 * Compares two classifiers image by image.
 *
 * @param a whether the first is right, per image
 * @param b whether the second is right, for the same images in the same order
 * @throws RangeError for no images, or different numbers of them
 */
export function comparePaired(a: readonly boolean[], b: readonly boolean[]): PairedComparison {
  if (a.length === 0 || a.length !== b.length) {
    throw new RangeError(
      `both classifiers must be evaluated on the same images, received ${a.length} and ${b.length}`,
    );
  }
  const count = (ofA: boolean, ofB: boolean) => a.filter((right, i) => right === ofA && b[i] === ofB).length;
  return compareCounts({
    bothRight: count(true, true),
    onlyARight: count(true, false),
    onlyBRight: count(false, true),
    bothWrong: count(false, false),
  });
}
