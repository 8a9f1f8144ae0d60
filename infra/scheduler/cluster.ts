/**
 * The cluster that the reference describes. Pure data.
 *
 * @see docs/reference.md#two-readings-of-the-figures
 */
import type { Architecture } from '../construct/inference-service-props';
import type { QuantityFormat } from '../quantity';
import type { Amounts, Resources } from '../variants';

/** Requests and limits of the other pods on a node, and how kubectl adds ours to them. */
export interface OtherPods extends Resources {
  /** Their requests as the scheduler scores them: it assumes 100m and 200Mi for a container without requests. */
  readonly scored: Amounts;
  /** The notation of kubectl's sum of their memory: that of the first pod. An amount in bytes does not show it. */
  readonly memoryFormat: Readonly<Record<keyof Resources, QuantityFormat>>;
  /**
   * Whether one of them comes first in kubectl's sum of memory and decides its notation. kubectl adds pods in the order
   * of their namespaces and names.
   */
  readonly addedFirst: Readonly<Record<keyof Resources, boolean>>;
}

/** A pod that the scheduler may remove to make room for one of ours, because its priority is lower. */
export interface LowerPriorityPod extends Resources {
  /** Its namespace, a slash and its name. */
  readonly name: string;
  readonly priority: number;
  /** Unix time, milliseconds. */
  readonly startedMs: number;
  /** Its requests as the scheduler scores them. */
  readonly scored: Amounts;
  /** What it requests of other resources, by name. @default nothing */
  readonly more?: Readonly<Record<string, number>>;
}

/** A node's part in a rule about the pods of one domain, such as a zone. */
export interface Domain {
  /** Value of the rule's label; undefined where the node lacks it. */
  readonly value: string | undefined;
  /** Number of pods of others on the node that the rule counts, or the sum of their weights. */
  readonly others: number;
}

/** A node as the scheduler sees it. */
export interface ClusterNode {
  readonly name: string;
  readonly cpuAllocatableMillis: number;
  readonly memoryAllocatableBytes: number;
  /** Number of pods that its kubelet still accepts. */
  readonly podsFree: number;
  /** True if a taint keeps our pods away, as on a control plane. */
  readonly tainted: boolean;
  /** What of our pods' node selector or node affinity it does not meet, in words. @default nothing */
  readonly unselected?: string | undefined;
  /** True if it accepts no new pods (`kubectl cordon`). */
  readonly cordoned: boolean;
  /** Number of taints with the effect PreferNoSchedule. */
  readonly taintsPreferNoSchedule: number;
  /** The sum of the weights of those of our preferences that it meets. @default 0 */
  readonly preferredWeight?: number;
  /** What it has left of resources other than CPU and memory, by name. @default nothing */
  readonly moreFree?: Readonly<Record<string, number>>;
  /** True if a pod of others holds a port of the node that ours need. @default false */
  readonly portsTaken?: boolean;
  /** Its part in each rule about our pods' domains. @default a domain of its own, without pods of others */
  readonly domains?: readonly Domain[];
  /** Every pod on it but ours. */
  readonly others: OtherPods;
  /** Those of the others that ours may preempt. @default none */
  readonly lowerPriority?: readonly LowerPriorityPod[];
}

/** Requests and limits of the system's pods on every node. */
export const SYSTEM_PODS: Resources = {
  requests: { cpu: '405m', memory: '443115520' },
  limits: { cpu: '1400m', memory: '1175430400' },
};

/** The kubelet's default `maxPods`, less one system pod. */
const PODS_FREE = 109;

/**
 * Largest number of nodes that Kubernetes supports.
 *
 * @see https://kubernetes.io/docs/setup/best-practices/cluster-large/
 */
export const MAX_NODES = 5000;

/** Architecture of described nodes for which none is given. The reference names none. */
export const DEFAULT_ARCHITECTURE: Architecture = 'amd64';

/** Within the range of 8,019,832Ki to 8,089,571Ki that the reference's percentages allow. */
const MEMORY_ALLOCATABLE_BYTES = 8_050_000 * 1024;
const CPU_ALLOCATABLE_MILLIS = 4000;

/** Equal nodes; the first may be a tainted control plane. */
export function clusterOf(cluster: {
  readonly nodes: number;
  readonly cpuAllocatableMillis: number;
  readonly memoryAllocatableBytes: number;
  readonly controlPlane: boolean;
}): ClusterNode[] {
  const { nodes, cpuAllocatableMillis, memoryAllocatableBytes, controlPlane } = cluster;
  return Array.from({ length: nodes }, (_, i) => {
    const tainted = controlPlane && i === 0;
    const name = tainted ? 'control-plane' : `worker-${controlPlane ? i : i + 1}`;
    const others = {
      ...SYSTEM_PODS,
      scored: SYSTEM_PODS.requests,
      memoryFormat: { requests: 'decimal', limits: 'decimal' },
      addedFirst: { requests: false, limits: false },
    } as const;
    return {
      name,
      cpuAllocatableMillis,
      memoryAllocatableBytes,
      podsFree: PODS_FREE,
      tainted,
      cordoned: false,
      taintsPreferNoSchedule: 0,
      others,
    };
  });
}

/** The reference's cluster: three nodes, one of them a tainted control plane. */
export const CLUSTER: readonly ClusterNode[] = clusterOf({
  nodes: 3,
  cpuAllocatableMillis: CPU_ALLOCATABLE_MILLIS,
  memoryAllocatableBytes: MEMORY_ALLOCATABLE_BYTES,
  controlPlane: true,
});
