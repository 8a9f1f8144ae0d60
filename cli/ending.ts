/**
 * How a command ends: with one error prefix, and quietly when the reader of its output ends first.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Command } from 'commander';

import { PACKAGE_ROOT } from '../files/package-root';
import { EXIT_INTERRUPTED } from '../service/contract';

/** Exit code of a measurement that has no answer: its figures are not the server's, or too few. */
export const EXIT_UNDECIDED = 2;

/** Of a pipe whose reader ended, as in `npx tandem fit | head -n 1`, and of a terminal that was closed. */
const UNREAD = ['EPIPE', 'EIO'];

/** A reader that ends early is not an error: drops the output that no one reads. */
export function ignoreBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!UNREAD.includes(error.code!)) throw error;
    });
  }
}

/** Whether the command was asked for JSON: its failures are JSON too, as its reader parses every line. */
export const asksForJson = (words: readonly string[]): boolean => words.includes('--json');

/** How a command ends that failed: as commander prints its own errors, or as the event `error`. */
export const failureText = (message: string, json: boolean): string =>
  json ? JSON.stringify({ event: 'error', message }) : `error: ${message}`;

/** An error of Node, and of `require` the files that asked for the module. */
type NodeError = NodeJS.ErrnoException & { readonly requireStack?: readonly string[] };

/**
 * The message of an error; of a package that is not installed, with the remedy instead of who asked for it.
 *
 * @param isCheckout whether npm ci can install what is missing
 * @see bin/tandem.cjs says the same where the command itself does not load
 */
export function messageOf(
  { code, message, requireStack }: NodeError,
  isCheckout = existsSync(join(PACKAGE_ROOT, 'cli')),
): string {
  const isOurs = message.startsWith("Cannot find module '.") && !requireStack?.[0]?.includes('node_modules');
  if (code !== 'MODULE_NOT_FOUND' || isOurs) return message;
  const remedy = isCheckout ? 'run npm ci' : 'install the package again';
  return `node_modules is incomplete: ${remedy} (${message.split('\n')[0]})`;
}

/** Prints an error, and exits with 1. */
export function fail(error: unknown): never {
  console.error(failureText(messageOf(error as Error), asksForJson(process.argv)));
  process.exit(1);
}

/** Prints commander's own errors, such as on an option that is not there, as {@link fail} prints the others. */
export function printUsageErrors(program: Command, json: boolean): Command {
  if (!json) return program.showHelpAfterError('(add --help for the options)');
  return program.configureOutput({
    outputError: (text, write) => write(`${failureText(text.replace(/^error: /, '').trim(), json)}\n`),
  });
}

/**
 * Makes Ctrl-C print how to go on, then end the process. Node handles it between two steps, so no file is half written.
 *
 * @param sentence says how to go on
 * @returns a function that restores Ctrl-C
 */
export function stopOnInterrupt(sentence: () => string, note: (sentence: string) => void): () => void {
  const stop = () => {
    note(sentence());
    process.exit(EXIT_INTERRUPTED);
  };
  process.once('SIGINT', stop);
  return () => process.off('SIGINT', stop);
}
