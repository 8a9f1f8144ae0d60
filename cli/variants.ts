/**
 * `tandem variants`: lists the variants.
 */
import type { Command } from 'commander';

import { type Scaling, VARIANTS } from '../infra/variants';

const podsOf = (scaling: Scaling): string =>
  scaling.kind === 'fixed' ? String(scaling.replicas) : `${scaling.minReplicas} to ${scaling.maxReplicas}`;

function variants(): void {
  const rows = [
    ['variant', 'model', 'pods'],
    ...VARIANTS.map(({ name, model, scaling }) => [name, model, podsOf(scaling)]),
  ];
  const width = (column: number) => Math.max(...rows.map((row) => row[column]!.length));
  for (const [name, model, pods] of rows)
    console.log(`${name!.padEnd(width(0))}  ${model!.padEnd(width(1))}  ${pods}`);
}

/** Adds the command. */
export function addVariants(program: Command): void {
  program
    .command('variants')
    .description('list the variants that synth writes and fit places')
    .addHelpText('after', '\nExample: npx tandem variants')
    .action(variants);
}
