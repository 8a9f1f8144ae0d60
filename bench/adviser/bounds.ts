/**
 * How far the twin may be off, from how far it was off: split conformal bounds of a percentile, of the knee and of the time to the
 * highest number of pods. Pure.
 */
import { conformalBound, minCases } from '../../statistics/conformal';
import type { Evidence } from '../evidence/evidence';
import { plural } from '../evidence/words';
import type { ProfileFit } from './model-profile';
import { type SteadyCheck, steadyChecks, type Validation } from './validation';

/** Confidence of every bound that has enough cases. */
export const CONFIDENCE = 0.9;

export interface Bound {
  /** Undefined if there are too few cases, or if so many were off without a limit that no factor holds. */
  readonly factor?: number;
  readonly cases: number;
}

/** Seeds for the bound of a plan: a quarter of a second's work per rate. */
export const BOUND_SEEDS = 20;

/** Why cases give no bound. */
export const lackText = (cases: number, bound: string): string =>
  cases < minCases(CONFIDENCE)
    ? `${plural(cases, 'case')}, of which ${bound} needs ${minCases(CONFIDENCE)}`
    : `in too many of ${cases} cases the twin was wrong by more than can be measured`;

/** By which factor a measured percentile may exceed the simulated one, and from how many cases that is known. */
export type LatencyBound = Bound;

const boundOf = (errors: readonly number[]): Bound => {
  const factor = conformalBound(errors, CONFIDENCE);
  return { cases: errors.length, ...(factor !== undefined && factor < Infinity && { factor }) };
};

/**
 * At rates that the adviser predicts to meet the recorded objective, whatever was measured there, of deployments that the profile
 * was not fitted to, as the adviser simulates them: that the measured machine's speed changed is in this bound. It is one of
 * the checks' percentile: another's errors are others.
 */
export const latencyBound = ({ rates }: { readonly rates: readonly SteadyCheck[] }): LatencyBound =>
  boundOf(
    rates.flatMap(({ isFitted, measuredMs, steadyMs, limitMs }) =>
      isFitted || !(steadyMs <= limitMs) || Number.isNaN(measuredMs) ? [] : [measuredMs / steadyMs],
    ),
  );

/**
 * The bound of a plan for a percentile, from the recordings that its profiles were fitted to.
 *
 * @param percentile as a share, such as 0.95
 */
export const planBound = (
  evidence: Evidence,
  fits: readonly ProfileFit[],
  percentile: number,
): LatencyBound => latencyBound({ rates: steadyChecks(evidence, fits, BOUND_SEEDS, percentile) });

/**
 * By which factor a simulated knee may exceed the measured one of a single repetition. One beyond the simulated rates exceeds
 * it by an unknown factor, so without limit.
 */
export const kneeBound = ({ knees }: Pick<Validation, 'knees'>): Bound =>
  boundOf(
    knees.flatMap(({ isFitted, measuredPerSecond, simulatedPerSecond = Infinity }) =>
      isFitted ? [] : measuredPerSecond.map((measured) => simulatedPerSecond / measured),
    ),
  );

/**
 * How many seconds later than simulated the number of ready pods may first be at its highest, by the runs whose own starts
 * are not in their profile.
 */
export function toMaxBound({ hpas }: Pick<Validation, 'hpas'>): {
  readonly cases: number;
  readonly seconds?: number;
} {
  const { cases, factor } = boundOf(
    hpas.flatMap(({ isFitted, toMaxSeconds: { measured, simulated } }) =>
      isFitted ? [] : [measured - simulated.median],
    ),
  );
  return { cases, ...(factor !== undefined && { seconds: factor }) };
}
