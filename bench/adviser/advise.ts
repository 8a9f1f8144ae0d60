/**
 * The search for the deployment that meets an objective at the least CPU requested: every model, precision, limit, number of
 * replicas or autoscaler, chosen together. Pure.
 */
import type { ClusterNode } from '../../infra/scheduler/cluster';
import { maxReplicasOf } from '../../infra/construct/replicas';
import type { ModelId } from '../../models/catalog';
import { DEFAULT_FLAGS } from '../autoscaler/settings';
import { durationSeconds, meanRequests, type OpenLoad, rateAt } from '../load/load';
import { type Candidate, LIMITS_MILLIS, obstacleOf, podsAtLimit } from './candidate';
import { judge, type Judgement, type Wish } from './judge';
import type { ModelProfile } from './model-profile';
import { isGood, judgeFully, ranked, type Ranking, settle } from './ranking';

/** Requests are multiples of this, millicores. */
const REQUEST_STEP_MILLIS = 5;
/** More replicas are not tried. */
export const MAX_REPLICAS = 60;
/** HPA targets to try, percent of the request. */
const TARGETS_PERCENT = [90, 70, 50];
const MIN_REPLICAS = [1, 2];
/** Requests to try behind an HPA, as shares of the limit. */
const REQUEST_SHARES = [0.3, 0.5, 0.8];
/** Seeds for a first look. */
const LOOK_SEEDS = 3;
/** With few seeds the median may be up to this factor too high. Only a candidate that misses by more is out at once. */
const LOOK_MARGIN = 1.5;
/** The same for the CPU use in the busiest minute, which differs less between seeds. */
const USE_MARGIN = 1.15;
/** Length of the busiest time of a load. */
export const BUSY_SECONDS = 60;

/** A candidate that was not simulated, and why. */
export interface Excluded {
  readonly candidate: Candidate;
  readonly reason: string;
}

export interface Advice extends Ranking {
  readonly wish: Wish;
  readonly excluded: readonly Excluded[];
  /**
   * Whether {@link MAX_REPLICAS} decides, not the nodes: they have room for as many pods of a candidate that fails, or there is no
   * candidate, as so many pods use more CPU than any limit.
   */
  readonly isCapped: boolean;
  /** How many were simulated. */
  readonly tried: number;
}

/** The highest mean rate of a load over {@link BUSY_SECONDS}, or over all of a shorter one, requests per second. */
export function busiestPerSecond(load: OpenLoad): number {
  const seconds = Math.ceil(durationSeconds(load));
  const windowSeconds = Math.min(BUSY_SECONDS, seconds);
  let [sum, highest] = [0, 0];
  for (let second = 0; second < seconds; second++) {
    sum += rateAt(load, second) - (second < windowSeconds ? 0 : rateAt(load, second - windowSeconds));
    if (second >= windowSeconds - 1) highest = Math.max(highest, sum);
  }
  return highest / windowSeconds;
}

/** Whether a load keeps one rate: then an autoscaler has nothing to do. */
export const isSteady = ({ kind }: OpenLoad): boolean => kind === 'constant' || kind === 'poisson';

/** CPU that each of some pods uses at a rate, millicores. */
export function useMillisAt(
  { cpuMsPerImage, coldShare, idleMillis }: ModelProfile,
  ratePerSecond: number,
  pods: number,
): number {
  const busyMillis = (ratePerSecond * cpuMsPerImage.value) / pods;
  // An image that finds its process idle takes longer, which is rarer the busier a pod is.
  const coldImages = Math.max(0, 1 - busyMillis / 1000);
  return busyMillis * (1 + coldShare.value * coldImages) + idleMillis.value;
}

/** The least request that covers what a pod uses in the busiest minute. */
const requestFor = (useMillis: number) => Math.ceil(useMillis / REQUEST_STEP_MILLIS) * REQUEST_STEP_MILLIS;

function fixedCandidates(profile: ModelProfile, peakPerSecond: number): Candidate[] {
  return LIMITS_MILLIS.flatMap((cpuLimitMillis) =>
    Array.from({ length: MAX_REPLICAS }, (_, i) => i + 1).flatMap((replicas) => {
      const cpuRequestMillis = requestFor(useMillisAt(profile, peakPerSecond, replicas));
      const scaling = { kind: 'fixed', replicas } as const;
      return cpuRequestMillis < cpuLimitMillis
        ? [{ profile, cpuRequestMillis, cpuLimitMillis, scaling }]
        : [];
    }),
  );
}

