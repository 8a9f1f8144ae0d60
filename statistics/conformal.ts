/**
 * Split conformal bounds: how far a prediction may be off, from how far earlier predictions were off. They need no model of
 * the errors; they assume that the next case comes from the same source as the earlier ones.
 *
 * @see https://arxiv.org/abs/1604.04173 (Lei and others, Distribution-Free Predictive Inference for Regression)
 */

/** The fewest earlier cases that give a bound at a confidence: 9 for 0.9. */
export const minCases = (confidence: number): number => Math.ceil(confidence / (1 - confidence) - 1e-9);

/**
 * What the error of the next case exceeds with a probability of at most `1 - confidence`; undefined if there are too few
 * earlier cases to say so.
 *
 * @param errors of earlier cases, in any order; larger is worse
 */
export function conformalBound(errors: readonly number[], confidence: number): number | undefined {
  const rank = Math.ceil((errors.length + 1) * confidence - 1e-9);
  return rank > errors.length ? undefined : [...errors].sort((a, b) => a - b)[rank - 1];
}
