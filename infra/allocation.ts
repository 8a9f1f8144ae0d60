/**
 * What fits where: the figures a pod has on either basis, the nodes its replicas go to, and what `kubectl describe
 * node` says of them. Pure functions.
 */
import { type ClusterNode, SYSTEM_PODS } from './cluster';
import { formatCpu, formatMemory, formatOf, parseCpuMillis, parseMemoryBytes } from './quantity';
import type { Amounts, Resources, Variant } from './variants';

/** How the printed figures are read: as a container's own, or as the sum on a node. */
export const BASES = ['container', 'node'] as const;
export type Basis = (typeof BASES)[number];

/** A pod's share of a printed sum; the sum itself where no pod of ours was in it. */
function shareOf(printed: Amounts, system: Amounts, pods: number): Amounts {
  if (pods === 0) return printed;
  const cpuMillis = (parseCpuMillis(printed.cpu) - parseCpuMillis(system.cpu)) / pods;
  const memoryBytes = (parseMemoryBytes(printed.memory) - parseMemoryBytes(system.memory)) / pods;
  if (![cpuMillis, memoryBytes].every((share) => Number.isInteger(share) && share > 0)) {
    throw new RangeError(
      `podsOnNode must share ${printed.cpu} and ${printed.memory}, less the system's, into whole amounts, received ${pods}`,
    );
  }
  return { cpu: `${cpuMillis}m`, memory: formatMemory(memoryBytes, 'binary') };
}

/**
 * A pod's requests and limits: as printed, or derived from the node's sum.
 *
 * @throws RangeError on the node basis for figures that are no sum of the system's pods and `podsOnNode` equal ones
 */
export function resourcesOn(basis: Basis, { resources, podsOnNode }: Variant): Resources {
  if (basis === 'container') return resources;
  return {
    requests: shareOf(resources.requests, SYSTEM_PODS.requests, podsOnNode),
    limits: shareOf(resources.limits, SYSTEM_PODS.limits, podsOnNode),
  };
}

/** What a node has too little of for one more pod. */
export type Shortage = Readonly<Record<'pods' | 'cpu' | 'memory', boolean>>;

/** How many pods went to a node, and what keeps one more away besides a taint. */
export interface PlacedPods {
  readonly node: ClusterNode;
  readonly pods: number;
  readonly shortage: Shortage;
}

/** Where a number of equal pods went. */
export interface Placement {
  /** In the nodes' order. */
  readonly placed: readonly PlacedPods[];
  readonly pending: number;
  /** Why, in the scheduler's words; empty when none is pending. */
  readonly reason: string;
}

/** What a node has for pods of ours. */
export const freeOn = ({ cpuAllocatableMillis, memoryAllocatableBytes, others }: ClusterNode) => ({
  cpuMillis: cpuAllocatableMillis - parseCpuMillis(others.requests.cpu),
  memoryBytes: memoryAllocatableBytes - parseMemoryBytes(others.requests.memory),
});

/** Places pods one by one on the node with the fewest of them, as the topology spread prefers. */
export function place(replicas: number, { requests }: Resources, nodes: readonly ClusterNode[]): Placement {
  const [cpuMillis, memoryBytes] = [parseCpuMillis(requests.cpu), parseMemoryBytes(requests.memory)];
  const holding = (node: ClusterNode, pods: number): PlacedPods => {
    const free = freeOn(node);
    const shortage = {
      pods: pods + 1 > node.podsFree,
      cpu: (pods + 1) * cpuMillis > free.cpuMillis,
      memory: (pods + 1) * memoryBytes > free.memoryBytes,
    };
    return { node, pods, shortage };
  };
  const placed = nodes.map((node) => holding(node, 0));
  let pending = replicas;
  for (; pending > 0; pending--) {
    const open = placed.filter(
      ({ node, shortage }) => !node.tainted && !Object.values(shortage).includes(true),
    );
    const fewest = Math.min(...open.map(({ pods }) => pods));
    const chosen = open.find(({ pods }) => pods === fewest);
    if (chosen === undefined) break;
    placed[placed.indexOf(chosen)] = holding(chosen.node, chosen.pods + 1);
  }
  return { placed, pending, reason: pending === 0 ? '' : reasonOf(placed) };
}

function reasonOf(placed: readonly PlacedPods[]): string {
  const open = placed.filter(({ node }) => !node.tainted).map(({ shortage }) => shortage);
  const causes: [number, string][] = [
    [open.filter(({ pods }) => pods).length, 'Too many pods'],
    [open.filter(({ cpu }) => cpu).length, 'Insufficient cpu'],
    [open.filter(({ memory }) => memory).length, 'Insufficient memory'],
    [placed.length - open.length, 'node(s) had untolerated taint(s)'],
  ];
  const listed = causes.filter(([count]) => count > 0).map(([count, cause]) => `${count} ${cause}`);
  // The scheduler sorts its causes as text, their counts included.
  return `0/${placed.length} nodes are available: ${listed.sort().join(', ')}.`;
}

/** One row of *Allocated resources*, as kubectl prints it: requests, then limits. */
export interface AllocatedRow {
  readonly resource: 'cpu' | 'memory';
  readonly requests: string;
  readonly limits: string;
}

// In kubectl's own order: its doubles make 28 %, not 29 %, of 1160m on 4000m; of nothing it says 0 %.
const percentOf = (amount: number, allocatable: number) =>
  `(${allocatable === 0 ? 0 : Math.trunc((amount / allocatable) * 100)}%)`;

/** The rows of a node with a number of our pods beside the others. kubectl prints a sum in the form of its first addend. */
export function allocatedRows(node: ClusterNode, pods: number, resources: Resources): AllocatedRow[] {
  const cpu = (kind: keyof Resources) => {
    const millis = pods * parseCpuMillis(resources[kind].cpu) + parseCpuMillis(node.others[kind].cpu);
    return `${formatCpu(millis)} ${percentOf(millis, node.cpuAllocatableMillis)}`;
  };
  const memory = (kind: keyof Resources) => {
    const bytes =
      pods * parseMemoryBytes(resources[kind].memory) + parseMemoryBytes(node.others[kind].memory);
    const oursFirst = pods > 0 && !node.others.addedFirst[kind];
    const format = oursFirst ? formatOf(resources[kind].memory) : node.others.memoryFormat[kind];
    return `${formatMemory(bytes, format)} ${percentOf(bytes, node.memoryAllocatableBytes)}`;
  };
  return [
    { resource: 'cpu', requests: cpu('requests'), limits: cpu('limits') },
    { resource: 'memory', requests: memory('requests'), limits: memory('limits') },
  ];
}
