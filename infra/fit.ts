/**
 * How each variant fits a cluster, as data and in text.
 */
import { type PodBound, UNBOUNDED } from './admission';
import { allocatedRows, type Basis, resourcesOn } from './allocation';
import type { ClusterNode } from './cluster';
import { ROLLING_UPDATE } from './deployment-defaults';
import { parseCpuMillis, parseMemoryBytes } from './quantity';
import { freeOn, place, type PlacedPods, type Placement } from './scheduling';
import { type Resources, type Variant, VARIANTS } from './variants';

/** What a real cluster has beside its nodes. */
export interface Surroundings {
  /** How many pods with these requests and limits the namespace admits. @default any number */
  readonly bound?: (resources: Resources) => PodBound;
  /** What of the cluster is not counted. @default nothing */
  readonly notCounted?: readonly string[];
}

/** Where the pods go that the namespace admits, and how many it does not admit. */
export interface AdmittedPlacement extends Placement {
  /** Number of pods that the API server refuses to create. */
  readonly notCreated: number;
  /** Why, in the API server's words; empty when it creates all. */
  readonly refusal: string;
}

/** A placement of some number of a variant's replicas, with the name of that number. */
export interface LabelledPlacement extends AdmittedPlacement {
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
  readonly updates: readonly AdmittedPlacement[];
  /** The answer in a few words. */
  readonly verdict: string;
  readonly notCounted: readonly string[];
}

const runsAll = ({ pending, notCreated }: AdmittedPlacement) => pending === 0 && notCreated === 0;

/** Whether every pod runs, at each replica count. */
export const fitsAll = ({ placements }: Fit): boolean => placements.every(runsAll);

/** Places the pods that are admitted. */
function placeAdmitted(
  replicas: number,
  resources: Resources,
  nodes: readonly ClusterNode[],
  { pods, reason }: PodBound,
): AdmittedPlacement {
  const notCreated = Math.max(0, replicas - pods);
  const refusal = notCreated === 0 ? '' : reason;
  return { ...place(replicas - notCreated, resources, nodes), notCreated, refusal };
}

/** Places the fixed number of replicas, or each of the autoscaler's bounds, the lower one first. */
function placementsOf(
  { scaling }: Variant,
  resources: Resources,
  nodes: readonly ClusterNode[],
  bound: PodBound = UNBOUNDED,
): LabelledPlacement[] {
  const counts: readonly [label: string, replicas: number][] =
    scaling.kind === 'fixed'
      ? [['replicas', scaling.replicas]]
      : [
          ['at minReplicas', scaling.minReplicas],
          ['at maxReplicas', scaling.maxReplicas],
        ];
  return counts.map(([label, replicas]) => ({
    label,
    replicas,
    ...placeAdmitted(replicas, resources, nodes, bound),
  }));
}

function verdictOf(placements: readonly LabelledPlacement[], updates: readonly AdmittedPlacement[]): string {
  const short = placements.filter((placement) => !runsAll(placement));
  if (short.length === 0) {
    const how = placements.some(({ preempted }) => preempted.length > 0)
      ? 'fits by preempting pods of lower priority'
      : 'fits';
    return updates.every(runsAll) ? how : `${how}, but a rolling update would hang`;
  }
  return short
    .map(({ label, replicas, pending, notCreated }) => {
      const where = label === 'replicas' ? '' : `${label}, `;
      const what = [
        ...(notCreated > 0
          ? [`${notCreated} of ${replicas} pods ${notCreated === 1 ? 'is' : 'are'} not created`]
          : []),
        ...(pending > 0 ? [`${pending} of ${replicas} pods stay Pending`] : []),
      ];
      return `${where}${what.join(' and ')}`;
    })
    .join('; ');
}

/** Places a variant, alone on the cluster. */
export function fitOf(
  variant: Variant,
  basis: Basis,
  nodes: readonly ClusterNode[],
  { bound, notCounted = [] }: Surroundings = {},
): Fit {
  const resources = resourcesOn(basis, variant);
  const admitted = bound?.(resources) ?? UNBOUNDED;
  const placements = placementsOf(variant, resources, nodes, admitted);
  const updates = placements.map(({ replicas }) =>
    placeAdmitted(replicas + ROLLING_UPDATE.maxSurge, resources, nodes, admitted),
  );
  const verdict = verdictOf(placements, updates);
  return { variant, basis, resources, placements, updates, verdict, notCounted };
}

/** The resources that a node lacks for one more pod, each with the sum that shows it. */
function shortagesOf({ node, pods, shortage }: PlacedPods, { requests }: Resources): string[] {
  if (node.tainted) return ['taint: not tolerated'];
  if (node.unselected === true) return ['labels: not those of the node selector'];
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

/** Why a placement leaves pods out: the counts and the reasons. */
const missingOf = ({ pending, reason, notCreated, refusal }: AdmittedPlacement): string =>
  `Pending ${pending}${pending > 0 ? ` (${reason})` : ''}` +
  (notCreated > 0 ? `; not created ${notCreated} (${refusal})` : '');

function updateLines(
  updating: AdmittedPlacement,
  placement: AdmittedPlacement,
  resources: Resources,
): string[] {
  if (updating.notCreated > 0)
    return [`    a rolling update would hang: its surge pod is not created (${updating.refusal})`];
  if (updating.pending > 0) {
    return [
      '    a rolling update would hang: its surge pod does not fit',
      ...arithmetic(updating, resources),
    ];
  }
  const preempts = updating.preempted.length > placement.preempted.length;
  return [
    `    a rolling update has room for its surge pod${preempts ? ', by preempting pods of lower priority' : ''}`,
  ];
}

/**
 * The verdict, the placement and *Allocated resources* of one variant, alone on the cluster with its minimum of replicas.
 */
export function fitReport(
  variant: Variant,
  basis: Basis,
  nodes: readonly ClusterNode[],
  surroundings: Surroundings = {},
): string {
  const { resources, placements, updates, verdict, notCounted } = fitOf(variant, basis, nodes, surroundings);
  const { cpu, memory } = resources.requests;
  const lines = [`${variant.name} (${basis} basis, ${cpu} and ${memory} per pod): ${verdict}`];
  for (const [i, placement] of placements.entries()) {
    const { label, replicas, placed, preempted, notCreated } = placement;
    const where = placed.map(({ node, pods }) => `${node.name} ${pods}`).join(', ');
    lines.push(`  ${label} ${replicas}: ${where}; ${missingOf(placement)}`);
    if (preempted.length > 0) lines.push(`    preempts ${preempted.length}: ${preempted.join(', ')}`);
    const other = place(replicas - notCreated, resources, nodes, 'last').placed;
    if (placed.some(({ pods }, each) => pods !== other[each]!.pods))
      lines.push('    tie: the scheduler picks one of several equal nodes at random');
    lines.push(...updateLines(updates[i]!, placement, resources));
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
  lines.push(...notCounted.map((what) => `  not counted: ${what}`));
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
