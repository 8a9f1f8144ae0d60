/**
 * `tandem synth`: writes the manifests.
 */
import { type Command, Option } from 'commander';

import { type Basis, BASES } from '../infra/allocation';
import { DIST, isTracked } from './dist-folder';
import { path } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

interface SynthOptions {
  readonly out: string;
  readonly basis?: Basis;
  readonly route?: string[];
  readonly json?: true;
}

function synth({ out, basis, route = [], json }: SynthOptions): void {
  const { synthesize } = require('../infra/main') as typeof import('../infra/main.js');
  const { checkRouteFolder, parseRoute } = require('../infra/route') as typeof import('../infra/route.js');
  const { warningLines, writtenLine } =
    require('../infra/synth-text') as typeof import('../infra/synth-text.js');
  const { unknownSettingLines } =
    require('../infra/unknown-settings') as typeof import('../infra/unknown-settings.js');
  for (const line of unknownSettingLines(process.env)) console.error(line);
  const routes = route.map(parseRoute);
  if (new Set(routes.map(({ model }) => model)).size < routes.length) {
    throw new RangeError(`--route takes one variant per model, received ${route.join(' and ')}`);
  }
  if (routes.length > 0) checkRouteFolder(out, DIST);
  const environment = basis === undefined ? process.env : { ...process.env, TANDEM_BASIS: basis };
  const written = synthesize(out, environment, routes);
  const { files, changed, warnings } = written;
  if (json === true) {
    console.log(JSON.stringify({ out, files, changed, warnings }, undefined, 2));
    return;
  }
  for (const line of warningLines(warnings)) console.error(line);
  console.error(writtenLine(out, written, isTracked(out)));
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
        'container: the reference’s figures for each container; node: each pod’s share of a node’s figures (default: TANDEM_BASIS or the context in cdk8s.yaml, else container)',
      ).choices(BASES),
    )
    .option(
      '--route <model=variant...>',
      'add a Service named accuracy or latency that points to a variant, by kind or name: accuracy=hpa or accuracy=accuracy-hpa',
    )
    .option('--json', 'print the folder, its files and the warnings as JSON')
    .addHelpText(
      'after',
      '\nExample: npx tandem synth --basis node --route accuracy=hpa --out build/node-basis',
    )
    .action(synth);
}
