/**
 * Exact binomial tests of a share.
 */

/** Natural logarithm of n! by Stirling's series above 20, exact to double precision. */
function logFactorial(n: number): number {
  if (n <= 20) {
    let sum = 0;
    for (let i = 2; i <= n; i++) sum += Math.log(i);
    return sum;
  }
  const x = n + 1;
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

/** Probability of at most `events` in `trials` independent trials of probability `p`, with 0 < p < 1. */
export function binomialAtMost(events: number, trials: number, p: number): number {
  if (events < 0) return 0;
  if (events >= trials) return 1;
  const logTerm = (k: number) =>
    logFactorial(trials) -
    logFactorial(k) -
    logFactorial(trials - k) +
    k * Math.log(p) +
    (trials - k) * Math.log1p(-p);
  // The shorter tail is summed, so that neither loses digits.
  let sum = 0;
  const lower = events <= trials * p;
  for (let k = lower ? 0 : events + 1; k <= (lower ? events : trials); k++) sum += Math.exp(logTerm(k));
  return Math.min(1, Math.max(0, lower ? sum : 1 - sum));
}

/**
 * The fewest trials in which at most `violations` show, at a confidence, that fewer than `1 - percentile` of all
 * violate: MLPerf LoadGen's early stopping.
 *
 * @param percentile such as 0.95
 * @see https://github.com/mlcommons/inference/blob/b66003e/loadgen/early_stopping.cc
 */
export function minTrials(percentile: number, violations: number, confidence: number): number {
  const passes = (trials: number) => binomialAtMost(violations, trials, 1 - percentile) <= 1 - confidence;
  let high = violations + 1;
  while (!passes(high)) high *= 2;
  let low = violations;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * Judges a percentile by its violations: `pass` if fewer than `1 - percentile` of all violate, `fail` if more do,
 * each at the confidence; undefined if neither can be shown yet.
 *
 * @param trials may be fractional, as an effective sample size is; it is rounded down
 */
export function judgeShare(
  violations: number,
  trials: number,
  percentile: number,
  confidence: number,
): 'pass' | 'fail' | undefined {
  const [events, whole] = [Math.ceil(violations), Math.floor(trials)];
  if (whole < 1) return undefined;
  if (binomialAtMost(events, whole, 1 - percentile) <= 1 - confidence) return 'pass';
  const atLeast = 1 - binomialAtMost(Math.floor(violations) - 1, whole, 1 - percentile);
  return atLeast <= 1 - confidence ? 'fail' : undefined;
}

/**
 * Factor by which correlation between neighbours shrinks a sample: the variance of batch means over that of independent
 * values; at least 1. Latencies of a queue are correlated, which an exact test would mistake for evidence.
 *
 * @param values one per trial, in order
 * @see https://doi.org/10.1287/opre.30.3.556 (batch means)
 */
export function designEffect(values: ArrayLike<number>, batches = 20): number {
  const size = Math.floor(values.length / batches);
  if (size < 2) return 1;
  const means = Array.from({ length: batches }, (_, batch) => {
    let sum = 0;
    for (let i = batch * size; i < (batch + 1) * size; i++) sum += values[i]!;
    return sum / size;
  });
  const mean = means.reduce((sum, value) => sum + value, 0) / batches;
  let squares = 0;
  for (let i = 0; i < batches * size; i++) squares += (values[i]! - mean) ** 2;
  if (squares === 0) return 1;
  const ofMeans = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (batches - 1);
  return Math.max(1, (ofMeans * size) / (squares / (batches * size)));
}
