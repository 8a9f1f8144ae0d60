/**
 * The cluster that the reference describes. Pure data.
 *
 * @see reference.md, "How to read the resource figures"
 */
import type { QuantityFormat } from './quantity';
import type { Amounts, Resources } from './variants';

/** What the pods of others ask of a node, and how kubectl adds ours to it. */
export interface OtherPods extends Resources {
  /** Their requests as the scheduler scores them: of a container that asks for nothing it assumes 100m and 200Mi. */
  readonly scored: Amounts;
  /** The form of kubectl's sum of their memory, which is that of the first: an amount in bytes does not tell it. */
  readonly memoryFormat: Readonly<Record<keyof Resources, QuantityFormat>>;
  /**
   * Whether kubectl's sum of memory starts with one of them, and so has its form: pods are added in the order of
   * their namespaces and names.
   */
  readonly addedFirst: Readonly<Record<keyof Resources, boolean>>;
}

/** A node as the scheduler sees it. */
export interface ClusterNode {
  readonly name: string;
  readonly cpuAllocatableMillis: number;
  readonly memoryAllocatableBytes: number;
  /** Pods that its kubelet still takes. */
  readonly podsFree: number;
  /** True where a taint keeps our pods away, as on a control plane. */
  readonly tainted: boolean;
  /** True where it takes no new pods (`kubectl cordon`). */
  readonly cordoned: boolean;
  /** Taints that pods avoid where they can. */
  readonly taintsPreferNoSchedule: number;
  readonly others: OtherPods;
}

/** What every node spends on the system's own pods. */
export const SYSTEM_PODS: Resources = {
  requests: { cpu: '405m', memory: '443115520' },
  limits: { cpu: '1400m', memory: '1175430400' },
};

/** The kubelet's default `maxPods`, less one. */
const PODS_FREE = 109;

/**
 * The most nodes that Kubernetes supports.
 *
 * @see https://kubernetes.io/docs/setup/best-practices/cluster-large/
 */
export const MOST_NODES = 5000;

/** Within the range of 8,019,832Ki to 8,089,571Ki that the reference's percentages allow. */
const MEMORY_ALLOCATABLE_BYTES = 8_050_000 * 1024;
const CPU_ALLOCATABLE_MILLIS = 4000;

/** Equal nodes, of which the first may be a tainted control plane. */
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

/** Three nodes, of which one is a tainted control plane. */
export const CLUSTER: readonly ClusterNode[] = clusterOf({
  nodes: 3,
  cpuAllocatableMillis: CPU_ALLOCATABLE_MILLIS,
  memoryAllocatableBytes: MEMORY_ALLOCATABLE_BYTES,
  controlPlane: true,
});
