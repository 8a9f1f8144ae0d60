/**
 * The most probable classes of a prediction.
 */

/** A class and its probability, from 0 to 1. */
export interface ClassProbability {
  readonly class: string;
  readonly probability: number;
}

/**
 * The most probable classes, best first; among equals, earlier classes first.
 *
 * @param probabilities float32 [classes], in the order of `classes`
 * @param count number of classes to return; all if there are fewer
 * @throws RangeError naming a class whose probability is NaN, since the order would mean nothing
 */
export function topClasses(
  classes: readonly string[],
  probabilities: Float32Array,
  count: number,
): ClassProbability[] {
  const wrong = probabilities.findIndex((probability) => Number.isNaN(probability));
  if (wrong >= 0) {
    throw new RangeError(
      `the probability of ${classes[wrong]} must be a number, received NaN: the model's weights are damaged; train or copy it again`,
    );
  }
  return classes
    .map((name, i) => ({ class: name, probability: probabilities[i]! }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count);
}
