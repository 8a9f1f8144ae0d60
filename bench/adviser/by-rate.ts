/** Latencies by the rates of a load of steps, cut as `bench/evidence/rate-curve.ts` cuts the measured ones. Pure. */
import { type ExperimentRun, runName } from '../evidence/experiment-run';
import { SETTLE_SHARE } from '../evidence/rate-curve';
import { loadOf, requestsOf } from '../evidence/runs';
import { parseLoad } from '../load/load';
import { OUTCOMES } from '../load/run-document';
import type { Simulated } from '../twin/simulate';
import { percentile } from '../../statistics/percentile';

const RIGHT = OUTCOMES.indexOf('right');
const REFUSED = OUTCOMES.indexOf('refused');

/** What was answered at one rate, in one run or several. */
export interface AtRate {
  readonly answeredMs: readonly number[];
  readonly due: number;
  readonly refused: number;
}

/** Requests of one run: its own, or those that were simulated in their place. */
export type Answers = Pick<Simulated, 'latencyMs' | 'outcome'>;

/** Indices of the requests of each rate, lowest rate first; the same rate twice counts as one. */
export function indicesByRate(run: ExperimentRun): ReadonlyMap<number, readonly number[]> {
  const load = parseLoad(loadOf(run).settings.load);
  if (load.kind !== 'steps') {
    throw new RangeError(`the load of ${runName(run)} must be steps:…, received ${load.kind}`);
  }
  const stepMs = 1000 * load.stepSeconds;
  const indices = new Map<number, number[]>(
    [...load.ratesPerSecond].sort((a, b) => a - b).map((rate) => [rate, []]),
  );
  requestsOf(run).intendedMs.forEach((ms, i) => {
    const step = Math.floor(ms / stepMs);
    const rate = load.ratesPerSecond[step];
    if (rate !== undefined && ms >= (step + SETTLE_SHARE) * stepMs) indices.get(rate)!.push(i);
  });
  return indices;
}

/** What these requests became. */
export function answersAt({ latencyMs, outcome }: Answers, indices: readonly number[]): AtRate {
  return {
    answeredMs: indices.filter((i) => outcome[i] === RIGHT).map((i) => latencyMs[i]!),
    due: indices.length,
    refused: indices.filter((i) => outcome[i] === REFUSED).length,
  };
}

/** Several runs at the same rate together. */
export const together = (parts: readonly AtRate[]): AtRate => ({
  answeredMs: parts.flatMap(({ answeredMs }) => answeredMs),
  due: parts.reduce((sum, { due }) => sum + due, 0),
  refused: parts.reduce((sum, { refused }) => sum + refused, 0),
});

/** What was measured at a rate in all of these runs. */
export function measuredAt(runs: readonly ExperimentRun[]): (ratePerSecond: number) => AtRate {
  const parts = runs.map((run) => ({ requests: requestsOf(run), indices: indicesByRate(run) }));
  return (ratePerSecond) =>
    together(parts.map(({ requests, indices }) => answersAt(requests, indices.get(ratePerSecond) ?? [])));
}

/** A percentile of the answers; NaN where it would be the slowest of them, as in `bench/evidence/rate-curve.ts`. */
export const quoted = ({ answeredMs }: AtRate, share: number): number =>
  answeredMs.length * (1 - share) >= 1 - 1e-9 ? percentile(answeredMs, share) : NaN;
