/**
 * `tandem fit`: which pods a cluster has room for: those of the variants, or those of any manifest.
 */
import { Argument, type Command, Option } from 'commander';

import { type Basis, BASES } from '../infra/allocation';
import {
  CLUSTER,
  type ClusterNode,
  clusterOf,
  DEFAULT_ARCHITECTURE,
  MAX_NODES,
} from '../infra/scheduler/cluster';
import type { Fit, Surroundings } from '../infra/fit/fit';
import { type Architecture, ARCHITECTURES } from '../infra/construct/inference-service-props';
import { settingsOf } from '../infra/model-names';
import { formatMemory } from '../infra/quantity';
import type { Settings } from '../infra/settings';
import { type Variant, VARIANTS } from '../infra/variants';
import { fitFiles, fitForJson } from './fit-files';
import { nodeMemory, VARIANT_NAMES, variantName } from './fit-values';
import { path, wholeNumberFrom } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

const DEFAULT_NODE = CLUSTER[0]!;

interface FitOptions {
  readonly basis?: Basis;
  readonly nodes?: number;
  readonly cpuMillis?: number;
  /** Bytes. */
  readonly memory?: number;
  readonly arch?: Architecture;
  readonly controlPlane?: true;
  readonly kubeconfig?: string;
  readonly file?: string[];
  readonly namespace?: string;
  readonly verbose?: true;
  readonly json?: true;
  readonly exitCode?: true;
}

/** The nodes that the options describe: those of the reference, unless one of them is given. */
function describedNodes({ nodes, cpuMillis, memory, controlPlane }: FitOptions): readonly ClusterNode[] {
  const isCustom =
    nodes !== undefined || cpuMillis !== undefined || memory !== undefined || controlPlane === true;
  if (!isCustom) return CLUSTER;
  return clusterOf({
    nodes: nodes ?? CLUSTER.length,
    cpuAllocatableMillis: cpuMillis ?? DEFAULT_NODE.cpuAllocatableMillis,
    memoryAllocatableBytes: memory ?? DEFAULT_NODE.memoryAllocatableBytes,
    controlPlane: controlPlane ?? false,
  });
}

function checkOptions(names: string[], options: FitOptions): void {
  const { basis, nodes, cpuMillis, memory, controlPlane, arch, kubeconfig, file, namespace, verbose, json } =
    options;
  if (
    kubeconfig !== undefined &&
    [nodes, cpuMillis, memory, controlPlane, arch].some((each) => each !== undefined)
  ) {
    throw new RangeError(
      '--kubeconfig reads a real cluster: leave out --nodes, --cpu-millis, --memory, --arch and --control-plane',
    );
  }
  if (file !== undefined && (names.length > 0 || basis !== undefined))
    throw new RangeError('--file places what the files hold: leave out the variants and --basis');
  if (verbose === true && (file !== undefined || names.length > 0 || json === true))
    throw new RangeError(
      '--verbose is for the table of all variants: names, --file and --json have every detail without it',
    );
  if (file === undefined && namespace !== undefined)
    throw new RangeError('--namespace is for --file: set TANDEM_NAMESPACE for the variants');
}

function fit(names: string[], options: FitOptions): void {
  checkOptions(names, options);
  const { basis, kubeconfig, file, namespace, arch, verbose, json, exitCode } = options;
  const nodes = describedNodes(options);
  const isFitting =
    file === undefined
      ? fitVariants(names, { basis, kubeconfig, nodes, arch, verbose, json })
      : fitFiles(file, { namespace, kubeconfig, nodes, arch: arch ?? DEFAULT_ARCHITECTURE, json });
  if (exitCode === true && !isFitting) process.exitCode = 1;
}

interface VariantOptions {
  readonly basis: Basis | undefined;
  readonly kubeconfig: string | undefined;
  readonly nodes: readonly ClusterNode[];
  readonly arch: Architecture | undefined;
  readonly verbose: true | undefined;
  readonly json: true | undefined;
}

