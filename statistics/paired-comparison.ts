/**
 * Two classifiers on the same images: how much better is one, and could that be chance?
 */
import { wilson95 } from './intervals';

/** What two classifiers, `a` and `b`, did on the same images. */
export interface PairedComparison {
  readonly images: number;
  readonly bothRight: number;
  readonly onlyARight: number;
  readonly onlyBRight: number;
  readonly bothWrong: number;
  /** Accuracy of `a` less that of `b`. */
  readonly difference: number;
  /** 95 % interval of the difference: Newcombe's method 10. */
  readonly interval95: readonly [number, number];
  /** Two-sided exact P of McNemar's test: how probable so uneven a split of the disagreements is by chance. */
  readonly mcnemarExactP: number;
}

/** Images by who is right on them. */
export type PairedCounts = Pick<PairedComparison, 'bothRight' | 'onlyARight' | 'onlyBRight' | 'bothWrong'>;

/** Correlation of being right, corrected towards 0 for continuity; 0 where one is always right or always wrong. */
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
 * 95 % interval of the difference of two paired shares, method 10 of Newcombe: Wilson's intervals of both, squared and
 * added with their correlation. It never leaves [-1, 1] and holds where a classifier is always right.
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
 * Two-sided exact P of McNemar's test: a binomial test of whether, where only one of two is right, it is either as
 * often.
 *
 * @see https://doi.org/10.1007/BF02295996
 */
export function mcnemarExact(onlyA: number, onlyB: number): number {
  const disagreements = onlyA + onlyB;
  // In logarithms, since 2^-n is 0 in double precision from 1,075 disagreements on.
  let logTerm = -disagreements * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyA, onlyB); k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((disagreements - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}

/**
 * Compares two classifiers by the images that each got right.
 *
 * @param a whether the first was right, image by image
 * @param b the same of the second, in the same order
 * @throws RangeError where they are not of the same images
 */
export function comparePaired(a: readonly boolean[], b: readonly boolean[]): PairedComparison {
  if (a.length === 0 || a.length !== b.length) {
    throw new RangeError(
      `both classifiers must be evaluated on the same images, received ${a.length} and ${b.length}`,
    );
  }
  const count = (ofA: boolean, ofB: boolean) => a.filter((right, i) => right === ofA && b[i] === ofB).length;
  const counts = {
    bothRight: count(true, true),
    onlyARight: count(true, false),
    onlyBRight: count(false, true),
    bothWrong: count(false, false),
  };
  return {
    images: a.length,
    ...counts,
    difference: (counts.onlyARight - counts.onlyBRight) / a.length,
    interval95: newcombePaired95(counts),
    mcnemarExactP: mcnemarExact(counts.onlyARight, counts.onlyBRight),
  };
}
