/**
 * The least that any autoscaler could do: at each moment just as many pods as the rate needs, ready at once, and in each minute
 * enough that their requests cover the CPU use, as is asked of a recommended one. Pure.
 *
 * @see https://github.com/llm-d/llm-d-autoscaling/issues/1499 (the bound's definition)
 */
import { maxReplicasOf } from '../../infra/construct/replicas';
import { durationSeconds, type OpenLoad, rateAt } from '../load/load';
import { BUSY_SECONDS } from './advise';
import type { Candidate } from './candidate';
import { judge, type Wish } from './judge';

/** The knee is searched for until its ends differ by this share. */
const PRECISION = 0.03;
const PROBE: Probe = { seconds: 300, seeds: 5 };
/** A knee below this counts as none. */
const LEAST_PER_SECOND = 0.1;

export interface Ideal {
  /** The highest rate of one pod that meets the objective, by the same bound; 0 if none does. */
  readonly perPodPerSecond: number;
  /** CPU requested on average; Infinity if no rate is met. */
  readonly coresRequested: number;
}

/** How closely a knee is looked for. */
interface Probe {
  readonly seconds: number;
  readonly seeds: number;
}

/** The highest steady rate at which a candidate meets the objective by the wish's bound; 0 if it meets it at none. */
export function kneePerSecond(
  candidate: Candidate,
  wish: Omit<Wish, 'load'>,
  { seconds, seeds }: Probe,
): number {
  const passes = (ratePerSecond: number) =>
    judge(candidate, { ...wish, load: { kind: 'poisson', ratePerSecond, seconds } }, seeds).passes;
  const { profile, cpuLimitMillis, scaling } = candidate;
  const cores = (maxReplicasOf(scaling) * Math.max(1_000, cpuLimitMillis)) / 1_000;
  let high = (1.2 * 1_000 * cores) / profile.cpuMsPerImage.value;
  let low = 0;
  while (high - low > PRECISION * high && high > LEAST_PER_SECOND) {
    const middle = (low + high) / 2;
    if (passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** The bound for pods of a candidate's figures, of which none uses more CPU in a minute than it requests. */
export function idealOf(candidate: Candidate, wish: Wish, probe = PROBE): Ideal {
  const { profile, cpuRequestMillis } = candidate;
  const one = { ...candidate, scaling: { kind: 'fixed', replicas: 1 } } as const;
  const coveredPerSecond = (cpuRequestMillis - profile.idleMillis.value) / profile.cpuMsPerImage.value;
  const perPodPerSecond = kneePerSecond(one, wish, probe);
  const isNone = perPodPerSecond <= 0 || coveredPerSecond <= 0;
  const pods = isNone ? Infinity : podsAt(wish.load, perPodPerSecond, coveredPerSecond);
  return { perPodPerSecond, coresRequested: (pods * cpuRequestMillis) / 1_000 };
}

const total = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0);

/** As few pods as the rate needs at each moment, and its CPU use in each whole minute, on average. */
function podsAt(load: OpenLoad, perPodPerSecond: number, coveredPerSecond: number): number {
  const seconds = Math.ceil(durationSeconds(load));
  const rates = Array.from({ length: seconds }, (_, second) => rateAt(load, second));
  const minuteSeconds = Math.min(BUSY_SECONDS, seconds);
  let podSeconds = 0;
  for (let from = 0; from < seconds; from += minuteSeconds) {
    const minute = rates.slice(from, from + minuteSeconds);
    const needed = total(minute.map((rate) => Math.ceil(rate / perPodPerSecond)));
    // The rest of a load that ends within a minute is not judged by its CPU use.
    const covering = minute.length === minuteSeconds ? total(minute) / coveredPerSecond : 0;
    podSeconds += Math.max(needed, covering);
  }
  return podSeconds / seconds;
}
