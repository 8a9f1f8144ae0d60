/**
 * The classes that a classifier thinks most probable.
 */

/** A class and how probable it is, from 0 to 1. */
export interface ClassProbability {
  readonly class: string;
  readonly probability: number;
}

/** The most probable classes, best first; of equal ones the earlier. */
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
