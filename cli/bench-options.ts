/**
 * What the subcommands of `tandem bench` share: options, the interrupt, the result.
 */
import { type Command, InvalidArgumentError } from 'commander';

import { CONNECTION_FORMS, parseConnections } from '../bench/load/connections';
import { DEFAULT_CONNECTIONS, DEFAULT_TIMEOUT_MS, type Image } from '../bench/load/generator';
import { parseSeconds } from '../bench/load/load';
import { writeFileAtomic } from '../files/write';
import { path, wholeNumberFrom } from './options';

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
  readonly connections: string;
  /** Seconds. */
  readonly timeout: number;
  readonly seed: number;
  readonly json?: true;
  readonly out?: string;
}

export const runOptionsOf = ({ url, image: images = [], connections, timeout, seed }: Target) => ({
  ...{ url, images, connections, timeoutMs: 1000 * timeout, seed },
});

/** Adds the options that every command has which sends requests. */
export const addTarget = (command: Command): Command =>
  command
    .requiredOption('--url <url>', 'where to send, such as http://127.0.0.1:8080/v1/classify', httpUrl)
    .option(
      // Commander takes several values only where a letter stands before the dots.
      '--image <file...>',
      'images to post in turn, as FILE or as FILE=CLASS with the class to expect (default: GET)',
      image,
    )
    .option(
      '--connections <policy>',
      CONNECTION_FORMS.map(([form]) => form).join(', '),
      checked(parseConnections),
      DEFAULT_CONNECTIONS,
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

/** Exit code after Ctrl-C, as of a process that SIGINT ended. */
export const INTERRUPTED = 130;

/**
 * Runs until Ctrl-C. What was measured until then is kept, and the process exits with {@link INTERRUPTED}; a second
 * Ctrl-C ends it at once.
 *
 * @param remark what happens after Ctrl-C
 */
export async function untilInterrupted<T>(
  remark: string,
  work: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupt = new AbortController();
  const onSignal = () => {
    console.error(`stopping: ${remark}`);
    process.exitCode = INTERRUPTED;
    interrupt.abort();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await work(interrupt.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Prints a result as text or JSON, and writes it to a file if one was asked for. */
export function print(result: object, text: string, { json, out }: Pick<Target, 'json' | 'out'>): void {
  if (out !== undefined) writeFileAtomic(out, `${JSON.stringify(result)}\n`);
  console.log(json ? JSON.stringify(result) : text);
}

/** Forms with their meanings, as lines of a help text. */
export const formList = (forms: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...forms.map(([form]) => form.length));
  return forms.map(([form, meaning]) => `  ${form.padEnd(width)}  ${meaning}`).join('\n');
};

/** The service and image of the examples in the help texts. */
export const EXAMPLE_TARGET =
  '--url http://127.0.0.1:8080/v1/classify?model=latency --image models/demo/samples/weave.jpg=weave';