/** Prints how variants fit; returns whether all of them do. */
function fitVariants(
  names: string[],
  { basis, kubeconfig, nodes, arch, verbose, json }: VariantOptions,
): boolean {
  const { fitOf, fitsAll } = require('../infra/fit/fit') as typeof import('../infra/fit/fit.js');
  const { fitReport, memoryLine } =
    require('../infra/fit/fit-text') as typeof import('../infra/fit/fit-text.js');
  const { describedLine, summaryLines } =
    require('../infra/fit/fit-summary') as typeof import('../infra/fit/fit-summary.js');
  const { measuredMemory } = require('./measured-memory') as typeof import('./measured-memory.js');
  const { isSet, readContext, readSettings } =
    require('../infra/settings') as typeof import('../infra/settings.js');
  const { unknownSettingLines } =
    require('../infra/unknown-settings') as typeof import('../infra/unknown-settings.js');
  for (const line of unknownSettingLines(process.env)) console.error(line);
  const context = readContext();
  const settings = readSettings(process.env, context);
  const chosenBasis = basis ?? (isSet('basis', process.env, context) ? settings.basis : undefined);
  const seenBy =
    kubeconfig === undefined ? described(nodes, arch, settings) : realCluster(kubeconfig, settings);
  const chosen = VARIANTS.filter(({ name }) => names.length === 0 || names.includes(name));
  const memory = measuredMemory(settings.models);
  const hasDetails = names.length > 0 || verbose === true;
  const fits: Fit[] = [];
  for (const variant of chosen) {
    for (const each of chosenBasis === undefined ? BASES : [chosenBasis]) {
      const { nodes: found, surroundings } = seenBy(variant);
      const fit = fitOf(variant, each, found, surroundings);
      fits.push(fit);
      if (!hasDetails || json === true) continue;
      const measured = memory.get(variant.model);
      const lines = [
        fitReport(variant, each, found, surroundings),
        ...(measured === undefined ? [] : [memoryLine(fit.demand.requests, measured)]),
      ];
      console.log(`${lines.join('\n')}\n`);
    }
  }
  if (json === true) {
    const listed = fits.map(({ variant, basis: on, ...rest }) => ({
      variant: variant.name,
      basis: on,
      ...fitForJson(rest),
      ...(memory.has(variant.model) ? { measuredMemoryBytes: memory.get(variant.model) } : {}),
    }));
    console.log(JSON.stringify(listed, undefined, 2));
  } else if (!hasDetails) {
    const line = kubeconfig === undefined ? describedLine(nodes) : `On the cluster of ${kubeconfig}:`;
    console.log(summaryLines(fits, line).join('\n'));
  }
  return fits.every(fitsAll);
}

/** Reads a real cluster once; returns what each variant would find in it. */
function realCluster(kubeconfig: string, settings: Settings) {
  const { readCluster } =
    require('../infra/fit/read-cluster') as typeof import('../infra/fit/read-cluster.js');
  const { nodesFor, surroundingsFor } =
    require('../infra/fit/observed-cluster') as typeof import('../infra/fit/observed-cluster.js');
  const cluster = readCluster(kubeconfig, settings.namespace);
  return (variant: Variant) => {
    const own = settingsOf(settings, variant);
    return {
      nodes: nodesFor(own, cluster),
      surroundings: withNotCounted(surroundingsFor(own, cluster), notJudged(settings)),
    };
  };
}

const withNotCounted = (surroundings: Surroundings, more: readonly string[]): Surroundings => ({
  ...surroundings,
  notCounted: [...(surroundings.notCounted ?? []), ...more],
});

/** The settings that `fit` counts on no cluster. */
const notJudged = ({ ephemeralStorage }: Pick<Settings, 'ephemeralStorage'>): string[] =>
  ephemeralStorage === undefined ? [] : ['the ephemeral storage: fit -f counts it on a real cluster'];

/** What a variant finds on described nodes. */
function described(
  nodes: readonly ClusterNode[],
  architecture: Architecture | undefined,
  settings: Settings,
) {
  const { describedFor } =
    require('../infra/fit/described-cluster') as typeof import('../infra/fit/described-cluster.js');
  return (variant: Variant) => {
    const { notCounted, ...found } = describedFor(settingsOf(settings, variant), nodes, architecture);
    return { ...found, surroundings: { notCounted: [...notCounted, ...notJudged(settings)] } };
  };
}

/** Adds the command. */
export function addFit(program: Command): void {
  program
    .command('fit')
    .description(
      'say whether each variant, or each workload of any manifest, fits, which node each pod goes to, which pods stay Pending and why, and what kubectl describe node will print',
    )
    .addArgument(
      new Argument('[variants...]', 'variants to place (default: all)')
        .choices(VARIANT_NAMES)
        .argParser((text, before: readonly string[] | undefined) => [...(before ?? []), variantName(text)]),
    )
    .option(
      '-f, --file <file...>',
      'place the Deployments, StatefulSets and ReplicaSets of manifests instead, within the bounds of their HPAs; - reads standard input',
    )
    .option('--namespace <name>', 'namespace of objects in --file that name none (default: default)')
    .addOption(
      new Option(
        '--basis <basis>',
        'container: the reference’s figures for each container; node: each pod’s share of a node’s figures (default: TANDEM_BASIS or the context in cdk8s.yaml, else both)',
      ).choices(BASES),
    )
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
    .addOption(
      new Option(
        '--arch <name>',
        `architecture of the nodes (default: ${DEFAULT_ARCHITECTURE}, or one that TANDEM_ARCHITECTURES or TANDEM_NODE_SELECTOR asks for)`,
      ).choices(ARCHITECTURES),
    )
    .option(
      '--control-plane',
      'make the first node a tainted control plane (default: on, unless --nodes, --cpu-millis or --memory is set)',
    )
    .option('--kubeconfig <file>', 'read the nodes and pods of a real cluster with kubectl instead', path)
    .option('--verbose', 'print nodes, sums and reasons of every variant, not only the table')
    .option('--json', 'print the placements as JSON')
    .option(
      '--exit-code',
      'exit with 1 if a pod stays Pending or is not created, on any basis that is judged',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  npx tandem fit accuracy-max-size --nodes 4 --cpu-millis 2000 --memory 4Gi\n' +
        '  helm template shop ./chart | npx tandem fit -f - --kubeconfig ~/.kube/config',
    )
    .action(fit);
}