function hpaCandidates(
  profile: ModelProfile,
  peakPerSecond: number,
  nodes: readonly ClusterNode[],
): Candidate[] {
  return LIMITS_MILLIS.flatMap((cpuLimitMillis) =>
    REQUEST_SHARES.flatMap((share) => {
      const cpuRequestMillis = requestFor(share * cpuLimitMillis);
      const one = {
        profile,
        cpuRequestMillis,
        cpuLimitMillis,
        scaling: { kind: 'fixed', replicas: 1 },
      } as const;
      const maxReplicas = podsAtLimit(one, nodes, MAX_REPLICAS);
      // An HPA that cannot reach its target at the peak stays at its maximum: a fixed number does that too.
      return TARGETS_PERCENT.filter(
        (percent) => useMillisAt(profile, peakPerSecond, maxReplicas) <= (percent / 100) * cpuRequestMillis,
      ).flatMap((targetCpuPercent) =>
        MIN_REPLICAS.filter((minReplicas) => minReplicas < maxReplicas).map((minReplicas) => ({
          ...one,
          scaling: { kind: 'hpa', minReplicas, maxReplicas, targetCpuPercent } as const,
        })),
      );
    }),
  );
}

/**
 * The CPU that a candidate requests at least, cores: for a fixed number exactly; behind an HPA what its pods use on average
 * over the highest ratio at which it adds none.
 */
function leastCores({ scaling, cpuRequestMillis, profile }: Candidate, meanPerSecond: number): number {
  if (scaling.kind === 'fixed') return (scaling.replicas * cpuRequestMillis) / 1000;
  const highest = (scaling.targetCpuPercent / 100) * (1 + DEFAULT_FLAGS.tolerance);
  const used = (meanPerSecond * profile.cpuMsPerImage.value) / highest;
  return Math.max(scaling.minReplicas * cpuRequestMillis, used) / 1000;
}

/** Whether more seeds may find a candidate good that a look does not. */
const couldPass = ({ candidate, edgeMs, coversUse, busiestMillis }: Judgement, { slo }: Wish) =>
  (coversUse || busiestMillis <= USE_MARGIN * candidate.cpuRequestMillis) &&
  edgeMs <= LOOK_MARGIN * slo.limitMs;

/** The same limit with one pod more, where the number is fixed: what a spare pod costs. */
function onePodMore(candidate: Candidate, peakPerSecond: number): Candidate | undefined {
  const { scaling, profile } = candidate;
  if (scaling.kind !== 'fixed') return undefined;
  const replicas = scaling.replicas + 1;
  const cpuRequestMillis = requestFor(useMillisAt(profile, peakPerSecond, replicas));
  return { ...candidate, cpuRequestMillis, scaling: { kind: 'fixed', replicas } };
}

/**
 * Finds the cheapest candidates that pass, and what loses against them.
 *
 * @param profiles one per model and precision
 */
export function advise(
  profiles: readonly ModelProfile[],
  wish: Wish,
  nodes: readonly ClusterNode[],
  models: readonly ModelId[],
): Advice {
  const peakPerSecond = busiestPerSecond(wish.load);
  const meanPerSecond = meanRequests(wish.load) / durationSeconds(wish.load);
  const wanted = profiles.filter(({ model }) => models.includes(model));
  const candidates = wanted
    .flatMap((profile) => [
      ...fixedCandidates(profile, peakPerSecond),
      ...(isSteady(wish.load) ? [] : hpaCandidates(profile, peakPerSecond, nodes)),
    ])
    .sort((a, b) => leastCores(a, meanPerSecond) - leastCores(b, meanPerSecond));
  const excluded: Excluded[] = [];
  const looked: Judgement[] = [];
  const passing = new Map<ModelProfile, number>();
  for (const candidate of candidates) {
    const { profile } = candidate;
    // What costs as much as a passing one of its model and precision cannot win.
    if (leastCores(candidate, meanPerSecond) >= (passing.get(profile) ?? Infinity)) continue;
    const reason = obstacleOf(candidate, nodes);
    if (reason !== undefined) {
      excluded.push({ candidate, reason });
      continue;
    }
    const look = judge(candidate, wish, LOOK_SEEDS);
    const judgement = couldPass(look, wish) ? judgeFully(candidate, wish) : look;
    looked.push(judgement);
    if (isGood(judgement)) {
      passing.set(profile, Math.min(passing.get(profile) ?? Infinity, judgement.coresRequested));
    }
  }
  const settled = settle(looked, wanted, wish);
  const best = ranked(settled, wanted).best;
  const next = best && onePodMore(best.candidate, peakPerSecond);
  const all =
    next === undefined || obstacleOf(next, nodes) !== undefined
      ? settled
      : [...settled, judgeFully(next, wish)];
  const isCapped =
    candidates.length === 0 ||
    looked.some((each) => !isGood(each) && maxReplicasOf(each.candidate.scaling) === MAX_REPLICAS);
  return { ...{ wish, excluded, isCapped, tried: looked.length }, ...ranked(all, wanted) };
}
