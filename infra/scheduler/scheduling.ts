/**
 * Where the scheduler places equal pods, and why some stay Pending: kube-scheduler's default filters, as far as they differ
 * between nodes for our pods. `infra/scheduler/scoring.ts` has its scores. Pure functions.
 *
 * Not modelled: other pods' affinities, which `infra/fit/not-counted.ts` names, and that a preemption can end a violation of one
 * of our rules.
 *
 * @see https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
 */
import type { ClusterNode, LowerPriorityPod } from './cluster';
import { SPREAD } from '../construct/deployment-defaults';
import { type DomainRule, type Holding, judgeOf, type Violation } from './domain-rules';
import { cheapest, victimsOn, without } from './preemption';
import { parseCpuMillis, parseMemoryBytes } from '../quantity';
import { type Ask, askOf, scoresOf } from './scoring';
import type { Amounts, Resources } from '../variants';

/** What one of several equal pods asks of a node. */
export interface Demand extends Resources {
  /** Its requests as the scheduler scores them. @default its requests */
  readonly scored?: Amounts;
  /** What it requests of other resources, by name. @default nothing */
  readonly more?: Readonly<Record<string, number>>;
  /** Whether it needs a port of the node, which two pods cannot share. @default false */
  readonly needsPorts?: boolean;
  /** Which pods may share a node or another domain. @default the spreading of the variants */
  readonly rules?: readonly DomainRule[];
}

/** What a node lacks for one more pod. */
export type Shortage = Readonly<Record<'ports' | 'pods' | 'cpu' | 'memory', boolean>> & {
  /** Names of other resources. */
  readonly more: readonly string[];
};

