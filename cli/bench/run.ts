/**
 * The command `tandem bench run`: measures a variant in a cluster. It loads cdk8s only when it runs, since the image of
 * the load generator has no cdk8s.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

import { type Command, Option } from 'commander';

import type { BrokenRule, RunDocument } from '../../bench/load/run-document';
import { makeOut, writeFileAtomic } from '../../files/write';
import { VARIANTS } from '../../infra/variants';
import { path, wholeNumberFrom } from '../options';

/* eslint-disable @typescript-eslint/no-require-imports -- a subcommand must not pay for the others' libraries */

/** The load generator's functions that the command needs. */
export interface LoadFunctions {
  /** Length of the schedule of a `--load` text, seconds; throws RangeError for a text that is no load. */
  readonly durationSecondsOf: (load: string) => number;
  readonly mergeRuns: (documents: readonly RunDocument[]) => RunDocument;
  readonly brokenText: (broken: BrokenRule) => string;
}

const MAX_IDLE_SECONDS = 3600;
const MAX_PODS = 50;

interface RunOptions {
  readonly kubeconfig: string;
  readonly variant: string;
  readonly load: string;
  readonly image: readonly string[];
  readonly seed: number;
  readonly pods: number;
  readonly idle: number;
  readonly out: string;
}

async function run(
  options: RunOptions,
  { durationSecondsOf, mergeRuns, brokenText }: LoadFunctions,
): Promise<void> {
  const { runVariant } =
    require('../../bench/cluster-run/run-variant') as typeof import('../../bench/cluster-run/run-variant.js');
  const { IMAGES_PATH } =
    require('../../infra/construct/load-generator') as typeof import('../../infra/construct/load-generator.js');
  const { readContext, readSettings } =
    require('../../infra/settings') as typeof import('../../infra/settings.js');
  const { unknownSettingLines } =
    require('../../infra/unknown-settings') as typeof import('../../infra/unknown-settings.js');
  // commander has refused any other name.
  const variant = VARIANTS.find(({ name }) => name === options.variant)!;
  const durationSeconds = Math.ceil(durationSecondsOf(options.load));
  makeOut(dirname(options.out));
  const images = Object.fromEntries(options.image.map((file) => [basename(file), readFileSync(file)]));
  for (const line of unknownSettingLines(process.env)) console.error(line);
  const interrupt = new AbortController();
  const stop = () => {
    console.error('stopping: deleting the namespace of the run');
    interrupt.abort();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const timeline = await runVariant({
      kubectl: ['kubectl', '--kubeconfig', options.kubeconfig],
      variant,
      settings: readSettings(process.env, readContext()),
      load: {
        args: (url) => [
          ...['--url', url, '--load', options.load, '--seed', String(options.seed)],
          ...['--image', ...Object.keys(images).map((name) => `${IMAGES_PATH}/${name}`), '--json'],
        ],
        images,
        pods: options.pods,
        durationSeconds,
      },
      merge: mergeRuns,
      idleSeconds: options.idle,
      signal: interrupt.signal,
      log: (line) => console.error(line),
    });
    writeFileAtomic(options.out, `${JSON.stringify(timeline)}\n`);
    console.log(options.out);
    for (const broken of timeline.load?.validity.broken ?? [])
      console.error(`INVALID: ${brokenText(broken)}`);
    if (!timeline.complete) process.exitCode = 130;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Adds `run` to the command `bench`. */
export function addRunCommand(bench: Command, load: LoadFunctions): void {
  bench
    .command('run')
    .description(
      'measure a variant in a cluster: apply it in a new namespace, send load from a Job, record the timeline, ' +
        'delete the namespace',
    )
    .requiredOption('--kubeconfig <file>', 'the cluster, read with kubectl', path)
    .addOption(
      new Option('--variant <name>', 'the variant')
        .choices(VARIANTS.map(({ name }) => name))
        .makeOptionMandatory(),
    )
    .requiredOption('--load <load>', 'the load, in the form of "bench load"')
    .requiredOption('--image <file...>', 'images to post, at most 700 KiB together')
    .requiredOption('--out <file>', 'file for the timeline (JSON)', path)
    .option('--seed <number>', 'seed of the schedule', wholeNumberFrom(0), 1)
    .option(
      '--pods <count>',
      'number of load generator pods; they share the schedule',
      wholeNumberFrom(1, MAX_PODS),
      1,
    )
    .option(
      '--idle <seconds>',
      'seconds to keep recording after the load, so that the HPA can scale down',
      wholeNumberFrom(0, MAX_IDLE_SECONDS),
      0,
    )
    .addHelpText(
      'after',
      '\nExample: npx tandem bench run --kubeconfig ~/.kube/config --variant latency-hpa --load poisson:20:60s ' +
        '--image models/demo/samples/weave.jpg --idle 360 --out build/latency-hpa.json',
    )
    .action((options: RunOptions) => run(options, load));
}
