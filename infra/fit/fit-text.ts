/**
 * The words for how pods fit a cluster.
 */
import { allocatedRows, type Basis, BASES } from '../allocation';
import type { ClusterNode } from '../scheduler/cluster';
import { type AdmittedPlacement, fitOf, fitsAll, type PodsFit, type Surroundings } from './fit';
import { parseCpuMillis, parseMemoryBytes } from '../quantity';
import { type Demand, freeOn, type PlacedPods, type Placement } from '../scheduler/scheduling';
import { type Resources, type Variant, VARIANTS } from '../variants';

/** The resources that a node lacks for one more pod, each with the sum that shows it. */
function shortagesOf({ node, pods, shortage, violation }: PlacedPods, demand: Demand): string[] {
  const { requests, more = {} } = demand;
  if (node.cordoned) return ['cordoned'];
  if (node.tainted) return ['taint: not tolerated'];
  if (node.unselected !== undefined) return [`labels: ${node.unselected}`];
  if (shortage.ports) return ['port: taken on the node'];
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
  const found = [
    ...(['cpu', 'memory', 'pods'] as const).filter((what) => shortage[what]).map((what) => texts[what]),
    ...shortage.more.map((name) => {
      const left = (node.moreFree?.[name] ?? 0) - pods * more[name]!;
      return `${name}: ${left} left, less than ${more[name]!}`;
    }),
  ];
  return found.length > 0 || violation === undefined ? found : [violation.words];
}

/** Why no node takes one more pod: one line per shortage, with all nodes that share it. */
function arithmetic({ placed }: Placement, demand: Demand): string[] {
  const nodesByText = new Map<string, string[]>();
  for (const each of placed) {
    for (const text of shortagesOf(each, demand)) {
      nodesByText.set(text, [...(nodesByText.get(text) ?? []), each.node.name]);
    }
  }
  return [...nodesByText].map(([text, names]) => `    ${names.join(', ')} ${text}`);
}

const COLUMNS = ['node', 'resource', 'requests', 'limits'] as const;

/** Rows of texts in columns that are as wide as their longest text. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => `  ${row.map((text, i) => text.padEnd(widths[i]!)).join('  ')}`.trimEnd());
}

/** Why a placement leaves pods out: the counts and the reasons. */
const missingOf = ({ pending, reason, notCreated, refusal }: AdmittedPlacement): string =>
  `Pending ${pending}${pending > 0 ? ` (${reason})` : ''}` +
  (notCreated > 0 ? `; not created ${notCreated} (${refusal})` : '');

function updateLines({ demand, placements, updates, rollouts }: PodsFit, i: number): string[] {
  const [placement, updating, { surge, words }] = [placements[i]!, updates[i]!, rollouts[i]!];
  const fits = updating.pending === 0 && updating.notCreated === 0;
  if (surge === 0)
    return fits
      ? [`    ${words}`]
      : ['    an update would hang: it waits for pods that do not run', ...arithmetic(placement, demand)];
  if (updating.notCreated > 0)
    return [`    a rolling update would hang: its surge pod is not created (${updating.refusal})`];
  if (updating.pending > 0) {
    return ['    a rolling update would hang: its surge pod does not fit', ...arithmetic(updating, demand)];
  }
  const preempts = updating.preempted.length > placement.preempted.length;
  return [
    `    a rolling update has room for its surge pod${preempts ? ', by preempting pods of lower priority' : ''}`,
  ];
}

/** The placements, and what an update needs at each of them. */
export function placementLines(fit: PodsFit): string[] {
  return fit.placements.flatMap((placement, i) => {
    const { label, replicas, placed, preempted, isRandom } = placement;
    const where = placed.map(({ node, pods }) => `${node.name} ${pods}`).join(', ');
    return [
      `  ${label} ${replicas}: ${where}; ${missingOf(placement)}`,
      ...(preempted.length > 0 ? [`    preempts ${preempted.length}: ${preempted.join(', ')}`] : []),
      ...(isRandom ? ['    tie: the scheduler picks one of several equal nodes at random'] : []),
      ...updateLines(fit, i),
    ];
  });
}

/** *Allocated resources* of the nodes with the lowest number of replicas. */
export function allocatedLines(
  resources: Resources,
  placed: readonly Pick<PlacedPods, 'node' | 'pods'>[],
): string[] {
  const rows = placed.flatMap(({ node, pods }) =>
    allocatedRows(node, pods, resources).map((row) => [node.name, row.resource, row.requests, row.limits]),
  );
  return columns([COLUMNS, ...rows]);
}

/**
 * What a pod needs of the memory that it requests.
 *
 * @param measuredBytes the most that any pod of the model used in the experiments on real pods
 */
export function memoryLine({ memory }: Resources['requests'], measuredBytes: number): string {
  const share = Math.round((100 * measuredBytes) / parseMemoryBytes(memory));
  return `  measured: no pod used more than ${Math.ceil(measuredBytes / 2 ** 20)}Mi of memory, ${share} % of its request (docs/experiment.md)`;
}

/** Lines that name what was not counted. */
export const notCountedLines = (notCounted: readonly string[]): string[] =>
  notCounted.map((what) => `  not counted: ${what}`);

/**
 * The verdict, the placement and *Allocated resources* of one variant, alone on the cluster with its minimum of replicas.
 */
export function fitReport(
  variant: Variant,
  basis: Basis,
  nodes: readonly ClusterNode[],
  surroundings: Surroundings = {},
): string {
  const fit = fitOf(variant, basis, nodes, surroundings);
  const { cpu, memory } = fit.demand.requests;
  const lines = [
    `${variant.name} (--basis ${basis}: each pod requests ${cpu} CPU and ${memory} memory): ${fit.verdict}`,
    ...placementLines(fit),
    ...allocatedLines(fit.demand, fit.placements[0]!.placed),
  ];
  // Otherwise the same figures in two places look like a mistake.
  if (variant.podsOnNode === 0 && fit.placements[0]!.placed.some(({ pods }) => pods === 0)) {
    lines.push(
      '  A node without our pods shows the figures that the reference prints for this variant: none ran on the described node.',
    );
  }
  return [...lines, ...notCountedLines(fit.notCounted)].join('\n');
}

/** The warning that pods of a variant stay Pending. */
export interface FitWarning {
  /** Name of the variant. */
  readonly variant: string;
  /** How its pods fit, at every replica count, in a few words. */
  readonly verdict: string;
  /** Lines: replicas, pods that stay Pending and the scheduler's reason, then the sums of the nodes. */
  readonly text: string;
  /** Another basis on which all of its pods fit; undefined if there is none. */
  readonly fitsOn?: Basis;
}

/**
 * A warning per replica count at which a pod of a variant stays Pending.
 *
 * @param nodesFor the nodes as a variant finds them
 */
export function fitWarnings(
  basis: Basis,
  nodesFor: (variant: Variant) => readonly ClusterNode[],
): FitWarning[] {
  return VARIANTS.flatMap((variant) => {
    const { name } = variant;
    const nodes = nodesFor(variant);
    const { demand, placements, verdict } = fitOf(variant, basis, nodes);
    return placements.flatMap((placement) => {
      const { label, replicas, pending, reason } = placement;
      if (pending === 0) return [];
      const fitsOn = BASES.find((each) => fitsAll(fitOf(variant, each, nodes)));
      const first = `${name}: ${label} ${replicas}, ${pending} stay Pending: ${reason}`;
      const text = [first, ...arithmetic(placement, demand)].join('\n');
      return [{ variant: name, verdict, text, ...(fitsOn === undefined ? {} : { fitsOn }) }];
    });
  });
}
