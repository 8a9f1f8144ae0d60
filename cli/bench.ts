/**
 * `tandem bench`: measures a service from outside. It loads no model and no cdk8s, since the load generator's image has
 * neither.
 */
import { type Command, InvalidArgumentError } from 'commander';

import { CONNECTION_FORMS, parseConnections } from '../bench/load/connections';
import { mergeRuns, summarize } from '../bench/load/documents';
import { DEFAULT_TIMEOUT_MS, type Image, runLoad } from '../bench/load/generator';
import { DEFAULT_MAX_PROBE_SECONDS, httpCapacity } from '../bench/load/http-probe';
import {
  durationSeconds,
  LOAD_FORMS,
  MAX_CLIENTS,
  MAX_REQUESTS,
  MAX_SECONDS,
  parseLoad,
  parseSeconds,
} from '../bench/load/load';
import { formatCapacity, formatProbe, formatRun } from '../bench/load/report';
import type { RunDocument, Shard } from '../bench/load/run-document';
import { parseSlo, type Slo } from '../bench/load/slo';
import { writeFileAtomic } from '../files/write';
import { loadProgress } from './bench-progress';
import { addRunCommand } from './bench-run';
import { path, wholeNumberFrom } from './options';

/** Reads a text with a reader that throws; commander then names the option. */
const read =
  <T>(reader: (text: string) => T) =>
  (text: string): T => {
    try {
      return reader(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };

const checked = (reader: (text: string) => unknown) =>
  read((text) => {
    reader(text);
    return text;
  });

function httpUrl(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== 'http:')
    throw new InvalidArgumentError('It must be a URL that begins with http://.');
  return text;
}

function image(text: string, before: readonly Image[] = []): Image[] {
  const [, file, expectedClass] = /^(.+?)(?:=([^=/]+))?$/.exec(text) ?? [];
  if (file === undefined) throw new InvalidArgumentError('It must be FILE or FILE=CLASS.');
  return [...before, { file, ...(expectedClass !== undefined && { expectedClass }) }];
}

function shard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (!(Number(index) >= 1 && Number(index) <= Number(count)))
    throw new InvalidArgumentError('It must be a part and a number of parts, such as 1/3.');
  return { index: Number(index), count: Number(count) };
}

interface Target {
  readonly url: string;
  readonly image?: readonly Image[];
  readonly connections: string;
  /** Seconds. */
  readonly timeout: number;
  readonly seed: number;
  readonly json?: true;
  readonly out?: string;
}

const runOptionsOf = ({ url, image: images = [], connections, timeout, seed: first }: Target) => ({
  ...{ url, images, connections, timeoutMs: 1000 * timeout, seed: first },
});

/** Options that every command has which sends requests. */
const target = (command: Command): Command =>
  command
    .requiredOption('--url <url>', 'where to send, such as http://127.0.0.1:8080/v1/classify', httpUrl)
    .option(
      '--image <file[=class]...>',
      'images to post in turn, with the class to expect (default: GET)',
      image,
    )
    .option(
      '--connections <policy>',
      CONNECTION_FORMS.map(([form]) => form).join(', '),
      checked(parseConnections),
      'fresh',
    )
    .option(
      '--timeout <duration>',
      'deadline of an answer, from the intended send time',
      read(parseSeconds),
      DEFAULT_TIMEOUT_MS / 1000,
    )
    .option('--seed <number>', 'seed of the schedule', wholeNumberFrom(0), 1)
    .option('--json', 'print the result as one line of JSON')
    .option('--out <file>', 'also write the result as JSON to a file', path);

