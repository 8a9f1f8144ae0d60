/**
 * The commands that send one load of a given form: `tandem bench load` and `tandem bench latency`.
 */
import { type Command, InvalidArgumentError } from 'commander';

import { checkTarget } from '../../bench/load/check-target';
import { CONNECTION_FORMS } from '../../bench/load/connections';
import { runLoad } from '../../bench/load/generator';
import { LOAD_FORMS, MAX_CLIENTS, MAX_REQUESTS, MAX_SECONDS, parseLoad } from '../../bench/load/load';
import { formatLatency, formatRun } from '../../bench/load/report';
import type { RunDocument, Shard } from '../../bench/load/run-document';
import { checkDeadline, parseSlo, type Slo } from '../../bench/load/slo';
import { parseStartAt } from '../../bench/load/start-at';
import { makeFolderOf } from '../../files/write';
import {
  addSchedule,
  addTarget,
  checked,
  durationOption,
  EXAMPLE_TARGET,
  formList,
  print,
  read,
  runOptionsOf,
  type Schedule,
  type Target,
  untilInterrupted,
} from './options';
import { loadProgress } from './progress';
import { note, wholeNumberFrom } from '../options';

const STOPPING = 'waiting for the last answers';
const STOPPED_BEFORE_LOAD = 'stopped before the load';

function shard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (!(Number(index) >= 1 && Number(index) <= Number(count)))
    throw new InvalidArgumentError('It must be a part and a number of parts, such as 1/3.');
  return { index: Number(index), count: Number(count) };
}

type LoadOptions = Target &
  Schedule & {
    readonly load: string;
    readonly slo?: Slo;
    readonly shard?: Shard;
    readonly startAt?: Date;
  };

async function load(options: LoadOptions): Promise<void> {
  const { slo, startAt, connections, seed, out } = options;
  if (slo !== undefined) checkDeadline(slo, runOptionsOf(options).timeoutMs);
  if (out !== undefined) makeFolderOf(out);
  const progress = loadProgress(process.stderr);
  const document = await untilInterrupted(STOPPING, async (stop) => {
    // One of several generators only sends its part: a request more would belong to no schedule.
    const isAlone = options.shard === undefined;
    if (isAlone && !(await checkTarget({ ...runOptionsOf(options), stop }))) return undefined;
    return runLoad({
      ...runOptionsOf(options),
      load: options.load,
      connections,
      seed,
      stop,
      onProgress: progress.report,
      ...(slo && { slo }),
      ...(options.shard && { shard: options.shard }),
      ...(startAt && { startAt }),
    });
  }).finally(progress.end);
  if (document === undefined) note(STOPPED_BEFORE_LOAD);
  else print(document, formatRun(document), options);
}

async function latency(options: Target & { duration: number; clients: number }): Promise<void> {
  if (options.out !== undefined) makeFolderOf(options.out);
  const closed = (clients: number, stop: AbortSignal): Promise<RunDocument> => {
    const progress = loadProgress(process.stderr);
    return runLoad({
      ...runOptionsOf(options),
      connections: `kept:${clients}`,
      load: `closed:${clients}:${options.duration}s`,
      stop,
      onProgress: progress.report,
    }).finally(progress.end);
  };
  const documents = await untilInterrupted(STOPPING, async (stop) => {
    if (!(await checkTarget({ ...runOptionsOf(options), stop }))) return undefined;
    const singleStream = await closed(1, stop);
    return stop.aborted ? { singleStream } : { singleStream, offline: await closed(options.clients, stop) };
  });
  if (documents === undefined) note(STOPPED_BEFORE_LOAD);
  else print(documents, formatLatency(documents), options);
}

/** Adds `load` to the command `bench`. */
export function addLoadCommand(bench: Command): void {
  addSchedule(addTarget(bench.command('load')))
    .description('send one load and report latency, goodput and whether the run is valid')
    .requiredOption('--load <load>', 'one of the loads below', checked(parseLoad))
    .option('--slo <objective>', 'latency objective for goodput, such as p95=100ms', read(parseSlo))
    .option(
      '--shard <i/n>',
      'send only part i of n of the schedule, or of the clients of closed:N, beside other generators',
      shard,
    )
    .option(
      '--start-at <time>',
      'start time, such as 2026-11-28T10:00:00Z; give all shards the same',
      read(parseStartAt),
    )
    .addHelpText(
      'after',
      `\nLoads, at most ${MAX_REQUESTS / 2} requests in ${MAX_SECONDS / 3600} hours:\n${formList(LOAD_FORMS)}\n` +
        `\nConnections:\n${formList(CONNECTION_FORMS)}\n` +
        '\nLatency counts from the time at which a request was due. Ctrl-C keeps what was measured.\n' +
        `\nExample: npx tandem bench load ${EXAMPLE_TARGET} --load poisson:20:60s --slo p95=100ms`,
    )
    .action(load);
}

/** Adds `latency` to the command `bench`. */
export function addLatencyCommand(bench: Command): void {
  addTarget(bench.command('latency'))
    .description('measure the latency (p50, p90, p99) of one client, then the images per second of several')
    .addOption(durationOption('--duration <duration>', 'length of each of the two measurements', 30))
    .option('--clients <count>', 'clients in the second measurement', wholeNumberFrom(1, MAX_CLIENTS), 8)
    .addHelpText('after', `\nExample: npx tandem bench latency ${EXAMPLE_TARGET} --duration 30s`)
    .action(latency);
}
