/**
 * Explains in text how each variant fits a cluster.
 */
import { allocatedRows, type Basis, resourcesOn } from './allocation';
import type { ClusterNode } from './cluster';
import { ROLLING_UPDATE } from './deployment-defaults';
import { parseCpuMillis, parseMemoryBytes } from './quantity';
import { freeOn, place, type PlacedPods, type Placement } from './scheduling';
import { type Resources, type Variant, VARIANTS } from './variants';

/** A placement of some number of a variant's replicas, with the name of that number. */
interface LabelledPlacement extends Placement {
  readonly label: string;
  readonly replicas: number;
}

/** Places the fixed number of replicas, or each of the autoscaler's bounds, the lower one first. */
function placementsOf(
  { scaling }: Variant,
  resources: Resources,
  nodes: readonly ClusterNode[],
): LabelledPlacement[] {
  const counts: readonly [label: string, replicas: number][] =
    scaling.kind === 'fixed'
      ? [['replicas', scaling.replicas]]
      : [
          ['at minReplicas', scaling.minReplicas],
          ['at maxReplicas', scaling.maxReplicas],
        ];
  return counts.map(([label, replicas]) => ({ label, replicas, ...place(replicas, resources, nodes) }));
}

/** The resources that a node lacks for one more pod, each with the sum that shows it. */
function shortagesOf({ node, pods, shortage }: PlacedPods, { requests }: Resources): string[] {
  if (node.tainted) return ['taint: not tolerated'];
  const free = freeOn(node);
  const sum = (allocatable: number, left: number, each: number, format: (amount: number) => string) =>
    `${format(allocatable)} - ${format(allocatable - left)} of other pods - ${pods} x ${format(each)} = ` +
    `${format(left - pods * each)}, less than ${format(each)}`;
  const millis = (amount: number) => `${amount}m`;
  const memoryBytes = parseMemoryBytes(requests.memory);
  const whole = [node.memoryAllocatableBytes, free.memoryBytes, memoryBytes].every((n) => n % 1024 === 0);
  const memory = (bytes: number) => (whole ? `${bytes / 1024}Ki` : String(bytes));
  const texts = {
    cpu: `cpu: ${sum(node.cpuAllocatableMillis, free.cpuMillis, parseCpuMillis(requests.cpu), millis)}`,
    memory: `memory: ${sum(node.memoryAllocatableBytes, free.memoryBytes, memoryBytes, memory)}`,
    pods: `pods: room for ${node.podsFree} beside the other pods, all taken by ours`,
  };
  return (['cpu', 'memory', 'pods'] as const).filter((what) => shortage[what]).map((what) => texts[what]);
}

/** Why no node takes one more pod: one line per shortage, with all nodes that share it. */
function arithmetic({ placed }: Placement, resources: Resources): string[] {
  const nodesByText = new Map<string, string[]>();
  for (const each of placed) {
    for (const text of shortagesOf(each, resources)) {
      nodesByText.set(text, [...(nodesByText.get(text) ?? []), each.node.name]);
    }
  }
  return [...nodesByText].map(([text, names]) => `    ${names.join(', ')} ${text}`);
}

/** Placement and *Allocated resources* of one variant, alone on the cluster with its minimum of replicas. */
export function fitReport(variant: Variant, basis: Basis, nodes: readonly ClusterNode[]): string {
  const resources = resourcesOn(basis, variant);
  const lines = [
    `${variant.name} (${basis} basis): ${resources.requests.cpu}, ${resources.requests.memory} per pod`,
  ];
  const placements = placementsOf(variant, resources, nodes);
  for (const { label, replicas, placed, pending, reason } of placements) {
    const where = placed.map(({ node, pods }) => `${node.name} ${pods}`).join(', ');
    lines.push(`  ${label} ${replicas}: ${where}; Pending ${pending}${pending > 0 ? ` (${reason})` : ''}`);
    const other = place(replicas, resources, nodes, 'last').placed;
    if (placed.some(({ pods }, i) => pods !== other[i]!.pods))
      lines.push('    tie: the scheduler picks one of several equal nodes at random');
    // A rolling update removes no pod before its surge pod is ready.
    const updating = place(replicas + ROLLING_UPDATE.maxSurge, resources, nodes);
    if (updating.pending === 0) lines.push('    a rolling update has room for its surge pod');
    else
      lines.push(
        '    a rolling update would hang: its surge pod does not fit',
        ...arithmetic(updating, resources),
      );
  }
  const width = Math.max(...nodes.map(({ name }) => name.length)) + 1;
  for (const { node, pods } of placements[0]!.placed) {
    for (const { resource, requests, limits } of allocatedRows(node, pods, resources)) {
      lines.push(`  ${node.name.padEnd(width)} ${resource.padEnd(7)} ${requests.padEnd(18)} ${limits}`);
    }
  }
  return lines.join('\n');
}

/** The warning that pods of a variant stay Pending. */
export interface FitWarning {
  /** Name of the variant. */
  readonly variant: string;
  /** Lines: replicas, pods that stay Pending and the scheduler's reason, then the sums of the nodes. */
  readonly text: string;
}

/** A warning per replica count at which a pod of a variant stays Pending. */
export function fitWarnings(basis: Basis, nodes: readonly ClusterNode[]): FitWarning[] {
  return VARIANTS.flatMap((variant) => {
    const resources = resourcesOn(basis, variant);
    return placementsOf(variant, resources, nodes).flatMap((placement) => {
      const { label, replicas, pending, reason } = placement;
      if (pending === 0) return [];
      const first = `${variant.name}: ${label} ${replicas}, ${pending} stay Pending: ${reason}`;
      return [{ variant: variant.name, text: [first, ...arithmetic(placement, resources)].join('\n') }];
    });
  });
}