/** Runs until Ctrl-C; what was measured until then is kept, and the process exits with 130. */
async function untilInterrupted<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const onSignal = () => {
    console.error('stopping: waiting for the last answers');
    interrupt.abort();
    process.exitCode = 130;
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await work(interrupt.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function print(result: object, text: string, { json, out }: Pick<Target, 'json' | 'out'>): void {
  if (out !== undefined) writeFileAtomic(out, `${JSON.stringify(result)}\n`);
  console.log(json ? JSON.stringify(result) : text);
}

async function load(options: Target & { load: string; slo?: Slo; shard?: Shard }): Promise<void> {
  const progress = loadProgress(process.stderr);
  const document = await untilInterrupted((stop) =>
    runLoad({
      ...runOptionsOf(options),
      ...{ load: options.load, stop, onProgress: progress.report },
      ...(options.slo && { slo: options.slo }),
      ...(options.shard && { shard: options.shard }),
    }),
  );
  progress.end();
  print(document, formatRun(document), options);
}

async function capacity(options: Target & { slo: Slo; maxProbe: number }): Promise<void> {
  const found = await untilInterrupted((stop) =>
    httpCapacity({
      ...runOptionsOf(options),
      ...{ slo: options.slo, maxProbeSeconds: options.maxProbe, stop },
      onProbe: (record) => console.error(formatProbe(record)),
    }),
  );
  print(found, formatCapacity(found), options);
}

async function latency(options: Target & { duration: number; clients: number }): Promise<void> {
  const progress = loadProgress(process.stderr);
  const closed = (clients: number, stop: AbortSignal): Promise<RunDocument> =>
    runLoad({
      ...runOptionsOf(options),
      connections: `kept:${clients}`,
      load: `closed:${clients}:${options.duration}s`,
      ...{ stop, onProgress: progress.report },
    });
  const documents = await untilInterrupted(async (stop) => ({
    singleStream: await closed(1, stop),
    offline: await closed(options.clients, stop),
  }));
  progress.end();
  const { throughputPerSecond } = summarize(documents.offline);
  print(
    documents,
    `single stream\n${formatRun(documents.singleStream)}\n\noffline, ${options.clients} clients\n` +
      `images  ${throughputPerSecond.toFixed(1)} per second\n${formatRun(documents.offline)}`,
    options,
  );
}

const formList = (forms: readonly (readonly [string, string])[]) => {
  const width = Math.max(...forms.map(([form]) => form.length));
  return forms.map(([form, meaning]) => `  ${form.padEnd(width)}  ${meaning}`).join('\n');
};

const EXAMPLE_TARGET = '--url http://127.0.0.1:8080/v1/classify --image models/demo/samples/weave.jpg=weave';

/** Adds `bench` with its subcommands. */
export function addBenchCommand(program: Command): void {
  const bench = program
    .command('bench')
    .description('measure a service: send load, find its capacity, record a variant in a cluster');
  target(bench.command('load'))
    .description('send one load and report latency, goodput and whether the run is valid')
    .requiredOption('--load <load>', 'one of the loads below', checked(parseLoad))
    .option('--slo <objective>', 'what counts as good, such as p95=100ms', read(parseSlo))
    .option('--shard <i/n>', 'send only part i of n of the schedule, beside other generators', shard)
    .addHelpText(
      'after',
      `\nLoads, at most ${MAX_REQUESTS / 2} requests in ${MAX_SECONDS / 3600} hours:\n${formList(LOAD_FORMS)}\n` +
        `\nConnections:\n${formList(CONNECTION_FORMS)}\n` +
        '\nLatency counts from the time at which a request was due. Ctrl-C keeps what was measured.\n' +
        `\nExample: npx tandem bench load ${EXAMPLE_TARGET} --load poisson:20:60s --slo p95=100ms`,
    )
    .action(load);
  target(bench.command('capacity'))
    .description('find the highest rate of Poisson arrivals that meets an objective')
    .requiredOption('--slo <objective>', 'such as p95=100ms', read(parseSlo))
    .option(
      '--max-probe <duration>',
      'longest probe of one rate',
      read(parseSeconds),
      DEFAULT_MAX_PROBE_SECONDS,
    )
    .addHelpText('after', `\nExample: npx tandem bench capacity ${EXAMPLE_TARGET} --slo p95=100ms`)
    .action(capacity);
  target(bench.command('latency'))
    .description(
      'measure p50, p90 and p99 of one client that waits for each answer, then images per second of several',
    )
    .option('--duration <duration>', 'of each of the two', read(parseSeconds), 30)
    .option('--clients <count>', 'clients of the second', wholeNumberFrom(1, MAX_CLIENTS), 8)
    .addHelpText('after', `\nExample: npx tandem bench latency ${EXAMPLE_TARGET} --duration 30s`)
    .action(latency);
  addRunCommand(bench, {
    durationSecondsOf: (text) => durationSeconds(parseLoad(text)),
    mergeRuns,
  });
}
