/** The verdict on each rate of a load of steps, and the knee with its interval. Pure. */
import { judgeShare } from '../../statistics/binomial';

/** Of each rate's verdict; divided among the samples that it looks at. */
export const STEP_CONFIDENCE = 0.95;
export type RateVerdict = 'pass' | 'fail' | 'cannot tell';

/** A rate with what judges it. */
export interface JudgedRate {
  /** The rate that the load asked for. */
  readonly ratePerSecond: number;
  /** Requests that missed the objective, and all that were due, as independent ones. */
  readonly violations: number;
  readonly trials: number;
  readonly verdict: RateVerdict;
}

/** The interval in which the highest rate lies that meets the objective. */
export interface Knee {
  /** The highest rate that passed below all that failed; undefined if none did. */
  readonly lowPerSecond?: number;
  /** The lowest rate that failed; undefined if none did. */
  readonly highPerSecond?: number;
}

/**
 * The verdict on each rate, lowest first. A higher rate violates no less, so a rate also passes if it passes together
 * with the rates above it, and fails if it fails together with those below it.
 */
export function verdictsOf(
  rates: readonly Pick<JudgedRate, 'violations' | 'trials'>[],
  percentile: number,
): RateVerdict[] {
  const judged = (parts: typeof rates, looks: number) =>
    judgeShare(
      parts.reduce((sum, { violations }) => sum + violations, 0),
      parts.reduce((sum, { trials }) => sum + trials, 0),
      percentile,
      1 - (1 - STEP_CONFIDENCE) / looks,
    );
  return rates.map((_, i) => {
    const above = rates.slice(i).map((__, more) => rates.slice(i, i + more + 1));
    const below = rates.slice(0, i + 1).map((__, from) => rates.slice(from, i + 1));
    if (above.some((parts) => judged(parts, above.length) === 'pass')) return 'pass';
    return below.some((parts) => judged(parts, below.length) === 'fail') ? 'fail' : 'cannot tell';
  });
}

/** The knee of a curve; rates between its ends are those that cannot be told apart from the objective. */
export function kneeOf(rates: readonly Pick<JudgedRate, 'ratePerSecond' | 'verdict'>[]): Knee {
  const high = Math.min(...rates.filter(({ verdict }) => verdict === 'fail').map((r) => r.ratePerSecond));
  const passed = rates.filter(({ verdict, ratePerSecond }) => verdict === 'pass' && ratePerSecond < high);
  return {
    ...(passed.length > 0 && { lowPerSecond: Math.max(...passed.map((r) => r.ratePerSecond)) }),
    ...(high < Infinity && { highPerSecond: high }),
  };
}
