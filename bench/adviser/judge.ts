/** Whether a candidate meets an objective under a load, and what it costs: simulated. Pure. */
import { HPA_BEHAVIOR } from '../../infra/construct/deployment-defaults';
import { percentile } from '../../statistics/percentile';
import { DEFAULT_FLAGS, settingsOf } from '../autoscaler/settings';
import { METRIC_RESOLUTION_MS } from '../evidence/cpu-windows';
import { duration } from '../evidence/words';
import { durationSeconds, type OpenLoad } from '../load/load';
import { OUTCOMES } from '../load/run-document';
import { drawSchedule } from '../load/schedule';
import { percentileName, type Slo } from '../load/slo';
import { bandOf, overSeeds } from '../twin/bands';
import type { Scenario } from '../twin/scenario';
import type { Simulated } from '../twin/simulate';
import { type Candidate, resourcesOf } from './candidate';
import { podFiguresOf } from './model-profile';
import type { LatencyBound } from './bounds';

/** What is asked for. */
export interface Wish {
  readonly slo: Slo;
  readonly load: OpenLoad;
  readonly nodes: number;
  /** Of the objective's percentile. */
  readonly bound: LatencyBound;
}

/** The load generator's deadline; an answer after it is worth nothing here either. */
const TIMEOUT_MS = 10_000;
/** Room for every pod: whether they fit is asked before. */
const ROOM_FOR_ALL = 10_000;

const RIGHT = OUTCOMES.indexOf('right');

export interface Judgement {
  readonly candidate: Candidate;
  readonly passes: boolean;
  /** How many simulations the figures come from, each with its own arrivals. */
  readonly seeds: number;
  /** The objective's percentile over all requests, median of the seeds; Infinity where too many are not answered. */
  readonly latencyMs: number;
  /** Its upper bound: by the conformal bound, else the upper end of the seeds' band. */
  readonly edgeMs: number;
  /** Share of the requests that are answered right in time, each latency taken at its upper bound; median of the seeds. */
  readonly inTimeShare: number;
  /** CPU requested, and pods, per hour. */
  readonly coresRequested: number;
  readonly podsOnAverage: number;
  /** CPU use of single pods in windows of 15 s. */
  readonly useMillis: readonly number[];
  /** CPU use of a pod in the busiest minute, the mean of all its pods; median of the seeds, millicores. */
  readonly busiestMillis: number;
  /**
   * Whether the request covers that. A fixed number of pods counts as covered: its request is chosen by the load. Another
   * tool's request is not: `rivals.ts`.
   */
  readonly coversUse: boolean;
}

/** The scenario of a candidate; arrivals differ by seed. */
export function scenarioOf(
  candidate: Candidate,
  { load, nodes }: Pick<Wish, 'load' | 'nodes'>,
  seed: number,
): Scenario {
  const { profile, scaling } = candidate;
  return {
    arrivalsMs: drawSchedule(load, seed),
    durationMs: 1000 * durationSeconds(load),
    connections: { kind: 'fresh' },
    timeoutMs: TIMEOUT_MS,
    pod: podFiguresOf(profile, resourcesOf(candidate)),
    nodes,
    maxPods: ROOM_FOR_ALL,
    scaling:
      scaling.kind === 'fixed'
        ? scaling
        : {
            ...{ kind: 'hpa', flags: DEFAULT_FLAGS, sampling: 'housekeeping' },
            metricResolutionMs: METRIC_RESOLUTION_MS,
            settings: settingsOf(
              {
                ...{
                  minReplicas: scaling.minReplicas,
                  maxReplicas: scaling.maxReplicas,
                  behavior: HPA_BEHAVIOR,
                },
                metrics: [
                  {
                    type: 'Resource',
                    resource: { name: 'cpu', target: { averageUtilization: scaling.targetCpuPercent } },
                  },
                ],
              },
              DEFAULT_FLAGS,
            ),
          },
  };
}

/** The objective's percentile over all requests that were due: one without a right answer counts as endless. */
function latencyOf({ latencyMs, outcome }: Simulated, share: number): number {
  return percentile(
    Array.from(latencyMs, (ms, i) => (outcome[i] === RIGHT ? ms : Infinity)),
    share,
  );
}

/** The share of all requests that were due whose right answer took at most `limitMs`. */
const inTimeOf = ({ latencyMs, outcome }: Simulated, limitMs: number): number =>
  latencyMs.reduce((sum, ms, i) => sum + (outcome[i] === RIGHT && ms <= limitMs ? 1 : 0), 0) /
  latencyMs.length;

/** By which factor the bound raises a simulated latency; 1 where there is no bound. */
const edgeFactorOf = ({ factor }: LatencyBound) => Math.max(1, factor ?? 1);

/** Simulates a candidate with some seeds and judges it. */
export function judge(candidate: Candidate, wish: Wish, seeds: number): Judgement {
  const { slo, bound, load } = wish;
  const hours = durationSeconds(load) / 3600;
  const seen = overSeeds(
    seeds,
    (seed) => scenarioOf(candidate, wish, seed),
    (simulated) => ({
      latencyMs: latencyOf(simulated, slo.percentile),
      inTimeShare: inTimeOf(simulated, slo.limitMs / edgeFactorOf(bound)),
      podHours: simulated.podSeconds / 3600,
      useMillis: simulated.useMillis,
      busiestMillis: simulated.busiestMillis,
    }),
  );
  const latency = bandOf(seen.map(({ latencyMs }) => latencyMs));
  const edgeMs = bound.factor === undefined ? latency.high : edgeFactorOf(bound) * latency.median;
  const podsOnAverage = bandOf(seen.map(({ podHours }) => podHours)).median / hours;
  const busiestMillis = bandOf(seen.map((each) => each.busiestMillis)).median;
  return {
    ...{ candidate, seeds, edgeMs, podsOnAverage, latencyMs: latency.median },
    passes: edgeMs <= slo.limitMs,
    inTimeShare: bandOf(seen.map(({ inTimeShare }) => inTimeShare)).median,
    coresRequested: (podsOnAverage * candidate.cpuRequestMillis) / 1000,
    useMillis: seen.flatMap(({ useMillis }) => useMillis),
    busiestMillis,
    coversUse: candidate.scaling.kind === 'fixed' || busiestMillis <= candidate.cpuRequestMillis,
  };
}

/** Why a judged candidate fails, or by how much it passes. */
export function judgementText(
  { latencyMs, edgeMs, passes, coversUse, busiestMillis }: Judgement,
  { slo, bound }: Pick<Wish, 'slo' | 'bound'>,
): string {
  if (latencyMs === Infinity) {
    return `more than ${Number((100 * (1 - slo.percentile)).toFixed(3))} % of the requests are refused or not answered`;
  }
  const edge = bound.factor === undefined ? 'upper end of the simulations' : 'upper bound';
  const use = coversUse
    ? ''
    : `; in the busiest minute a pod uses ${Math.ceil(busiestMillis)}m on average, more than it requests`;
  return `${percentileName(slo.percentile)} ${duration(latencyMs)}; ${edge} ${duration(edgeMs)} ${passes ? '≤' : '>'} ${duration(slo.limitMs)}${use}`;
}
