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
 */
export function topClasses(
  classes: readonly string[],
  probabilities: Float32Array,
  count: number,
): ClassProbability[] {
  return classes
    .map((name, i) => ({ class: name, probability: probabilities[i]! }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count);
}
