/**
 * `tandem fit`: which pods a cluster has room for.
 */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';

import { type Basis, BASES } from '../infra/allocation';
import { CLUSTER, clusterOf, MAX_NODES } from '../infra/cluster';
import type { Fit } from '../infra/fit';
import { formatMemory, parseMemoryBytes } from '../infra/quantity';
import { VARIANTS } from '../infra/variants';
import { path, wholeNumberFrom } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

const DEFAULT_NODE = CLUSTER[0]!;

/** Reads the memory of a node in bytes. */
function nodeMemory(text: string): number {
  let bytes = 0;
  try {
    bytes = parseMemoryBytes(text);
  } catch {
    // The error below gives examples of valid quantities.
  }
  if (bytes > 0) return bytes;
  throw new InvalidArgumentError('It must be a quantity above 0, such as 8050000Ki, 4Gi or 4294967296.');
}

interface FitOptions {
  readonly basis?: Basis;
  readonly nodes?: number;
  readonly cpuMillis?: number;
  /** Bytes. */
  readonly memory?: number;
  readonly controlPlane?: true;
  readonly kubeconfig?: string;
  readonly json?: true;
  readonly exitCode?: true;
}

/** A fit as JSON, which has no nodes' details. */
const forJson = ({ variant, basis, resources, placements, updates, verdict }: Fit) => ({
  variant: variant.name,
  basis,
  verdict,
  requests: resources.requests,
  limits: resources.limits,
  placements: placements.map(({ label, replicas, placed, pending, reason }, i) => ({
    label,
    replicas,
    pods: Object.fromEntries(placed.map(({ node, pods }) => [node.name, pods])),
    pending,
    reason,
    rollingUpdateFits: updates[i]!.pending === 0,
  })),
});

function fit(names: string[], options: FitOptions): void {
  const { basis, nodes, cpuMillis, memory, controlPlane, kubeconfig, json, exitCode } = options;
  const { fitOf, fitReport } = require('../infra/fit') as typeof import('../infra/fit.js');
  const { readContext, readSettings } = require('../infra/settings') as typeof import('../infra/settings.js');
  const isCustom =
    nodes !== undefined || cpuMillis !== undefined || memory !== undefined || controlPlane === true;
  if (isCustom && kubeconfig !== undefined) {
    throw new RangeError(
      '--kubeconfig reads a real cluster: leave out --nodes, --cpu-millis, --memory and --control-plane',
    );
  }
  const cluster = !isCustom
    ? CLUSTER
    : clusterOf({
        nodes: nodes ?? CLUSTER.length,
        cpuAllocatableMillis: cpuMillis ?? DEFAULT_NODE.cpuAllocatableMillis,
        memoryAllocatableBytes: memory ?? DEFAULT_NODE.memoryAllocatableBytes,
        controlPlane: controlPlane ?? false,
      });
  const nodesOf = kubeconfig === undefined ? () => cluster : realNodes(kubeconfig);
  const { namespace } = readSettings(process.env, readContext());
  const chosen = VARIANTS.filter(({ name }) => names.length === 0 || names.includes(name));
  const fits: Fit[] = [];
  for (const variant of chosen) {
    for (const each of basis === undefined ? BASES : [basis]) {
      const found = nodesOf({ name: variant.name, namespace });
      fits.push(fitOf(variant, each, found));
      if (json !== true) console.log(`${fitReport(variant, each, found)}\n`);
    }
  }
  if (json === true) console.log(JSON.stringify(fits.map(forJson), undefined, 2));
  const isShort = fits.some(({ placements }) => placements.some(({ pending }) => pending > 0));
  if (exitCode === true && isShort) process.exitCode = 1;
}

/** Reads the nodes of a real cluster once; returns them as each variant would find them. */
function realNodes(kubeconfig: string) {
  const { nodesFor, readCluster } =
    require('../infra/observed-cluster') as typeof import('../infra/observed-cluster.js');
  const cluster = readCluster(kubeconfig);
  return (variant: Parameters<typeof nodesFor>[0]) => nodesFor(variant, cluster);
}

/** Adds the command. */
export function addFit(program: Command): void {
  program
    .command('fit')
    .description(
      'say whether each variant fits, which node each pod goes to, which pods stay Pending and why, and what kubectl describe node will print',
    )
    .addArgument(
      new Argument('[variants...]', 'variants to place (default: all)').choices(
        VARIANTS.map(({ name }) => name),
      ),
    )
    .addOption(new Option('--basis <basis>', 'basis of the figures (default: both)').choices(BASES))
    .option(
      '--nodes <count>',
      `number of equal nodes (default: ${CLUSTER.length}, as in the reference)`,
      wholeNumberFrom(1, MAX_NODES),
    )
    .option(
      '--cpu-millis <millicores>',
      `allocatable CPU per node, millicores (default: ${DEFAULT_NODE.cpuAllocatableMillis})`,
      wholeNumberFrom(1),
    )
    .option(
      '--memory <quantity>',
      `allocatable memory per node (default: ${formatMemory(DEFAULT_NODE.memoryAllocatableBytes, 'binary')})`,
      nodeMemory,
    )
    .option(
      '--control-plane',
      'make the first node a tainted control plane (default: only without --nodes, --cpu-millis and --memory)',
    )
    .option('--kubeconfig <file>', 'read the nodes and pods of a real cluster with kubectl instead', path)
    .option('--json', 'print the placements as JSON')
    .option('--exit-code', 'exit with 1 if a pod stays Pending')
    .addHelpText(
      'after',
      '\nExample: npx tandem fit accuracy-max-size --nodes 4 --cpu-millis 2000 --memory 4Gi',
    )
    .action(fit);
}
