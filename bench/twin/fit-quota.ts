/**
 * By how much a control group overruns its CPU quota: fitted to measured requests under several CPU limits, and tried on
 * each limit with the others alone. Pure functions.
 */
import { mean } from '../../statistics/mean';
import { percentile } from '../../statistics/percentile';
import { seededRandom } from '../../statistics/seeded-random';
import { cpuQuota, runFor } from './cpu-quota';

/** Time from a request to its answer. */
export interface Elapsed {
  readonly meanMs: number;
  readonly p95Ms: number;
}

/** Requests of equal CPU time under one CPU limit, from one client that waits for each answer and then pauses. */
export interface QuotaCell extends Elapsed {
  readonly limitMillis: number;
  /** CPU time of the whole group per request. */
  readonly cpuMs: number;
  /** Mean of the pauses, which are uniformly random between 0 and twice that. */
  readonly pauseMs: number;
}

/** The cells of one limit, predicted from the others. */
export interface LeftOut<T extends QuotaCell> {
  readonly limitMillis: number;
  /** Fitted to the other limits. */
  readonly overrunMs: number;
  readonly cells: readonly { readonly measured: T; readonly predicted: Elapsed }[];
}

const REQUESTS = 1_000;
/** In multiples of their mean; the same for every overrun, so that nothing but the overrun tells them apart. */
const PAUSES = (() => {
  const random = seededRandom(1, 'pauses');
  return Array.from({ length: REQUESTS }, () => random.between(0, 2));
})();
/** A kernel with 100 ticks per second, the fewest, looks at a group every 10 ms. */
const CANDIDATES_MS = Array.from({ length: 41 }, (_, i) => i / 4);

/** What the law says of a cell's requests. */
export function elapsedUnder(
  { limitMillis, cpuMs, pauseMs }: Pick<QuotaCell, 'limitMillis' | 'cpuMs' | 'pauseMs'>,
  overrunMs: number,
): Elapsed {
  const quota = cpuQuota(limitMillis, 0, overrunMs);
  let answeredMs = 0;
  const elapsedMs = PAUSES.map((pause) => {
    const sentMs = answeredMs + pause * pauseMs;
    answeredMs = runFor(quota, sentMs, cpuMs, 1);
    return answeredMs - sentMs;
  });
  return { meanMs: mean(elapsedMs), p95Ms: percentile(elapsedMs, 0.95) };
}

/** Of the mean alone: p95 jumps where the share of the requests that wait passes 5 %, so that a few cells would decide. */
const squaredError = (cell: QuotaCell, overrunMs: number) =>
  Math.log(elapsedUnder(cell, overrunMs).meanMs / cell.meanMs) ** 2;

/** Of each candidate. */
const errorsOf = (cells: readonly QuotaCell[]): number[] =>
  CANDIDATES_MS.map((overrunMs) => cells.reduce((sum, cell) => sum + squaredError(cell, overrunMs), 0));

function leastOf(errors: readonly (readonly number[])[]): number {
  const sums = CANDIDATES_MS.map((_, i) => errors.reduce((sum, each) => sum + each[i]!, 0));
  return CANDIDATES_MS[sums.indexOf(Math.min(...sums))]!;
}

/** The overrun, in quarters of a millisecond, at which the logarithms of the means differ least from the measured ones. */
export const fitOverrun = (cells: readonly QuotaCell[]): number => leastOf([errorsOf(cells)]);

/**
 * Predicts the requests under each limit with the overrun that the other limits have.
 *
 * @throws RangeError if there is one limit only
 */
export function leaveOneOut<T extends QuotaCell>(cells: readonly T[]): LeftOut<T>[] {
  const limits = [...new Set(cells.map(({ limitMillis }) => limitMillis))].sort((a, b) => a - b);
  if (limits.length < 2) {
    throw new RangeError(
      `requests must be measured under two CPU limits or more, received ${limits.join(', ')}: give --limits more`,
    );
  }
  const under = (limitMillis: number) => cells.filter((cell) => cell.limitMillis === limitMillis);
  const errors = new Map(limits.map((limitMillis) => [limitMillis, errorsOf(under(limitMillis))]));
  return limits.map((limitMillis) => {
    const overrunMs = leastOf([...errors].flatMap(([other, each]) => (other === limitMillis ? [] : [each])));
    return {
      ...{ limitMillis, overrunMs },
      cells: under(limitMillis).map((measured) => ({
        measured,
        predicted: elapsedUnder(measured, overrunMs),
      })),
    };
  });
}
