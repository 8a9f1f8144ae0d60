/**
 * The command `tandem bench run`: measures a variant in a cluster. It loads cdk8s only when it runs, since the image of
 * the load generator has no cdk8s.
 */
import { dirname } from 'node:path';

import { type Command, Option } from 'commander';

import type { BrokenRule, RunDocument } from '../../bench/load/run-document';
import { failuresText } from '../../bench/timeline/report';
import { makeOut, writeFileAtomic } from '../../files/write';
import { MAX_FILES_KIB, MAX_LOAD_PODS, MAX_LOAD_SECONDS } from '../../infra/construct/load-limits';
import { VARIANTS } from '../../infra/variants';
import { path, wholeNumberFrom } from '../options';
import { generatorFiles } from './generator-files';
import { untilInterrupted } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a subcommand must not pay for the others' libraries */

/** The load generator's functions that the command needs. */
export interface LoadFunctions {
  /**
   * Length of the schedule of a `--load` text, seconds. Throws RangeError for a text that is no load, or has fewer clients
   * than pods.
   */
  readonly durationSecondsOf: (load: string, pods: number) => number;
  readonly mergeRuns: (documents: readonly RunDocument[]) => RunDocument;
  readonly brokenText: (broken: BrokenRule) => string;
}

const MAX_IDLE_SECONDS = 3600;

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
  const durationSeconds = Math.ceil(durationSecondsOf(options.load, options.pods));
  if (durationSeconds > MAX_LOAD_SECONDS) {
    throw new RangeError(
      `--load must last at most ${MAX_LOAD_SECONDS} s: shorten it, received ${options.load}`,
    );
  }
  const { files, images, load } = generatorFiles(options.image, options.load, IMAGES_PATH);
  const settings = readSettings(process.env, readContext());
  makeOut(dirname(options.out));
  for (const line of unknownSettingLines(process.env)) console.error(line);
  const { timeline, remains } = await untilInterrupted('deleting the namespace of the run', (signal) =>
    runVariant({
      ...{ kubectl: ['kubectl', '--kubeconfig', options.kubeconfig], variant, settings },
      load: {
        args: (url) => [
          ...['--url', url, '--load', load, '--seed', String(options.seed)],
          ...['--image', ...images, '--json'],
        ],
        images: files,
        pods: options.pods,
        durationSeconds,
      },
      merge: mergeRuns,
      idleSeconds: options.idle,
      signal,
      log: (line) => console.error(line),
    }),
  );
  if (remains !== undefined) console.error(remains);
  if (timeline === undefined) {
    console.error('stopped before the load: nothing is recorded');
    return;
  }
  writeFileAtomic(options.out, `${JSON.stringify(timeline)}\n`);
  console.log(options.out);
  for (const broken of timeline.load?.validity.broken ?? []) console.error(`INVALID: ${brokenText(broken)}`);
  const failures = failuresText(timeline);
  if (failures !== undefined) console.error(failures);
  // After Ctrl-C the exit code is set, though all may be recorded: the terminal may have ended the deletion too.
  process.exitCode ??= remains === undefined ? 0 : 1;
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
    .requiredOption('--image <file...>', `images to post, at most ${MAX_FILES_KIB} KiB together`)
    .requiredOption('--out <file>', 'file for the timeline (JSON)', path)
    .option('--seed <number>', 'seed of the schedule', wholeNumberFrom(0), 1)
    .option(
      '--pods <count>',
      'number of load generator pods; they share the schedule, or the clients of closed:N',
      wholeNumberFrom(1, MAX_LOAD_PODS),
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
