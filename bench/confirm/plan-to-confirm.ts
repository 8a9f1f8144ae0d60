/** Which plan is worth two runs on real pods: one that a short run can confirm or refute. Pure. */
import { CLUSTER, clusterOf } from '../../infra/scheduler/cluster';
import { MODEL_IDS } from '../../models/catalog';
import { advise } from '../adviser/advise';
import { planBound } from '../adviser/bounds';
import { type Candidate, LIMITS_MILLIS } from '../adviser/candidate';
import type { Judgement } from '../adviser/judge';
import { judgeFully } from '../adviser/ranking';
import { profilesOf } from '../adviser/validation';
import type { Evidence } from '../evidence/evidence';
import { parseLoad } from '../load/load';
import type { Role } from './confirmation';

export const NODES = 3;
export const SLO = { percentile: 0.95, limitMs: 400 } as const;
/** Length of each run. */
export const SECONDS = 120;
/** Rates to plan for, requests per second: at the lowest a run has more than a thousand requests. */
const RATES_PER_SECOND = Array.from({ length: 111 }, (_, index) => index + 10);
/** A refused deployment this far beyond the objective fails the exact test within a run, even if the twin is half as far off. */
export const REFUSED_FACTOR = 2;

export interface PlanToConfirm {
  readonly ratePerSecond: number;
  readonly judged: readonly (readonly [Role, Judgement])[];
}

export const loadText = (ratePerSecond: number): string => `poisson:${ratePerSecond}:${SECONDS}s`;

/** The same deployment with the next lower CPU limit; undefined at the lowest. */
function withLowerLimit(candidate: Candidate): Candidate | undefined {
  const cpuLimitMillis = LIMITS_MILLIS.findLast((each) => each < candidate.cpuLimitMillis);
  if (cpuLimitMillis === undefined) return undefined;
  return {
    ...candidate,
    cpuLimitMillis,
    cpuRequestMillis: Math.min(candidate.cpuRequestMillis, cpuLimitMillis),
  };
}

/**
 * The plan of the lowest rate at which the recommended deployment with the next lower CPU limit is simulated at
 * {@link REFUSED_FACTOR} times the objective or more.
 *
 * @throws Error if there is no such rate, or the recordings lack what a plan needs
 */
export function planToConfirm(evidence: Evidence): PlanToConfirm {
  const { fits, profiles, missing } = profilesOf(evidence);
  if (profiles.length === 0) throw new Error(missing.join('\n'));
  const nodes = clusterOf({
    nodes: NODES,
    cpuAllocatableMillis: CLUSTER[0]!.cpuAllocatableMillis,
    memoryAllocatableBytes: CLUSTER[0]!.memoryAllocatableBytes,
    controlPlane: false,
  });
  const bound = planBound(evidence, fits, SLO.percentile);
  for (const ratePerSecond of RATES_PER_SECOND) {
    const load = parseLoad(loadText(ratePerSecond));
    if (load.kind === 'closed') throw new Error('the load must be an open loop');
    // The recorded profiles alone: at the precision that the service chooses, as in the pods that will run.
    const wish = { slo: SLO, load, nodes: NODES, bound };
    const { best } = advise(profiles, wish, nodes, MODEL_IDS);
    const lower = best && withLowerLimit(best.candidate);
    if (best === undefined || lower === undefined) continue;
    const refused = judgeFully(lower, wish);
    if (refused.latencyMs < REFUSED_FACTOR * SLO.limitMs) continue;
    const judged = [
      ['recommended', best],
      ['refused', refused],
    ] as const;
    return { ratePerSecond, judged };
  }
  throw new Error(
    `from ${RATES_PER_SECOND[0]} to ${RATES_PER_SECOND.at(-1)} requests per second no recommended deployment has a simulated p95 ` +
      `of ${REFUSED_FACTOR * SLO.limitMs} ms or more with the next lower CPU limit: no short run could confirm a refusal`,
  );
}
