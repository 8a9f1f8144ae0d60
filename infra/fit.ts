/**
 * How each variant fits a cluster, as data and in text.
 */
import { allocatedRows, type Basis, resourcesOn } from './allocation';
import type { ClusterNode } from './cluster';
import { ROLLING_UPDATE } from './deployment-defaults';
import { parseCpuMillis, parseMemoryBytes } from './quantity';
import { freeOn, place, type PlacedPods, type Placement } from './scheduling';
import { type Resources, type Variant, VARIANTS } from './variants';

/** A placement of some number of a variant's replicas, with the name of that number. */
export interface LabelledPlacement extends Placement {
  readonly label: string;
  readonly replicas: number;
}

/** How a variant fits a cluster. */
export interface Fit {
  readonly variant: Variant;
  readonly basis: Basis;
  /** Requests and limits per pod. */
  readonly resources: Resources;
  /** For the fixed number of replicas, or for each of the autoscaler's bounds, the lower one first. */
  readonly placements: readonly LabelledPlacement[];
  /** For each placement: with the surge pod of a rolling update, which removes no pod before its surge pod is ready. */
  readonly updates: readonly Placement[];
  /** The answer in a few words. */
  readonly verdict: string;
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

function verdictOf(placements: readonly LabelledPlacement[], updates: readonly Placement[]): string {
  const short = placements.filter(({ pending }) => pending > 0);
  if (short.length === 0) {
    return updates.every(({ pending }) => pending === 0) ? 'fits' : 'fits, but a rolling update would hang';
  }
  return short
    .map(({ label, replicas, pending }) => {
      const where = label === 'replicas' ? '' : `${label}, `;
      return `${where}${pending} of ${replicas} pods stay Pending`;
    })
    .join('; ');
}

/** Places a variant, alone on the cluster. */
export function fitOf(variant: Variant, basis: Basis, nodes: readonly ClusterNode[]): Fit {
  const resources = resourcesOn(basis, variant);
  const placements = placementsOf(variant, resources, nodes);
  const updates = placements.map(({ replicas }) =>
    place(replicas + ROLLING_UPDATE.maxSurge, resources, nodes),
  );
  return { variant, basis, resources, placements, updates, verdict: verdictOf(placements, updates) };
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

const COLUMNS = ['node', 'resource', 'requests', 'limits'] as const;

/** Rows of texts in columns that are as wide as their longest text. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => `  ${row.map((text, i) => text.padEnd(widths[i]!)).join('  ')}`.trimEnd());
}

/**
 * The verdict, the placement and *Allocated resources* of one variant, alone on the cluster with its minimum of replicas.
 */
export function fitReport(variant: Variant, basis: Basis, nodes: readonly ClusterNode[]): string {
  const { resources, placements, updates, verdict } = fitOf(variant, basis, nodes);
  const { cpu, memory } = resources.requests;
  const lines = [`${variant.name} (${basis} basis, ${cpu} and ${memory} per pod): ${verdict}`];
  for (const [i, { label, replicas, placed, pending, reason }] of placements.entries()) {
    const where = placed.map(({ node, pods }) => `${node.name} ${pods}`).join(', ');
    lines.push(`  ${label} ${replicas}: ${where}; Pending ${pending}${pending > 0 ? ` (${reason})` : ''}`);
    const other = place(replicas, resources, nodes, 'last').placed;
    if (placed.some(({ pods }, each) => pods !== other[each]!.pods))
      lines.push('    tie: the scheduler picks one of several equal nodes at random');
    const updating = updates[i]!;
    if (updating.pending === 0) lines.push('    a rolling update has room for its surge pod');
    else
      lines.push(
        '    a rolling update would hang: its surge pod does not fit',
        ...arithmetic(updating, resources),
      );
  }
  const first = placements[0]!.placed;
  const rows = first.flatMap(({ node, pods }) =>
    allocatedRows(node, pods, resources).map((row) => [node.name, row.resource, row.requests, row.limits]),
  );
  lines.push(...columns([COLUMNS, ...rows]));
  // Otherwise the same figures in two places look like a mistake.
  if (variant.podsOnNode === 0 && first.some(({ pods }) => pods === 0)) {
    lines.push(
      '  A node without our pods shows the figures that the reference prints for this variant: none ran on the described node.',
    );
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
