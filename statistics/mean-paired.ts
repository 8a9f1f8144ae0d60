/**
 * Compares two ways of training on the same images, each repeated with several seeds.
 */
import { Z95 } from './intervals';

/** How much more accurate one way is, on average over the seeds. */
export interface MeanDifference {
  /** Mean accuracy of `a` minus mean accuracy of `b`. */
  readonly difference: number;
  /**
   * 95 % interval for other images of this kind: the normal one of the images' mean differences. More seeds narrow it
   * only as far as they differ on single images.
   */
  readonly interval95: readonly [number, number];
}

/**
 * Compares two ways of training image by image. An image is one observation, however many seeds there are.
 *
 * @param a by seed: whether the first way is right, per image
 * @param b by seed: whether the second is right, for the same images in the same order
 * @throws RangeError for fewer than two images, no seeds, or different numbers of images
 */
export function meanPaired95(
  a: readonly (readonly boolean[])[],
  b: readonly (readonly boolean[])[],
): MeanDifference {
  const images = a[0]?.length ?? 0;
  const isSame = [...a, ...b].every(({ length }) => length === images);
  if (images < 2 || b.length === 0 || !isSame) {
    const received = [...a, ...b].map(({ length }) => length).join(', ');
    throw new RangeError(
      `both ways must be measured on the same two images or more for each seed, received ${received || 'none'}`,
    );
  }
  const shareRight = (ways: readonly (readonly boolean[])[], i: number) =>
    ways.filter((right) => right[i]).length / ways.length;
  const differences = Array.from({ length: images }, (_, i) => shareRight(a, i) - shareRight(b, i));
  const difference = differences.reduce((sum, each) => sum + each, 0) / images;
  const squares = differences.reduce((sum, each) => sum + (each - difference) ** 2, 0);
  const reach = Z95 * Math.sqrt(squares / (images - 1) / images);
  return { difference, interval95: [difference - reach, difference + reach] };
}
