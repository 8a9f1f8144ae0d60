/**
 * How every variant fits, as a table. Pure functions.
 */
import type { Basis } from '../allocation';
import type { Fit } from './fit';
import { columns, notCountedLines } from './fit-text';

/** What the figures of a variant mean on each basis. */
const MEANINGS: Readonly<Record<Basis, string>> = {
  container: 'each pod requests the figures that the reference prints',
  node: 'the printed figures are the total of a node, and each pod requests its share',
};

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

/** A row per variant with a column per basis, what each basis means, and where the details are. */
export function summaryLines(fits: readonly Fit[]): string[] {
  const bases = [...new Set(fits.map(({ basis }) => basis))];
  const names = [...new Set(fits.map(({ variant }) => variant.name))];
  const rows = names.map((name) => [
    name,
    ...bases.map((basis) => cellOf(fits.find((fit) => fit.variant.name === name && fit.basis === basis)!)),
  ]);
  const meanings = bases.map((basis) => `on the ${basis} basis, ${MEANINGS[basis]}`).join('; ');
  return [
    ...columns([['variant', ...bases.map((basis) => `${basis} basis`)], ...rows]),
    '',
    `${meanings[0]!.toUpperCase()}${meanings.slice(1)} (docs/deploying.md#will-it-fit).`,
    'For nodes, sums and reasons, add the name of a variant to the command, or --verbose for all of them.',
    ...notCountedLines([...new Set(fits.flatMap(({ notCounted }) => notCounted))]),
  ];
}
