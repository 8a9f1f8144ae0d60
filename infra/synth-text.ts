/**
 * What `synth` says about variants that do not fit the reference's cluster. Pure functions.
 */
import { type Basis, BASES } from './allocation';
import { CLUSTER } from './scheduler/cluster';
import { type FitWarning, fitWarnings } from './fit/fit-text';

/** Names of the variants with a warning, each once. */
export const variantsOf = (warnings: readonly Pick<FitWarning, 'variant'>[]): string[] => [
  ...new Set(warnings.map(({ variant }) => variant)),
];

/** Names as text lists them. */
export const listed = (names: readonly string[]): string => new Intl.ListFormat('en-GB').format(names);

/** The variants that all fit on another basis, as one sentence; nothing if there are none. */
function remedyLines(names: readonly string[]): string[] {
  return BASES.flatMap((basis: Basis) => {
    const short = variantsOf(fitWarnings(basis, CLUSTER));
    const fitting = names.filter((name) => !short.includes(name));
    if (fitting.length === 0) return [];
    const verb = fitting.length === 1 ? 'fits' : 'fit';
    return [
      `With --basis ${basis} (TANDEM_BASIS=${basis}), ${listed(fitting)} ${verb}: docs/deploying.md#will-it-fit.`,
    ];
  });
}

/** A line for each variant with a warning, then what to do. */
export function warningLines(warnings: readonly FitWarning[]): string[] {
  if (warnings.length === 0) return [];
  const verdicts = new Map(warnings.map(({ variant, verdict }) => [variant, verdict]));
  return [
    ...[...verdicts].map(
      ([variant, verdict]) => `warning: ${variant}: ${verdict} on the reference’s ${CLUSTER.length} nodes`,
    ),
    ...remedyLines([...verdicts.keys()]),
    `See why: npx tandem fit ${warnings[0]!.variant}.`,
  ];
}
