/**
 * What of each variant fits a cluster, in words.
 */
import { allocatedRows, type Basis, place, resourcesOn } from './allocation';
import type { ClusterNode } from './cluster';
import { type Variant, VARIANTS } from './variants';

/** The replica counts that a variant may run: the fixed one, or an autoscaler's ends. */
function replicaCounts({ scaling }: Variant): readonly [label: string, replicas: number][] {
  if (scaling.kind === 'fixed') return [['replicas', scaling.replicas]];
  return [
    ['at minReplicas', scaling.minReplicas],
    ['at maxReplicas', scaling.maxReplicas],
  ];
}

/** Placement and *Allocated resources* of one variant, alone on the cluster at its least replicas. */
export function fitReport(variant: Variant, basis: Basis, nodes: readonly ClusterNode[]): string {
  const resources = resourcesOn(basis, variant);
  const lines = [
    `${variant.name} (${basis} basis): ${resources.requests.cpu}, ${resources.requests.memory} a pod`,
  ];
  const counts = replicaCounts(variant);
  for (const [label, replicas] of counts) {
    const { placed, pending, reason } = place(replicas, resources, nodes);
    const where = placed.map(({ node, pods }) => `${node.name} ${pods}`).join(', ');
    lines.push(`  ${label} ${replicas}: ${where}; Pending ${pending}${pending > 0 ? ` (${reason})` : ''}`);
  }
  for (const { node, pods } of place(counts[0]![1], resources, nodes).placed) {
    for (const { resource, requests, limits } of allocatedRows(node, pods, resources)) {
      lines.push(`  ${node.name.padEnd(14)} ${resource.padEnd(7)} ${requests.padEnd(18)} ${limits}`);
    }
  }
  return lines.join('\n');
}

/** A warning for each variant of which some pod stays Pending, with the arithmetic. */
export function fitWarnings(basis: Basis, nodes: readonly ClusterNode[]): string[] {
  return VARIANTS.flatMap((variant) => {
    const { requests } = resourcesOn(basis, variant);
    return replicaCounts(variant).flatMap(([label, replicas]) => {
      const { pending, reason } = place(replicas, resourcesOn(basis, variant), nodes);
      if (pending === 0) return [];
      const each = `${requests.cpu} and ${requests.memory} a pod`;
      return [`${variant.name}: ${label} ${replicas}, ${pending} stay Pending at ${each}: ${reason}`];
    });
  });
}
