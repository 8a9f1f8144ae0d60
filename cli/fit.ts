/**
 * `tandem fit`: which pods a cluster has room for.
 */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';

import { type Basis, BASES } from '../infra/allocation';
import { CLUSTER, clusterOf, MAX_NODES } from '../infra/cluster';
import type { Fit } from '../infra/fit';
import { formatMemory, parseMemoryBytes } from '../infra/quantity';
import type { Settings } from '../infra/settings';
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
const forJson = ({ variant, basis, resources, placements, updates, verdict, notCounted }: Fit) => ({
  variant: variant.name,
  basis,
  verdict,
  requests: resources.requests,
  limits: resources.limits,
  placements: placements.map(({ placed, ...placement }, i) => ({
    label: placement.label,
    replicas: placement.replicas,
    pods: Object.fromEntries(placed.map(({ node, pods }) => [node.name, pods])),
    pending: placement.pending,
    reason: placement.reason,
    notCreated: placement.notCreated,
    refusal: placement.refusal,
    preempted: placement.preempted,
    rollingUpdateFits: updates[i]!.pending === 0 && updates[i]!.notCreated === 0,
  })),
  notCounted,
});

function fit(names: string[], options: FitOptions): void {
  const { basis, nodes, cpuMillis, memory, controlPlane, kubeconfig, json, exitCode } = options;
  const { fitOf, fitReport, fitsAll } = require('../infra/fit') as typeof import('../infra/fit.js');
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
  const settings = readSettings(process.env, readContext());
  const seenBy =
    kubeconfig === undefined
      ? () => ({ nodes: cluster, surroundings: { notCounted: notDescribed(settings) } })
      : realCluster(kubeconfig, settings);
  const chosen = VARIANTS.filter(({ name }) => names.length === 0 || names.includes(name));
  const fits: Fit[] = [];
  for (const variant of chosen) {
    for (const each of basis === undefined ? BASES : [basis]) {
      const { nodes: found, surroundings } = seenBy(variant.name);
      fits.push(fitOf(variant, each, found, surroundings));
      if (json !== true) console.log(`${fitReport(variant, each, found, surroundings)}\n`);
    }
  }
  if (json === true) console.log(JSON.stringify(fits.map(forJson), undefined, 2));
  if (exitCode === true && !fits.every(fitsAll)) process.exitCode = 1;
}

/** Reads a real cluster once; returns what each variant would find in it. */
function realCluster(kubeconfig: string, settings: Settings) {
  const { readCluster } = require('../infra/read-cluster') as typeof import('../infra/read-cluster.js');
  const { nodesFor, surroundingsFor } =
    require('../infra/observed-cluster') as typeof import('../infra/observed-cluster.js');
  const cluster = readCluster(kubeconfig, settings.namespace);
  return (name: string) => ({
    nodes: nodesFor({ ...settings, name }, cluster),
    surroundings: surroundingsFor({ ...settings, name }, cluster),
  });
}

/** The settings that only a real cluster could answer to. */
const notDescribed = ({ nodeSelector, priorityClassName }: Settings): string[] => [
  ...(nodeSelector === undefined ? [] : ['the node selector, since the described nodes have no labels']),
  ...(priorityClassName === undefined
    ? []
    : ['the priority class, since the described pods have no priorities']),
];

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
      'make the first node a tainted control plane (default: on, unless --nodes, --cpu-millis or --memory is set)',
    )
    .option('--kubeconfig <file>', 'read the nodes and pods of a real cluster with kubectl instead', path)
    .option('--json', 'print the placements as JSON')
    .option('--exit-code', 'exit with 1 if a pod stays Pending or is not created')
    .addHelpText(
      'after',
      '\nExample: npx tandem fit accuracy-max-size --nodes 4 --cpu-millis 2000 --memory 4Gi',
    )
    .action(fit);
}
