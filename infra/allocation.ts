/**
 * Requests and limits per pod on either basis, and the sums that `kubectl describe node` prints. Pure functions.
 */
import { type ClusterNode, SYSTEM_PODS } from './scheduler/cluster';
import { formatCpu, formatMemory, formatOf, parseCpuMillis, parseMemoryBytes } from './quantity';
import type { Amounts, Resources, Variant } from './variants';

/** How to read the printed figures: as one container's, or as the sum on a node. */
export const BASES = ['container', 'node'] as const;
export type Basis = (typeof BASES)[number];

/** A pod's share of a printed sum; the printed figure itself if none of our pods was in the sum. */
function shareOf(printed: Amounts, system: Amounts, pods: number): Amounts {
  if (pods === 0) return printed;
  const cpuMillis = (parseCpuMillis(printed.cpu) - parseCpuMillis(system.cpu)) / pods;
  const memoryBytes = (parseMemoryBytes(printed.memory) - parseMemoryBytes(system.memory)) / pods;
  if (![cpuMillis, memoryBytes].every((share) => Number.isInteger(share) && share > 0)) {
    throw new RangeError(
      `podsOnNode must divide ${printed.cpu} and ${printed.memory}, less the system's pods, into whole amounts, received ${pods}`,
    );
  }
  return { cpu: `${cpuMillis}m`, memory: formatMemory(memoryBytes, 'binary') };
}

/**
 * Requests and limits of one pod: as printed, or derived from the node's sum.
 *
 * @throws RangeError on the node basis if the figures are not the sum of the system's pods and `podsOnNode` equal pods
 */
export function resourcesOn(basis: Basis, { resources, podsOnNode }: Variant): Resources {
  if (basis === 'container') return resources;
  return {
    requests: shareOf(resources.requests, SYSTEM_PODS.requests, podsOnNode),
    limits: shareOf(resources.limits, SYSTEM_PODS.limits, podsOnNode),
  };
}

/** One row of *Allocated resources*, as kubectl prints it: requests, then limits. */
export interface AllocatedRow {
  readonly resource: 'cpu' | 'memory';
  readonly requests: string;
  readonly limits: string;
}

// In kubectl's order of operations: with doubles, 1160m of 4000m is 28 %, not 29 %. If nothing is allocatable, kubectl prints 0 %.
const percentOf = (amount: number, allocatable: number) =>
  `(${allocatable === 0 ? 0 : Math.trunc((amount / allocatable) * 100)}%)`;

/** The rows of a node that runs `pods` of our pods beside other pods. kubectl prints a sum in the notation of its first addend. */
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
