/**
 * The service's log: JSON lines on standard output. Logging never stops the service: lines that cannot be written, because
 * the disk is full or nobody reads the pipe, are lost and counted.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

import { type Logger, pino } from 'pino';

/** Lines are written together, at most this long after the first. */
const FLUSH_INTERVAL_MS = 200;
/** Or when there are this many characters of them: about twenty lines of requests. */
const FLUSH_CHARACTERS = 4096;
/** What may wait for a slow reader: about five thousand lines of requests. */
const MAX_WAITING_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;
const STDOUT = 1;

/** Writes complete lines without waiting; `lose` receives the number of those that were not written. */
export type WriteLines = (lines: string, lose: (count: number) => void) => void;

const countLines = (bytes: Uint8Array) =>
  bytes.reduce((count, byte) => count + (byte === NEWLINE ? 1 : 0), 0);

/**
 * Writes to a file, which takes no longer than the kernel takes to copy the bytes.
 *
 * @param write writes some of the bytes from a position on, and returns how many
 */
export function linesToFile(write: (bytes: Uint8Array, from: number) => number): WriteLines {
  // A disk that gets full in the middle of a line leaves a part of it: the next line must not continue it.
  let isTorn = false;
  return (lines, lose) => {
    const bytes = Buffer.from(isTorn ? `\n${lines}` : lines);
    let written = 0;
    try {
      while (written < bytes.length) written += write(bytes, written);
      isTorn = false;
    } catch {
      if (written > 0) isTorn = bytes[written - 1] !== NEWLINE;
      lose(countLines(bytes.subarray(Math.max(written, bytes.length - Buffer.byteLength(lines)))));
    }
  };
}

/** Writes to a pipe or a terminal. Its reader may be slow, stand still or have ended. */
export function linesToStream(stream: Writable): WriteLines {
  // The callback of each write reports the error; an event that nobody listens to would end the process.
  stream.on('error', () => undefined);
  return (lines, lose) => {
    const bytes = Buffer.from(lines);
    const count = countLines(bytes);
    if (stream.writableLength + bytes.length > MAX_WAITING_BYTES) lose(count);
    else
      stream.write(bytes, (error) => {
        if (error) lose(count);
      });
  };
}

/** Collects lines and writes them together. */
export function collectLines(write: WriteLines) {
  let lines = '';
  let lost = 0;
  const lose = (count: number) => (lost += count);
  const flush = () => {
    if (lines === '') return;
    const now = lines;
    lines = '';
    write(now, lose);
  };
  return {
    write: (line: string) => {
      lines += line;
      if (lines.length >= FLUSH_CHARACTERS) flush();
    },
    flush,
    lostLines: () => lost,
  };
}

/** A log and what became of its lines. */
export interface Log {
  readonly log: Logger;
  /** Lines that could not be written so far. */
  readonly lostLogLines: () => number;
}

/** Opens the log on standard output. At the end of the process, what is left is written, if that needs no waiting. */
export function openLog(level: string): Log {
  const stdout: Writable = process.stdout;
  // Node writes to pipes and sockets without waiting, but to a file in a way that throws when the disk is full.
  const output = collectLines(
    stdout instanceof Socket
      ? linesToStream(stdout)
      : linesToFile((bytes, from) => writeSync(STDOUT, bytes, from)),
  );
  setInterval(output.flush, FLUSH_INTERVAL_MS).unref();
  process.once('exit', output.flush);
  return { log: pino({ level }, output), lostLogLines: output.lostLines };
}
