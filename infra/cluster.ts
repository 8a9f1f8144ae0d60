/**
 * The cluster that the reference describes. Pure data.
 *
 * @see reference.md, "How to read the resource figures"
 */
import type { Resources } from './variants';

/** A node as the scheduler sees it. */
export interface ClusterNode {
  readonly name: string;
  readonly cpuAllocatableMillis: number;
  readonly memoryAllocatableBytes: number;
  /** True where a taint keeps our pods away, as on a control plane. */
  readonly tainted: boolean;
}

/** What every node spends on the system's own pods. */
export const SYSTEM_PODS: Resources = {
  requests: { cpu: '405m', memory: '443115520' },
  limits: { cpu: '1400m', memory: '1175430400' },
};

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
    return { name, cpuAllocatableMillis, memoryAllocatableBytes, tainted };
  });
}

/** Three nodes, of which one is a tainted control plane. */
export const CLUSTER: readonly ClusterNode[] = clusterOf({
  nodes: 3,
  cpuAllocatableMillis: CPU_ALLOCATABLE_MILLIS,
  memoryAllocatableBytes: MEMORY_ALLOCATABLE_BYTES,
  controlPlane: true,
});
