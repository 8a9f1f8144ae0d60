/**
 * How far the twin may be off, from how far it was off: split conformal bounds of a percentile, of the knee and of the time to the
 * highest number of pods. Pure.
 */
import { conformalBound } from '../../statistics/conformal';
import type { SteadyCheck, Validation } from './validation';

/** Confidence of every bound that has enough cases. */
export const CONFIDENCE = 0.9;

export interface Bound {
  /** Undefined if there are too few cases. */
  readonly factor?: number;
  readonly cases: number;
}

/** Seeds for the bound of a plan: a quarter of a second's work per rate. */
export const BOUND_SEEDS = 20;

/** By which factor a measured percentile may exceed the simulated one, and from how many cases that is known. */
export type LatencyBound = Bound;

const boundOf = (errors: readonly number[]): Bound => {
  const factor = conformalBound(errors, CONFIDENCE);
  return { cases: errors.length, ...(factor !== undefined && { factor }) };
};

/**
 * At rates that did not fail, of deployments that the profile was not fitted to, as the adviser simulates them: that the
 * measured machine's speed changed is in this bound. It is one of the checks' percentile: another's errors are others.
 */
export const latencyBound = ({ rates }: { readonly rates: readonly SteadyCheck[] }): LatencyBound =>
  boundOf(
    rates.flatMap(({ isFitted, figures, measuredMs, steadyMs }) => {
      const ratio = measuredMs / steadyMs;
      return isFitted || figures.verdict === 'fail' || !Number.isFinite(ratio) ? [] : [ratio];
    }),
  );

/** By which factor a simulated knee may exceed the measured one of a single repetition. */
export const kneeBound = ({ knees }: Pick<Validation, 'knees'>): Bound =>
  boundOf(
    knees.flatMap(({ isFitted, measuredPerSecond, simulatedPerSecond }) =>
      isFitted || simulatedPerSecond === undefined
        ? []
        : measuredPerSecond.map((measured) => simulatedPerSecond / measured),
    ),
  );

/** How many seconds later than simulated the number of ready pods may first be at its highest. */
export function toMaxBound({ hpas }: Pick<Validation, 'hpas'>): {
  readonly cases: number;
  readonly seconds?: number;
} {
  const { cases, factor } = boundOf(
    hpas.map(({ toMaxSeconds: { measured, simulated } }) => measured - simulated.median),
  );
  return { cases, ...(factor !== undefined && { seconds: factor }) };
}
