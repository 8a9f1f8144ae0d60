/**
 * The command `tandem bench run`: measures a variant in a cluster. It loads cdk8s only when it runs, since the image of
 * the load generator has no cdk8s.
 */
import { type Command, Option } from 'commander';

import { DEFAULT_TIMEOUT_MS, type Image } from '../../bench/load/generator';
import type { BrokenRule, RunDocument } from '../../bench/load/run-document';
import { checkDeadline, parseSlo } from '../../bench/load/slo';
import { failuresText } from '../../bench/timeline/report';
import { makeFolderOf, writeFileAtomic } from '../../files/write';
import { MAX_FILES_KIB, MAX_LOAD_PODS, MAX_LOAD_SECONDS } from '../../infra/construct/load-limits';
import { VARIANTS } from '../../infra/variants';
import { path, wholeNumberFrom } from '../options';
import { type GeneratorFiles, generatorFiles } from './generator-files';
import {
  addSchedule,
  boundedSeconds,
  checked,
  imageOption,
  type Schedule,
  timeoutOption,
  untilInterrupted,
} from './options';

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
/** Kubernetes stops a Job 300 s after its schedule: the rest is for scheduling, the image and the common start. */
const MAX_TIMEOUT_SECONDS = 120;

interface RunOptions extends Schedule {
  readonly kubeconfig: string;
  readonly variant: string;
  readonly load: string;
  readonly image: readonly Image[];
  /** In the form of `--slo`. */
  readonly slo?: string;
  /** A duration. */
  readonly timeout: string;
  readonly pods: number;
  readonly idle: number;
  readonly out: string;
}

/** @throws RangeError for a deadline that the Job may not live to see */
function checkTimeout(text: string): void {
  if (boundedSeconds(text) > MAX_TIMEOUT_SECONDS) {
    throw new RangeError(
      `It must be at most ${MAX_TIMEOUT_SECONDS} s: Kubernetes stops the load generator soon after its schedule.`,
    );
  }
}

/** Arguments of `bench load` for the pods. */
const generatorArgs = (
  { seed, connections, timeout, slo }: RunOptions,
  { images, load }: Pick<GeneratorFiles, 'images' | 'load'>,
  url: string,
): readonly string[] => [
  ...['--url', url, '--load', load, '--seed', String(seed), '--connections', connections],
  ...['--timeout', timeout, ...(slo === undefined ? [] : ['--slo', slo])],
  ...['--image', ...images, '--json'],
];

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
  if (options.slo !== undefined) checkDeadline(parseSlo(options.slo), 1000 * boundedSeconds(options.timeout));
  const inPods = generatorFiles(options.image, options.load, IMAGES_PATH);
  const settings = readSettings(process.env, readContext());
  makeFolderOf(options.out);
  for (const line of unknownSettingLines(process.env)) console.error(line);
  const { timeline, remains } = await untilInterrupted('deleting the namespace of the run', (signal) =>
    runVariant({
      ...{ kubectl: ['kubectl', '--kubeconfig', options.kubeconfig], variant, settings },
      load: {
        args: (url) => generatorArgs(options, inPods, url),
        images: inPods.files,
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
  const command = bench
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
    .addOption(imageOption(`at most ${MAX_FILES_KIB} KiB together`).makeOptionMandatory())
    .requiredOption('--out <file>', 'file for the timeline (JSON)', path);
  addSchedule(command)
    .addOption(
      timeoutOption()
        .argParser(checked(checkTimeout))
        .default(`${DEFAULT_TIMEOUT_MS / 1000}s`),
    )
    .option('--slo <objective>', 'latency objective for goodput, such as p95=100ms', checked(parseSlo))
    .option(
      '--pods <count>',
      'number of load generator pods; they share the schedule, or the clients of closed:N, and each has its own connections',
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
        '--image models/demo/samples/weave.jpg=weave --slo p95=100ms --idle 360 --out build/latency-hpa.json',
    )
    .action((options: RunOptions) => run(options, load));
}
