/**
 * The command `tandem bench timeline`.
 */
import { type Command, InvalidArgumentError } from 'commander';

import { MAX_SECONDS } from '../../bench/load/load';
import { recordDeployment, recordProcesses, type RecordingTime, withLoad } from '../../bench/timeline/record';
import { formatTimeline } from '../../bench/timeline/report';
import type { TimelineDocument } from '../../bench/timeline/timeline-document';
import { makeFolderOf, writeFileAtomic } from '../../files/write';
import { boundedSeconds, httpUrl, read, untilInterrupted } from './options';
import { path } from '../options';

const DEFAULT_NAMESPACE = 'default';

/** `NAME=VALUE`, collected by name. */
const named =
  (check: (value: string) => string) =>
  (text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
    const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be NAME=VALUE.');
    return { ...before, [name]: check(value) };
  };

interface TimelineOptions {
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly deployment?: string;
  readonly process?: Readonly<Record<string, string>>;
  readonly cgroup?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly duration?: number;
  readonly runs?: readonly string[];
  readonly out: string;
}

/** Options that say nothing of the other kind of recording. */
const DEPLOYMENT_ONLY = ['deployment', 'namespace'] as const;
const PROCESS_ONLY = ['cgroup'] as const;

function refuseUnused(
  subject: string,
  options: TimelineOptions,
  names: readonly (keyof TimelineOptions)[],
): void {
  const unused = names.filter((name) => options[name] !== undefined).map((name) => `--${name}`);
  if (unused.length === 0) return;
  throw new RangeError(`${subject} does not use ${unused.join(' and ')}: leave out ${unused.join(' and ')}`);
}

function recordingOf(options: TimelineOptions): (time: RecordingTime) => Promise<TimelineDocument> {
  const {
    kubeconfig,
    namespace = DEFAULT_NAMESPACE,
    deployment,
    process: urls,
    cgroup: cgroups = {},
  } = options;
  if ((kubeconfig === undefined) === (urls === undefined))
    throw new RangeError('give either --kubeconfig with --deployment, or --process');
  if (kubeconfig !== undefined) {
    refuseUnused('--kubeconfig', options, PROCESS_ONLY);
    if (deployment === undefined)
      throw new RangeError('--kubeconfig needs --deployment: name what to record');
    return (time) => recordDeployment(['kubectl', '--kubeconfig', kubeconfig], namespace, deployment, time);
  }
  refuseUnused('--process', options, DEPLOYMENT_ONLY);
  const unknown = Object.keys(cgroups).find((name) => urls![name] === undefined);
  if (unknown !== undefined) throw new RangeError(`--cgroup ${unknown} needs a --process of the same name`);
  const processes = Object.entries(urls!).map(([name, url]) => ({
    ...{ name, url: url.replace(/\/$/, '') },
    ...(cgroups[name] !== undefined && { cgroup: cgroups[name] }),
  }));
  return (time) => recordProcesses(processes, time);
}

async function timeline(options: TimelineOptions): Promise<void> {
  const { duration: seconds, runs, out } = options;
  const recording = recordingOf(options);
  makeFolderOf(out);
  console.error(seconds === undefined ? 'recording until Ctrl-C' : `recording for ${seconds} s`);
  const recorded = await untilInterrupted('writing what was recorded', (stop) =>
    recording({ seconds: seconds ?? MAX_SECONDS, stop, mayStop: seconds === undefined }),
  );
  // Without a length, Ctrl-C is how a recording ends.
  if (recorded.complete) process.exitCode = 0;
  const write = (document: TimelineDocument) => writeFileAtomic(out, `${JSON.stringify(document)}\n`);
  // First without the load: a file that is missing, or of another load, must not cost the recording.
  write(recorded);
  const document = runs === undefined ? recorded : withLoad(recorded, runs);
  write(document);
  console.log(formatTimeline(document));
}

/** Adds `timeline` to the command `bench`. */
export function addTimelineCommand(bench: Command): void {
  bench
    .command('timeline')
    .description('record a Deployment, or processes on this machine, every second while load is sent')
    .requiredOption('--out <file>', 'file for the timeline (JSON)', path)
    .option('--kubeconfig <file>', 'the cluster, read with kubectl', path)
    .option(
      '--namespace <name>',
      `namespace of the Deployment (default: ${JSON.stringify(DEFAULT_NAMESPACE)})`,
    )
    .option('--deployment <name>', 'the Deployment; its HPA must have the same name')
    .option(
      '--process <name=url...>',
      'record these processes instead of a Deployment; URL without a path',
      named(httpUrl),
    )
    .option(
      '--cgroup <name=folder...>',
      'the control group of each process, for its CPU, memory and throttling',
      named(path),
    )
    .option('--duration <duration>', 'how long to record (default: until Ctrl-C)', read(boundedSeconds))
    .option(
      '--runs <file...>',
      'result files of "bench load --out" to merge in; they may be missing until the recording ends',
    )
    .addHelpText(
      'after',
      '\nPrints 10 s windows. The file has every sample: replicas, pods, CPU samples with their own windows, HPA, ' +
        'events, throttling.\n' +
        '\nExample: npx tandem bench timeline --kubeconfig ~/.kube/config --namespace tandem --deployment latency-hpa ' +
        '--duration 10m --out build/timeline.json',
    )
    .action(timeline);
}
