/**
 * Where the scheduler places the replicas of a variant, and why some stay Pending: kube-scheduler's default filters and
 * scores, as far as they differ between nodes for our pods. Pure functions.
 *
 * Not modelled: ImageLocality (a node that already holds the image scores higher) and other pods' affinities, which
 * `infra/not-counted.ts` names.
 *
 * @see https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
 */
import type { ClusterNode, LowerPriorityPod } from './cluster';
import { SPREAD } from './deployment-defaults';
import { cheapest, victimsOn, without } from './preemption';
import { parseCpuMillis, parseMemoryBytes } from './quantity';
import type { Amounts, Resources } from './variants';

/** The resources that a node lacks for one more pod. */
export type Shortage = Readonly<Record<'pods' | 'cpu' | 'memory', boolean>>;

/** Number of pods placed on a node, and what the node lacks for one more. */
export interface PlacedPods {
  /** The node without the pods that ours preempted. */
  readonly node: ClusterNode;
  readonly pods: number;
  readonly shortage: Shortage;
}

/** Where equal pods were placed. */
export interface Placement {
  /** In the nodes' order. */
  readonly placed: readonly PlacedPods[];
  readonly pending: number;
  /** Why, in the scheduler's words; empty when none is pending. */
  readonly reason: string;
  /** Names of the pods of lower priority that the scheduler removes for ours. */
  readonly preempted: readonly string[];
  /** Whether several nodes had the best score for some pod. The scheduler then picks one of them at random. */
  readonly tied: boolean;
}

