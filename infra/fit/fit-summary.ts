/**
 * How every variant fits, as a table. Pure functions.
 */
import type { Basis } from '../allocation';
import { formatMemory } from '../quantity';
import { CLUSTER, type ClusterNode } from '../scheduler/cluster';
import type { Fit } from './fit';
import { columns, notCountedLines } from './fit-text';

/** How each basis reads the figures that the reference prints. */
const MEANINGS: Readonly<Record<Basis, string>> = {
  container: 'Per container (--basis container, as in dist/), each pod requests the printed figures.',
  node: 'Per node (--basis node), they are the total of a node, and each pod requests its share.',
};

/**
 * The cluster that described nodes are, in a line.
 *
 * @param nodes equal ones, but for a control plane
 */
export function describedLine(nodes: readonly ClusterNode[]): string {
  const [first, ...others] = nodes;
  const { cpuAllocatableMillis, memoryAllocatableBytes, tainted } = first!;
  const name = nodes === CLUSTER ? 'the reference’s cluster: ' : '';
  const count = others.length === 0 ? '1 node' : `${nodes.length} nodes`;
  const each = `${cpuAllocatableMillis}m CPU and ${formatMemory(memoryAllocatableBytes, 'binary')} memory`;
  const controlPlane = tainted
    ? `, ${others.length === 0 ? 'a' : 'one of them a'} control plane, which takes no pod of ours`
    : '';
  return `On ${name}${count} of ${each}${others.length === 0 ? '' : ' each'}${controlPlane}:`;
}

/** `fits`, or the pods that do not run, of those that are asked for at each bound of the autoscaler. */
function cellOf({ placements, verdict }: Fit): string {
  const short = placements.flatMap(({ label, replicas, pending, notCreated }) => {
    const counts = [
      ...(pending > 0 ? [`${pending} of ${replicas} Pending`] : []),
      ...(notCreated > 0 ? [`${notCreated} of ${replicas} not created`] : []),
    ].join(' and ');
    if (counts === '') return [];
    return [placements.length > 1 ? `${label.replace(/^at (min|max)Replicas$/, '$1')}: ${counts}` : counts];
  });
  return short.length === 0 ? verdict : short.join(', ');
}

/**
 * A row per variant with a column per basis, what each basis means, and where the details are.
 *
 * @param clusterLine names the cluster
 */
export function summaryLines(fits: readonly Fit[], clusterLine: string): string[] {
  const bases = [...new Set(fits.map(({ basis }) => basis))];
  const names = [...new Set(fits.map(({ variant }) => variant.name))];
  const rows = names.map((name) => [
    name,
    ...bases.map((basis) => cellOf(fits.find((fit) => fit.variant.name === name && fit.basis === basis)!)),
  ]);
  return [
    clusterLine,
    ...columns([['variant', ...bases.map((basis) => `figures per ${basis}`)], ...rows]),
    '',
    `The reference’s requests and limits can be read in two ways (docs/deploying.md#will-it-fit). ${bases.map((basis) => MEANINGS[basis]).join(' ')}`,
    'For nodes, sums and reasons, add the name of a variant to the command, or --verbose for all of them.',
    ...notCountedLines([...new Set(fits.flatMap(({ notCounted }) => notCounted))]),
  ];
}
