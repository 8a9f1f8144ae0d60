/**
 * What `synth` says about variants that do not fit the reference's cluster. Pure functions.
 */
import { shellWord } from '../files/shell-word';
import { BASES } from './allocation';
import { CLUSTER } from './scheduler/cluster';
import type { FitWarning } from './fit/fit-text';

/** Names of the variants with a warning, each once. */
export const variantsOf = (warnings: readonly Pick<FitWarning, 'variant'>[]): string[] => [
  ...new Set(warnings.map(({ variant }) => variant)),
];

/** Names as text lists them. */
export const listed = (names: readonly string[]): string => new Intl.ListFormat('en-GB').format(names);

/** The variants that fit on another basis, as one sentence per basis; nothing if there are none. */
function remedyLines(warnings: readonly FitWarning[]): string[] {
  return BASES.flatMap((basis) => {
    const fitting = variantsOf(warnings.filter(({ fitsOn }) => fitsOn === basis));
    if (fitting.length === 0) return [];
    const verb = fitting.length === 1 ? 'fits' : 'fit';
    return [
      `With --basis ${basis} (TANDEM_BASIS=${basis}), ${listed(fitting)} ${verb}: docs/deploying.md#will-it-fit.`,
    ];
  });
}

/**
 * What `synth` wrote, in a line.
 *
 * @param changed names of files that were there before with other contents, or are removed
 * @param isTracked whether git has the folder as it is committed
 */
export function writtenLine(
  out: string,
  { files, changed }: { readonly files: readonly string[]; readonly changed: readonly string[] },
  isTracked: boolean,
): string {
  const wrote = `wrote ${files.length} files to ${out}`;
  if (changed.length === 0) return wrote;
  const remedy = isTracked ? `; to get the committed ones back: git checkout -- ${shellWord(out)}` : '';
  return `${wrote}; changed ${listed(changed)}${remedy}`;
}

/** A line for each variant with a warning, then what to do. */
export function warningLines(warnings: readonly FitWarning[]): string[] {
  if (warnings.length === 0) return [];
  const verdicts = new Map(warnings.map(({ variant, verdict }) => [variant, verdict]));
  return [
    ...[...verdicts].map(
      ([variant, verdict]) => `warning: ${variant}: ${verdict} on the reference’s ${CLUSTER.length} nodes`,
    ),
    ...remedyLines(warnings),
    `See why: npx tandem fit ${warnings[0]!.variant}.`,
  ];
}
