/**
 * The command `tandem`. Each subcommand loads what it needs only when it runs.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { Command } from 'commander';

import type { Basis } from './infra/allocation';
import { MODEL_IDS, modelId } from './models/catalog';
import { ENGINE_KINDS, type EngineKind } from './models/engines/engine';
import { PACKAGE_ROOT } from './models/package-root';
import { DEMO_MODELS_DIR, readSavedModel } from './models/saved-model';
import { readConfig } from './service/config';
import { checkNodeVersion } from './service/node-version';

/* eslint-disable @typescript-eslint/no-require-imports -- a subcommand must not pay for the others' libraries */

const defaults = () => readConfig(process.env);

function exportModels(models: string[], { out }: { out?: string }): void {
  const { cachedGraph } = require('./models/onnx/cache') as typeof import('./models/onnx/cache.js');
  const { IR_VERSION, OPSET_VERSION } =
    require('./models/onnx/proto') as typeof import('./models/onnx/proto.js');
  const { modelsDir, onnxCacheDir } = defaults();
  for (const model of models.length > 0 ? models : MODEL_IDS) {
    const file = cachedGraph(join(modelsDir, modelId(model)), out ?? onnxCacheDir);
    if (typeof file !== 'string')
      throw new Error(`${out ?? onnxCacheDir} cannot be written; choose another with --out`);
    const bytes = readFileSync(file);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    console.log(
      `${file}  ${bytes.length} bytes  opset ${OPSET_VERSION}  IR ${IR_VERSION}  SHA-256 ${sha256}`,
    );
  }
}

async function evaluateModel(
  model: string,
  options: { engine: EngineKind; writeCard?: true; json?: true },
): Promise<void> {
  const { evaluateDemo, modelCard, writeCard } =
    require('./models/demo/evaluate') as typeof import('./models/demo/evaluate.js');
  const { loadEngine } = require('./models/engines/load') as typeof import('./models/engines/load.js');
  const saved = readSavedModel(join(DEMO_MODELS_DIR, modelId(model)));
  const { threads, onnxCacheDir } = defaults();
  const engine = await loadEngine({ kind: options.engine, modelDir: saved.folder, threads, onnxCacheDir });
  const measured = await evaluateDemo(saved, engine, (done, count) => {
    if (done % 50 === 0) console.error(`${done}/${count} pictures`);
  });
  await engine.dispose();
  if (options.writeCard) console.error(`wrote ${writeCard(saved, measured)}`);
  console.log(options.json ? JSON.stringify(measured) : modelCard(saved, measured));
}

function synth({ out, basis, route = [] }: { out: string; basis?: Basis; route?: string[] }): void {
  const { synthesize } = require('./infra/main') as typeof import('./infra/main.js');
  const { parseRoute } = require('./infra/route') as typeof import('./infra/route.js');
  const routes = route.map(parseRoute);
  if (new Set(routes.map(({ model }) => model)).size < routes.length) {
    throw new RangeError(`--route takes one variant a model, received ${route.join(' and ')}`);
  }
  if (routes.length > 0 && resolve(out) === join(PACKAGE_ROOT, 'dist')) {
    throw new RangeError(
      '--route must not write into dist/, which holds the variants alone: choose another --out',
    );
  }
  synthesize(out, basis === undefined ? process.env : { ...process.env, TANDEM_BASIS: basis }, routes);
  console.log(out);
}

interface FitOptions {
  readonly basis?: Basis;
  readonly nodes?: number;
  readonly cpuMillis?: number;
  readonly memory?: string;
  readonly controlPlane?: true;
}

function fit(names: string[], { basis, nodes, cpuMillis, memory, controlPlane }: FitOptions): void {
  const { fitReport } = require('./infra/fit') as typeof import('./infra/fit.js');
  const { BASES } = require('./infra/allocation') as typeof import('./infra/allocation.js');
  const { CLUSTER, clusterOf } = require('./infra/cluster') as typeof import('./infra/cluster.js');
  const { parseMemoryBytes } = require('./infra/quantity') as typeof import('./infra/quantity.js');
  const { VARIANTS } = require('./infra/variants') as typeof import('./infra/variants.js');
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
        memoryAllocatableBytes: memory === undefined ? like.memoryAllocatableBytes : parseMemoryBytes(memory),
        controlPlane: controlPlane ?? false,
      });
  for (const variant of VARIANTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    for (const each of basis === undefined ? BASES : [basis])
      console.log(`${fitReport(variant, each, cluster)}\n`);
  }
}

/** Refuses a basis that is none. */
function basisOf(value: string): Basis {
  if (value === 'container' || value === 'node') return value;
  throw new RangeError(`--basis must be container or node, received ${value}`);
}

/** Refuses what is no whole number of at least 1. */
function positiveInteger(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new RangeError(`the number must be a whole one of at least 1, received ${value}`);
}

/** Refuses an engine that is none. */
function engineKind(value: string): EngineKind {
  const kind = ENGINE_KINDS.find((known) => known === value);
  if (kind === undefined)
    throw new RangeError(`--engine must be one of ${ENGINE_KINDS.join(', ')}, received ${value}`);
  return kind;
}

const program = new Command('tandem').description(
  'Two image classifiers, from training to sized deployments.',
);
program
  .command('export')
  .description('export saved models to ONNX; prints a line for each')
  .argument('[models...]', `model ids, of ${MODEL_IDS.join(', ')} (default: both)`)
  .option('--out <folder>', 'where the graphs go (default: the service’s ONNX_CACHE_DIR)')
  .addHelpText('after', '\nExample: npx tandem export latency --out build/onnx')
  .action(exportModels);
program
  .command('evaluate')
  .description('measure a demo model on the test split that no training drew')
  .argument('<model>', `model id, one of ${MODEL_IDS.join(', ')}`)
  .option('--engine <kind>', `one of ${ENGINE_KINDS.join(', ')}`, engineKind, 'onnxruntime')
  .option('--write-card', 'write model-card.md and evaluation.json beside the model')
  .option('--json', 'print the figures as JSON instead of the card')
  .addHelpText('after', '\nExample: npx tandem evaluate accuracy --write-card')
  .action(evaluateModel);

program
  .command('synth')
  .description(
    'write the manifests into a folder; warns, with the arithmetic, of pods that will stay Pending',
  )
  .requiredOption('--out <folder>', 'where the files go')
  .option('--basis <basis>', 'container: the figures as printed; node: a pod’s share of them', basisOf)
  .option('--route <model=kind...>', 'also a Service named after the model, pointed at that variant of it')
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
  .option('--basis <basis>', 'container or node (default: both)', basisOf)
  .option('--nodes <count>', 'equal nodes (default: the reference’s cluster)', positiveInteger)
  .option('--cpu-millis <millicores>', 'allocatable CPU of a node', positiveInteger)
  .option('--memory <quantity>', 'allocatable memory of a node, such as 8050000Ki')
  .option('--control-plane', 'the first node is a tainted control plane')
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
