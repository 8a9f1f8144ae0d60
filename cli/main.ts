/**
 * The command `tandem`. Each subcommand loads what it needs only when it runs.
 */
import { join } from 'node:path';

import { Command } from 'commander';

import { BASES, type Basis } from '../infra/allocation';
import { CLUSTER, clusterOf, MOST_NODES } from '../infra/cluster';
import { parseMemoryBytes } from '../infra/quantity';
import { addModelCommands } from './model-commands';
import { oneOf, path, wholeNumber } from './options';
import { PACKAGE_ROOT } from '../files/package-root';
import { readConfig } from '../service/config';
import { checkNodeVersion } from '../service/node-version';

/* eslint-disable @typescript-eslint/no-require-imports -- a subcommand must not pay for the others' libraries */

function synth({ out, basis, route = [] }: { out: string; basis?: Basis; route?: string[] }): void {
  const { synthesize } = require('../infra/main') as typeof import('../infra/main.js');
  const { checkRouteFolder, parseRoute } = require('../infra/route') as typeof import('../infra/route.js');
  const routes = route.map(parseRoute);
  if (new Set(routes.map(({ model }) => model)).size < routes.length) {
    throw new RangeError(`--route takes one variant a model, received ${route.join(' and ')}`);
  }
  if (routes.length > 0) checkRouteFolder(out, join(PACKAGE_ROOT, 'dist'));
  synthesize(out, basis === undefined ? process.env : { ...process.env, TANDEM_BASIS: basis }, routes);
  console.log(out);
}

/** Reads the memory of a node in bytes. */
function nodeMemory(text: string): number {
  let bytes = 0;
  try {
    bytes = parseMemoryBytes(text);
  } catch {
    // Told below, with examples of memory.
  }
  if (bytes > 0) return bytes;
  throw new RangeError(
    `--memory must be a quantity above 0, such as 8050000Ki, 4Gi or 4294967296, received "${text}"`,
  );
}

interface FitOptions {
  readonly basis?: Basis;
  readonly nodes?: number;
  readonly cpuMillis?: number;
  /** Bytes. */
  readonly memory?: number;
  readonly controlPlane?: true;
  readonly kubeconfig?: string;
}

function fit(names: string[], options: FitOptions): void {
  const { basis, nodes, cpuMillis, memory, controlPlane, kubeconfig } = options;
  const { fitReport } = require('../infra/fit') as typeof import('../infra/fit.js');
  const { readContext, readSettings } = require('../infra/settings') as typeof import('../infra/settings.js');
  const { VARIANTS } = require('../infra/variants') as typeof import('../infra/variants.js');
  const unknown = names.find((name) => !VARIANTS.some((variant) => variant.name === name));
  if (unknown !== undefined) {
    throw new RangeError(
      `the variant must be one of ${VARIANTS.map(({ name }) => name).join(', ')}, received ${unknown}`,
    );
  }
  const [like] = CLUSTER as [(typeof CLUSTER)[number]];
  const custom = nodes !== undefined || cpuMillis !== undefined || memory !== undefined || controlPlane;
  const cluster = !custom
    ? CLUSTER
    : clusterOf({
        nodes: nodes ?? CLUSTER.length,
        cpuAllocatableMillis: cpuMillis ?? like.cpuAllocatableMillis,
        memoryAllocatableBytes: memory ?? like.memoryAllocatableBytes,
        controlPlane: controlPlane ?? false,
      });
  if (custom && kubeconfig !== undefined) {
    throw new RangeError(
      '--kubeconfig reads a real cluster: leave out --nodes, --cpu-millis, --memory and --control-plane',
    );
  }
  const nodesOf = kubeconfig === undefined ? () => cluster : realNodes(kubeconfig);
  const { namespace } = readSettings(process.env, readContext());
  for (const variant of VARIANTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    for (const each of basis === undefined ? BASES : [basis])
      console.log(`${fitReport(variant, each, nodesOf({ name: variant.name, namespace }))}\n`);
  }
}

/** The nodes of a real cluster, read once, as each variant would find them. */
function realNodes(kubeconfig: string) {
  const { nodesFor, readCluster } =
    require('../infra/observed-cluster') as typeof import('../infra/observed-cluster.js');
  const cluster = readCluster(kubeconfig);
  return (variant: Parameters<typeof nodesFor>[0]) => nodesFor(variant, cluster);
}

const program = new Command('tandem').description(
  'Two image classifiers, from training to sized deployments.',
);
addModelCommands(program, () => readConfig(process.env));

program
  .command('synth')
  .description(
    'write the manifests into a folder; warns, with the arithmetic, of pods that will stay Pending',
  )
  .requiredOption('--out <folder>', 'where the files go', path('--out'))
  .option(
    '--basis <basis>',
    'container: the figures as printed; node: a pod’s share of them',
    oneOf('--basis', BASES),
  )
  .option(
    '--route <model=variant...>',
    'also a Service named after the model, pointed at that variant of it, by kind or name',
  )
  .addHelpText(
    'after',
    '\nExample: npx tandem synth --basis node --route accuracy=hpa --out build/node-basis',
  )
  .action(synth);
program
  .command('fit')
  .description(
    'say which pods go to which node of a cluster, which stay Pending and why, and what kubectl will print',
  )
  .argument('[variants...]', 'names of variants (default: all)')
  .option('--basis <basis>', 'container or node (default: both)', oneOf('--basis', BASES))
  .option(
    '--nodes <count>',
    'equal nodes (default: the reference’s cluster)',
    wholeNumber('--nodes', 1, MOST_NODES),
  )
  .option('--cpu-millis <millicores>', 'allocatable CPU of a node', wholeNumber('--cpu-millis', 1))
  .option('--memory <quantity>', 'allocatable memory of a node, such as 8050000Ki', nodeMemory)
  .option(
    '--control-plane',
    'the first node is a tainted control plane, as in the reference’s cluster; with --nodes, --cpu-millis or ' +
      '--memory none is unless this is given',
  )
  .option(
    '--kubeconfig <file>',
    'a real cluster, read with kubectl: its nodes, less what the pods of others ask for',
    path('--kubeconfig'),
  )
  .addHelpText(
    'after',
    '\nExample: npx tandem fit accuracy-max-size --nodes 4 --cpu-millis 2000 --memory 4Gi',
  )
  .action(fit);

async function main(): Promise<void> {
  checkNodeVersion();
  await program.parseAsync();
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