interface Ask {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

/** What a node has left for our pods. */
export const freeOn = ({ cpuAllocatableMillis, memoryAllocatableBytes, others }: ClusterNode): Ask => ({
  cpuMillis: cpuAllocatableMillis - parseCpuMillis(others.requests.cpu),
  memoryBytes: memoryAllocatableBytes - parseMemoryBytes(others.requests.memory),
});

/**
 * Places pods one by one, each on the node with the best score.
 *
 * @param tie which of several nodes with the same score to take; the scheduler picks at random
 */
export function place(
  replicas: number,
  { requests }: Resources,
  nodes: readonly ClusterNode[],
  tie: 'first' | 'last' = 'first',
): Placement {
  const ask = { cpuMillis: parseCpuMillis(requests.cpu), memoryBytes: parseMemoryBytes(requests.memory) };
  const holding = (node: ClusterNode, pods: number): PlacedPods => {
    const free = freeOn(node);
    const shortage = {
      pods: pods + 1 > node.podsFree,
      cpu: (pods + 1) * ask.cpuMillis > free.cpuMillis,
      memory: (pods + 1) * ask.memoryBytes > free.memoryBytes,
    };
    return { node, pods, shortage };
  };
  const placed = nodes.map((node) => holding(node, 0));
  const preempted: string[] = [];
  let [pending, tied] = [replicas, false];
  for (; pending > 0; pending--) {
    const open = placed.filter(({ node }) => isOpen(node));
    const feasible = open.filter(hasRoom);
    const scores = scoresOf(feasible, ask);
    const bestScore = Math.max(...scores);
    const best = feasible.filter((_, i) => scores[i] === bestScore);
    const chosen = best.at(tie === 'first' ? 0 : -1);
    if (chosen !== undefined) {
      tied ||= best.length > 1;
      placed[placed.indexOf(chosen)] = holding(chosen.node, chosen.pods + 1);
      continue;
    }
    const preemption = preemptionOn(open, (node, pods) => hasRoom(holding(node, pods)));
    if (preemption === undefined) break;
    const { on, victims } = preemption;
    preempted.push(...victims.map(({ name }) => name));
    placed[placed.indexOf(on)] = holding(without(on.node, victims), on.pods + 1);
  }
  return { placed, pending, reason: pending === 0 ? '' : reasonOf(placed), preempted, tied };
}

/** Whether a node takes our pods at all. */
const isOpen = ({ cordoned, tainted, unselected }: ClusterNode) =>
  !cordoned && !tainted && unselected !== true;

const hasRoom = ({ shortage }: PlacedPods) => !Object.values(shortage).includes(true);

/** Where one of our pods gets room by preemption, and from which pods. */
function preemptionOn(
  open: readonly PlacedPods[],
  fits: (node: ClusterNode, pods: number) => boolean,
): { readonly on: PlacedPods; readonly victims: readonly LowerPriorityPod[] } | undefined {
  return cheapest(
    open.flatMap((on) => {
      const victims = victimsOn(on.node, (node) => fits(node, on.pods));
      return victims === undefined ? [] : [{ on, victims }];
    }),
  );
}

/** How many pods with these requests the nodes can take. */
export const roomFor = (resources: Resources, nodes: readonly ClusterNode[]): number =>
  place(Infinity, resources, nodes).placed.reduce((sum, { pods }) => sum + pods, 0);

function reasonOf(placed: readonly PlacedPods[]): string {
  if (placed.length === 0) return 'no nodes available to schedule pods.';
  const cordoned = placed.filter(({ node }) => node.cordoned);
  const tainted = placed.filter(({ node }) => !node.cordoned && node.tainted);
  const unselected = placed.filter(({ node }) => !node.cordoned && !node.tainted && node.unselected === true);
  const open = placed.filter(({ node }) => isOpen(node)).map(({ shortage }) => shortage);
  const causes: [number, string][] = [
    [open.filter(({ pods }) => pods).length, 'Too many pods'],
    [open.filter(({ cpu }) => cpu).length, 'Insufficient cpu'],
    [open.filter(({ memory }) => memory).length, 'Insufficient memory'],
    [tainted.length, 'node(s) had untolerated taint(s)'],
    [unselected.length, "node(s) didn't match Pod's node affinity/selector"],
    [cordoned.length, 'node(s) were unschedulable'],
  ];
  const listed = causes.filter(([count]) => count > 0).map(([count, cause]) => `${count} ${cause}`);
  // The scheduler sorts its reasons as text, counts included.
  return `0/${placed.length} nodes are available: ${listed.sort().join(', ')}.`;
}

/** Largest value of a score; scores are whole numbers, rounded down. */
const MAX_NODE_SCORE = 100;

/** Scores each node that can take the pod, before weighting. */
type Scorer = (feasible: readonly PlacedPods[], ask: Ask) => number[];

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
const leastAllocated: Scorer = (feasible, ask) =>
  feasible.map(({ node, pods }) => {
    const { cpuMillis, memoryBytes } = allocated(node.others.scored, pods + 1, ask);
    const left = (requested: number, allocatable: number) =>
      Math.floor(shareOf(MAX_NODE_SCORE * Math.max(0, allocatable - requested), allocatable));
    const cpu = left(cpuMillis, node.cpuAllocatableMillis);
    return Math.floor((cpu + left(memoryBytes, node.memoryAllocatableBytes)) / 2);
  });

/** NodeResourcesBalancedAllocation: how much closer the pod brings the shares of CPU and memory. */
const balancedAllocation: Scorer = (feasible, ask) =>
  feasible.map(({ node, pods }) => {
    const balance = (count: number) => {
      const { cpuMillis, memoryBytes } = allocated(node.others.requests, count, ask);
      const cpu = Math.min(1, shareOf(cpuMillis, node.cpuAllocatableMillis));
      const memory = Math.min(1, shareOf(memoryBytes, node.memoryAllocatableBytes));
      return Math.trunc((1 - Math.abs((cpu - memory) / 2)) * MAX_NODE_SCORE);
    };
    const half = MAX_NODE_SCORE / 2;
    return half + Math.trunc((half + balance(pods + 1) - balance(pods)) / 2);
  });

/** PodTopologySpread: fewer of these pods on the node score higher. */
const podTopologySpread: Scorer = (feasible) => {
  const weight = Math.log(feasible.length + 2);
  const counts = feasible.map(({ pods }) => Math.round(pods * weight + SPREAD.maxSkew - 1));
  const [min, max] = [Math.min(...counts), Math.max(...counts)];
  return counts.map((count) =>
    max === 0 ? MAX_NODE_SCORE : Math.floor((MAX_NODE_SCORE * (max + min - count)) / max),
  );
};

/** kube-scheduler's default weights; NodeResourcesBalancedAllocation as since Kubernetes 1.36. */
const WEIGHTED: readonly (readonly [weight: number, Scorer])[] = [
  [3, taintToleration],
  [1, leastAllocated],
  [2, podTopologySpread],
  [1, balancedAllocation],
];

function scoresOf(feasible: readonly PlacedPods[], ask: Ask): number[] {
  const weighted = WEIGHTED.map(([weight, scorer]) => scorer(feasible, ask).map((score) => weight * score));
  return feasible.map((_, i) => weighted.reduce((sum, scores) => sum + scores[i]!, 0));
}
