/**
 * What the subcommands of `tandem bench` share: options, the interrupt, the result.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';

import { CONNECTION_FORMS, parseConnections } from '../../bench/load/connections';
import { DEFAULT_CONNECTIONS, DEFAULT_TIMEOUT_MS, type Image } from '../../bench/load/generator';
import { MAX_SECONDS, parseSeconds } from '../../bench/load/load';
import { writeFileAtomic } from '../../files/write';
import { EXIT_INTERRUPTED } from '../../service/contract';
import { path, wholeNumberFrom } from '../options';

/** Reads a text with a reader that throws; commander then names the option. */
export const read =
  <T>(reader: (text: string) => T) =>
  (text: string): T => {
    try {
      return reader(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };

/** Checks a text with a reader that throws, and keeps it as it is. */
export const checked = (reader: (text: string) => unknown) =>
  read((text) => {
    reader(text);
    return text;
  });

/**
 * Reads a duration of at most {@link MAX_SECONDS}, seconds.
 *
 * @throws RangeError if it is no duration or too long
 */
export function boundedSeconds(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds > MAX_SECONDS) throw new RangeError(`It must be at most ${MAX_SECONDS} s.`);
  return seconds;
}

/** Reads a URL of a plain HTTP server. */
export function httpUrl(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== 'http:')
    throw new InvalidArgumentError('It must be a URL that begins with http://.');
  return text;
}

function image(text: string, before: readonly Image[] = []): Image[] {
  const [, file, expectedClass] = /^(.+?)(?:=([^=/]+))?$/.exec(text) ?? [];
  if (file === undefined) throw new InvalidArgumentError('It must be FILE or FILE=CLASS.');
  return [...before, { file, ...(expectedClass !== undefined && { expectedClass }) }];
}

/** What {@link addTarget} adds. */
export interface Target {
  readonly url: string;
  readonly image?: readonly Image[];
  /** Seconds. */
  readonly timeout: number;
  readonly json?: true;
  readonly out?: string;
}

/** What {@link addSchedule} adds. */
export interface Schedule {
  readonly connections: string;
  readonly seed: number;
}

export const runOptionsOf = ({ url, image: images = [], timeout }: Target) => ({
  ...{ url, images, timeoutMs: 1000 * timeout },
});

/** An option that takes a duration; the help shows its default with a unit. */
export const durationOption = (flags: string, description: string, defaultSeconds: number): Option =>
  new Option(flags, description)
    .argParser(read(boundedSeconds))
    .default(defaultSeconds, `${defaultSeconds}s`);

/** The option for the images; the remark says what holds for them besides. */
export const imageOption = (remark: string): Option =>
  // Commander takes several values only where a letter stands before the dots.
  new Option(
    '--image <file...>',
    `images to post in turn, as FILE or as FILE=CLASS with the class to expect; ${remark}`,
  ).argParser(image);

export const timeoutOption = (): Option =>
  durationOption(
    '--timeout <duration>',
    'deadline of an answer, from the intended send time',
    DEFAULT_TIMEOUT_MS / 1000,
  );

/** Adds the options of every command that sends requests. */
export const addTarget = (command: Command): Command =>
  command
    .requiredOption('--url <url>', 'where to send, such as http://localhost:8080/v1/classify', httpUrl)
    .addOption(imageOption('without images, sends GET'))
    .addOption(timeoutOption())
    .option('--json', 'print the result as one line of JSON')
    .option('--out <file>', 'also write the result to this file (JSON)', path);

/** Adds the options of a command whose requests follow a schedule. */
export const addSchedule = (command: Command): Command =>
  command
    .option(
      '--connections <policy>',
      `connection policy: ${CONNECTION_FORMS.map(([form]) => form).join(', ')}`,
      checked(parseConnections),
      DEFAULT_CONNECTIONS,
    )
    .option('--seed <number>', 'seed of the schedule', wholeNumberFrom(0), 1);

/**
 * Runs until Ctrl-C, SIGTERM or the end of its terminal. What was measured until then is kept, and the process exits with
 * {@link EXIT_INTERRUPTED}; a second Ctrl-C ends it at once.
 *
 * @param remark what happens after Ctrl-C
 */
export async function untilInterrupted<T>(
  remark: string,
  work: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupt = new AbortController();
  const onSignal = () => {
    if (interrupt.signal.aborted) return;
    console.error(`stopping: ${remark}`);
    process.exitCode = EXIT_INTERRUPTED;
    interrupt.abort();
    process.off('SIGINT', onSignal);
  };
  // A terminal that closes sends SIGHUP more than once, itself and by its shell, and timeout(1) SIGTERM, to its child and
  // to the process group: a second one must not end the cleaning.
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  try {
    return await work(interrupt.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
  }
}

/** Prints a result as text or JSON, then writes it to a file if one was asked for: a write that fails costs no report. */
export function print(result: object, text: string, { json, out }: Pick<Target, 'json' | 'out'>): void {
  console.log(json ? JSON.stringify(result) : text);
  if (out !== undefined) writeFileAtomic(out, `${JSON.stringify(result)}\n`);
}

/** Forms with their meanings, as lines of a help text. */
export const formList = (forms: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...forms.map(([form]) => form.length));
  return forms.map(([form, meaning]) => `  ${form.padEnd(width)}  ${meaning}`).join('\n');
};

/** The service and image of the examples in the help texts. */
export const EXAMPLE_TARGET =
  "--url 'http://localhost:8080/v1/classify?model=latency' --image models/demo/samples/weave.jpg=weave";
