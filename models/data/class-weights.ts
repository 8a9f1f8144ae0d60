/**
 * Class weights that make rare classes count as much as common ones.
 */

/**
 * Weight of each class in the loss: images / (classes * images of the class), so that their mean over the images is 1.
 *
 * @param labels indices of the images' classes; every class up to the largest needs an image
 * @throws RangeError naming a class without images
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html ("balanced")
 */
export function classWeights(labels: readonly number[]): number[] {
  const counts = new Array<number>(Math.max(-1, ...new Set(labels)) + 1).fill(0);
  for (const label of labels) counts[label]!++;
  return counts.map((count, label) => {
    if (count === 0) {
      throw new RangeError(
        `class ${label} must have images, received none: add images or leave the class out`,
      );
    }
    return labels.length / (counts.length * count);
  });
}
