/**
 * Which of the nodes with room the scheduler prefers: kube-scheduler's default scores, as far as they differ between nodes for
 * our pods. Pure functions.
 *
 * Not modelled: ImageLocality, by which a node that already holds the image scores higher.
 *
 * @see https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
 */
import type { Holding, Judge } from './domain-rules';
import { parseCpuMillis, parseMemoryBytes } from '../quantity';
import type { Amounts } from '../variants';

/**
 * What kube-scheduler assumes when it scores a container without a request.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/scheduler/util/pod_resources.go
 */
export const ASSUMED: Amounts = { cpu: '100m', memory: '200Mi' };

/** CPU and memory of one pod. */
export interface Ask {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

export const askOf = ({ cpu, memory }: Amounts): Ask => ({
  cpuMillis: parseCpuMillis(cpu),
  memoryBytes: parseMemoryBytes(memory),
});

/** What one pod requests, and what the scheduler takes it to request when it compares how full nodes are. */
export interface Asks {
  readonly requested: Ask;
  readonly scored: Ask;
}

/** Largest value of a score; scores are whole numbers, rounded down. */
const MAX_NODE_SCORE = 100;

/** Scores each node that can take the pod, before weighting. */
type Scorer = (feasible: readonly Holding[], asks: Asks, judge: Judge) => number[];

/** Requests on a node: of other pods, and of a number of ours. */
const allocated = (others: Amounts, pods: number, ask: Ask): Ask => ({
  cpuMillis: parseCpuMillis(others.cpu) + pods * ask.cpuMillis,
  memoryBytes: parseMemoryBytes(others.memory) + pods * ask.memoryBytes,
});

const shareOf = (amount: number, allocatable: number) => (allocatable === 0 ? 0 : amount / allocatable);

/** Scores from 100 down: the higher a node's count, the lower its score. */
const reversed = (counts: readonly number[]): number[] => {
  const max = Math.max(...counts);
  return counts.map((count) =>
    max === 0 ? MAX_NODE_SCORE : MAX_NODE_SCORE - Math.floor((MAX_NODE_SCORE * count) / max),
  );
};

/** TaintToleration: fewer PreferNoSchedule taints score higher. */
const taintToleration: Scorer = (feasible) =>
  reversed(feasible.map(({ node }) => node.taintsPreferNoSchedule));

/** NodeResourcesFit with LeastAllocated: the share of CPU and memory left after the pod. */
const leastAllocated: Scorer = (feasible, { scored }) =>
  feasible.map(({ node, pods }) => {
    const { cpuMillis, memoryBytes } = allocated(node.others.scored, pods + 1, scored);
    const left = (requested: number, allocatable: number) =>
      Math.floor(shareOf(MAX_NODE_SCORE * Math.max(0, allocatable - requested), allocatable));
    const cpu = left(cpuMillis, node.cpuAllocatableMillis);
    return Math.floor((cpu + left(memoryBytes, node.memoryAllocatableBytes)) / 2);
  });

/** NodeResourcesBalancedAllocation: how much closer the pod brings the shares of CPU and memory. */
const balancedAllocation: Scorer = (feasible, { requested }) =>
  feasible.map(({ node, pods }) => {
    const balance = (count: number) => {
      const { cpuMillis, memoryBytes } = allocated(node.others.requests, count, requested);
      const cpu = Math.min(1, shareOf(cpuMillis, node.cpuAllocatableMillis));
      const memory = Math.min(1, shareOf(memoryBytes, node.memoryAllocatableBytes));
      return Math.trunc((1 - Math.abs((cpu - memory) / 2)) * MAX_NODE_SCORE);
    };
    const half = MAX_NODE_SCORE / 2;
    return half + Math.trunc((half + balance(pods + 1) - balance(pods)) / 2);
  });

/** NodeAffinity: more of the preferences that the node meets score higher. */
const nodeAffinity: Scorer = (feasible) => {
  const weights = feasible.map(({ node }) => node.preferredWeight ?? 0);
  const max = Math.max(...weights);
  return weights.map((weight) => (max === 0 ? 0 : Math.trunc((MAX_NODE_SCORE * weight) / max)));
};

/** kube-scheduler's default weights; NodeResourcesBalancedAllocation as since Kubernetes 1.36. */
const WEIGHTED: readonly (readonly [weight: number, Scorer])[] = [
  [3, taintToleration],
  [2, nodeAffinity],
  [1, leastAllocated],
  [2, (feasible, _, judge) => judge.spreadScores(feasible)],
  [2, (feasible, _, judge) => judge.affinityScores(feasible)],
  [1, balancedAllocation],
];

/** The score of each node that has room for one more pod. */
export function scoresOf(feasible: readonly Holding[], asks: Asks, judge: Judge): number[] {
  const weighted = WEIGHTED.map(([weight, scorer]) =>
    scorer(feasible, asks, judge).map((score) => weight * score),
  );
  return feasible.map((_, i) => weighted.reduce((sum, scores) => sum + scores[i]!, 0));
}
