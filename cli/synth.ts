/**
 * `tandem synth`: writes the manifests.
 */
import { join } from 'node:path';

import { type Command, Option } from 'commander';

import { PACKAGE_ROOT } from '../files/package-root';
import { type Basis, BASES } from '../infra/allocation';
import { path } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

function synth({ out, basis, route = [] }: { out: string; basis?: Basis; route?: string[] }): void {
  const { synthesize } = require('../infra/main') as typeof import('../infra/main.js');
  const { checkRouteFolder, parseRoute } = require('../infra/route') as typeof import('../infra/route.js');
  const routes = route.map(parseRoute);
  if (new Set(routes.map(({ model }) => model)).size < routes.length) {
    throw new RangeError(`--route takes one variant per model, received ${route.join(' and ')}`);
  }
  if (routes.length > 0) checkRouteFolder(out, join(PACKAGE_ROOT, 'dist'));
  const environment = basis === undefined ? process.env : { ...process.env, TANDEM_BASIS: basis };
  for (const { text } of synthesize(out, environment, routes)) console.error(`warning: ${text}`);
  console.log(out);
}

/** Adds the command. */
export function addSynth(program: Command): void {
  program
    .command('synth')
    .description('write the manifests, one file per variant; warn of pods that will stay Pending')
    .requiredOption('--out <folder>', 'folder for the manifests', path)
    .addOption(
      new Option(
        '--basis <basis>',
        'container: the figures as printed; node: each pod’s share of them (default: TANDEM_BASIS or cdk8s.yaml, else container)',
      ).choices(BASES),
    )
    .option(
      '--route <model=variant...>',
      'add a Service named after the model that points to this variant, given by kind or by name',
    )
    .addHelpText(
      'after',
      '\nExample: npx tandem synth --basis node --route accuracy=hpa --out build/node-basis',
    )
    .action(synth);
}