/** Number of pods placed on a node, and what the node lacks for one more. */
export interface PlacedPods extends Holding {
  /** The node without the pods that ours preempted. */
  readonly node: ClusterNode;
  readonly shortage: Shortage;
  /** The rule that keeps one more pod away. */
  readonly violation?: Violation | undefined;
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

/** What a node has left for our pods. */
export const freeOn = ({ cpuAllocatableMillis, memoryAllocatableBytes, others }: ClusterNode): Ask => ({
  cpuMillis: cpuAllocatableMillis - parseCpuMillis(others.requests.cpu),
  memoryBytes: memoryAllocatableBytes - parseMemoryBytes(others.requests.memory),
});

/** The spreading of the variants, as `infra/construct/deployment-defaults.ts` has it. */
const VARIANT_RULES: readonly DomainRule[] = [
  {
    kind: 'spread',
    topologyKey: SPREAD.topologyKey,
    maxSkew: SPREAD.maxSkew,
    isHard: false,
    minDomains: 1,
    honorsAffinity: true,
    honorsTaints: false,
    isDefault: false,
    countsOurs: true,
    perRevision: true,
  },
];

export interface PlaceOptions {
  /** Which of several nodes with the same score to take; the scheduler picks at random. @default 'first' */
  readonly tie?: 'first' | 'last';
  /** Number of pods of a new revision, placed after the others. @default 0 */
  readonly surge?: number;
}

/** What a node that holds some of our pods lacks for one more. */
function shortageOf(demand: Demand, ask: Ask, node: ClusterNode, pods: number): Shortage {
  const { needsPorts = false, more = {} } = demand;
  const free = freeOn(node);
  return {
    ports: needsPorts && (pods > 0 || node.portsTaken === true),
    pods: pods + 1 > node.podsFree,
    // A pod that requests nothing fits on a node that is already over-committed.
    cpu: ask.cpuMillis > 0 && (pods + 1) * ask.cpuMillis > free.cpuMillis,
    memory: ask.memoryBytes > 0 && (pods + 1) * ask.memoryBytes > free.memoryBytes,
    more: Object.entries(more)
      .filter(([name, amount]) => (pods + 1) * amount > (node.moreFree?.[name] ?? 0))
      .map(([name]) => name),
  };
}

/** Places pods one by one, each on the node with the best score. */
export function place(
  replicas: number,
  demand: Demand,
  nodes: readonly ClusterNode[],
  { tie = 'first', surge = 0 }: PlaceOptions = {},
): Placement {
  const { rules = VARIANT_RULES } = demand;
  const ask = askOf(demand.requests);
  const asks = { requested: ask, scored: askOf(demand.scored ?? demand.requests) };
  const holding = (node: ClusterNode, pods: number, ofRevision: number): PlacedPods => ({
    node,
    pods,
    ofRevision,
    shortage: shortageOf(demand, ask, node, pods),
  });
  let placed = nodes.map((node) => holding(node, 0, 0));
  const preempted: string[] = [];
  let [pending, tied] = [replicas + surge, false];
  let judge = judgeOf(rules, placed);
  for (; pending > 0; pending--) {
    if (pending === surge) placed = placed.map(({ node, pods }) => holding(node, pods, 0));
    judge = judgeOf(rules, placed);
    const isAllowed = (on: PlacedPods) => judge.violationOn(on) === undefined;
    const open = placed.filter(({ node }) => isOpen(node));
    const feasible = open.filter((on) => hasRoom(on) && isAllowed(on));
    const scores = scoresOf(feasible, asks, judge);
    const bestScore = Math.max(...scores);
    const best = feasible.filter((_, i) => scores[i] === bestScore);
    const chosen = best.at(tie === 'first' ? 0 : -1);
    if (chosen !== undefined) {
      tied ||= best.length > 1;
      placed[placed.indexOf(chosen)] = holding(chosen.node, chosen.pods + 1, chosen.ofRevision + 1);
      continue;
    }
    const preemption = preemptionOn(open.filter(isAllowed), (on, node) =>
      hasRoom(holding(node, on.pods, on.ofRevision)),
    );
    if (preemption === undefined) break;
    const { on, victims } = preemption;
    preempted.push(...victims.map(({ name }) => name));
    placed[placed.indexOf(on)] = holding(without(on.node, victims), on.pods + 1, on.ofRevision + 1);
  }
  const judged = placed.map((on) => ({ ...on, violation: judge.violationOn(on) }));
  return { placed: judged, pending, reason: pending === 0 ? '' : reasonOf(judged), preempted, tied };
}

/** Whether a node takes our pods at all. */
const isOpen = ({ cordoned, tainted, unselected }: ClusterNode) =>
  !cordoned && !tainted && unselected === undefined;

const hasRoom = ({ shortage: { more, ...rest } }: PlacedPods) =>
  more.length === 0 && !Object.values(rest).includes(true);

/** Where one of our pods gets room by preemption, and from which pods. */
function preemptionOn(
  open: readonly PlacedPods[],
  fits: (on: PlacedPods, node: ClusterNode) => boolean,
): { readonly on: PlacedPods; readonly victims: readonly LowerPriorityPod[] } | undefined {
  return cheapest(
    open.flatMap((on) => {
      const victims = victimsOn(on.node, (node) => fits(on, node));
      return victims === undefined ? [] : [{ on, victims }];
    }),
  );
}

/** How many pods with these requests the nodes can take. */
export const roomFor = (resources: Resources, nodes: readonly ClusterNode[]): number =>
  place(Infinity, resources, nodes).placed.reduce((sum, { pods }) => sum + pods, 0);

/** Why each node takes no more, in the scheduler's words. It stops at the first filter that refuses the node. */
function causesOf(on: PlacedPods): readonly string[] {
  const { node, shortage, violation } = on;
  if (node.cordoned) return ['node(s) were unschedulable'];
  if (node.tainted) return ['node(s) had untolerated taint(s)'];
  if (node.unselected !== undefined) return ["node(s) didn't match Pod's node affinity/selector"];
  if (shortage.ports) return ["node(s) didn't have free ports for the requested pod ports"];
  if (hasRoom(on)) return violation === undefined ? [] : [violation.reason];
  return [
    ...(shortage.pods ? ['Too many pods'] : []),
    ...(shortage.cpu ? ['Insufficient cpu'] : []),
    ...(shortage.memory ? ['Insufficient memory'] : []),
    ...shortage.more.map((name) => `Insufficient ${name}`),
  ];
}

function reasonOf(placed: readonly PlacedPods[]): string {
  if (placed.length === 0) return 'no nodes available to schedule pods.';
  const counts = new Map<string, number>();
  for (const cause of placed.flatMap(causesOf)) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  const listed = [...counts].map(([cause, count]) => `${count} ${cause}`);
  // The scheduler sorts its reasons as text, counts included.
  return `0/${placed.length} nodes are available: ${listed.sort().join(', ')}.`;
}
