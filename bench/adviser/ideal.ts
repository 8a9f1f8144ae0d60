/**
 * The least that any autoscaler could do: at each moment just as many pods as the rate needs, ready at once. Pure.
 *
 * @see https://github.com/llm-d/llm-d-autoscaling/issues/1499 (the bound's definition)
 */
import { durationSeconds, type OpenLoad, rateAt } from '../load/load';
import type { Candidate } from './candidate';
import { judge, type Wish } from './judge';

const SEEDS = 5;
/** The knee is searched for until its ends differ by this share. */
const PRECISION = 0.03;
const PROBE_SECONDS = 300;

export interface Ideal {
  /** The highest rate of one pod that meets the objective, by the same bound; 0 if none does. */
  readonly kneePerSecond: number;
  /** CPU requested on average. */
  readonly coresRequested: number;
}

/** The bound for pods of a candidate's figures. */
export function idealOf(candidate: Candidate, wish: Wish): Ideal {
  const one = { ...candidate, scaling: { kind: 'fixed', replicas: 1 } } as const;
  const passes = (ratePerSecond: number) =>
    judge(one, { ...wish, load: { kind: 'poisson', ratePerSecond, seconds: PROBE_SECONDS } }, SEEDS).passes;
  const { cpuMsPerImage } = candidate.profile;
  let high = (1.2 * Math.max(1_000, candidate.cpuLimitMillis)) / cpuMsPerImage.value;
  let low = 0;
  while (high - low > PRECISION * high) {
    const middle = (low + high) / 2;
    if (passes(middle)) low = middle;
    else high = middle;
  }
  return { kneePerSecond: low, coresRequested: coresAt(wish.load, low, candidate.cpuRequestMillis) };
}

function coresAt(load: OpenLoad, kneePerSecond: number, cpuRequestMillis: number): number {
  const seconds = Math.ceil(durationSeconds(load));
  const pods = Array.from({ length: seconds }, (_, second) =>
    Math.ceil(rateAt(load, second) / kneePerSecond),
  );
  return (pods.reduce((sum, each) => sum + each, 0) / seconds / 1000) * cpuRequestMillis;
}
