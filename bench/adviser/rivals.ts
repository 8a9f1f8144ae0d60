/**
 * What other tools would request for a deployment's pods, from the same simulated CPU use. They see use, not latency. Pure.
 */
import { percentile } from '../../statistics/percentile';
import type { Candidate } from './candidate';
import { judge, type Judgement, type Wish } from './judge';

interface Rule {
  readonly name: string;
  readonly words: string;
  readonly requestMillis: (useMillis: readonly number[]) => number;
}

/** Their rules for a CPU request, with their defaults. */
export const RIVAL_RULES: readonly Rule[] = [
  {
    name: 'KRR',
    words: 'Robusta’s recommender: the 95th percentile of the CPU use, no limit',
    // robusta-dev/krr at d6baa74, robusta_krr/strategies/simple.py.
    requestMillis: (use) => percentile(use, 0.95),
  },
  {
    name: 'VPA',
    words: 'Kubernetes’ Vertical Pod Autoscaler: the 90th percentile of the CPU use, 15 % more, at least 25m',
    // kubernetes/autoscaler at 55c37cd, vertical-pod-autoscaler/pkg/recommender/config/config.go. Its histogram forgets over
    // days; a simulated load is shorter.
    requestMillis: (use) => Math.max(25, 1.15 * percentile(use, 0.9)),
  },
  {
    name: 'Kubecost',
    words: 'the highest CPU use, divided by 0.7',
    // kubecost/docs at 00ca5ae, api-request-right-sizing-v2.md: algorithmCPU and targetCPUUtilization by default.
    requestMillis: (use) => percentile(use, 1) / 0.7,
  },
];

export interface Rival {
  readonly rule: Rule;
  readonly judgement: Judgement;
}

const SEEDS = 20;

/**
 * Judges a deployment with another request. The twin gives a fixed number of pods their CPU limit whatever they request, so
 * that there the request must cover the use in the busiest minute, or be no less than the deployment's own, which may be a
 * little below it by a few seeds.
 */
function judgeRequest(candidate: Candidate, cpuRequestMillis: number, wish: Wish, seeds: number): Judgement {
  const judged = judge({ ...candidate, cpuRequestMillis }, wish, seeds);
  if (candidate.scaling.kind === 'hpa') return judged;
  const coversUse = cpuRequestMillis >= Math.min(candidate.cpuRequestMillis, judged.busiestMillis);
  return { ...judged, coversUse };
}

/** A deployment with each tool's request: the same limit, replicas and autoscaler. */
export const rivalsOf = ({ candidate, useMillis }: Judgement, wish: Wish, seeds = SEEDS): Rival[] =>
  RIVAL_RULES.map((rule) => {
    const cpuRequestMillis = Math.max(1, Math.ceil(rule.requestMillis(useMillis)));
    return { rule, judgement: judgeRequest(candidate, cpuRequestMillis, wish, seeds) };
  });
