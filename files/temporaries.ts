/**
 * Temporary files and folders: their names, and what killed processes leave of them.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { sha256 } from './sha256';

/** No write takes longer, since the service replaces a process that loads for five minutes: what is older was left behind. */
const MAX_WRITE_MS = 600_000;

/** The namespace of this process's id; empty where the system has none. */
function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Where this process's id means this process: two containers that share a folder may both have a process 1. */
const PLACE = sha256(`${hostname()} ${processNamespace()}`).slice(0, 8);
/** The place and the process id, which earlier releases wrote alone. */
const TEMPORARY = /\.(?:\d+|([\da-f]{8})-(\d+)-[\da-f]{8})\.tmp$/;

/** A name beside a path for a temporary file or folder, which no other write uses. */
export const temporaryOf = (path: string): string =>
  `${path}.${PLACE}-${process.pid}-${randomBytes(4).toString('hex')}.tmp`;

/** Whether a process of this place is there. */
export function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const temporariesIn = (folder: string) => readdirSync(folder).filter((name) => TEMPORARY.test(name));

/** Removes all temporary files and folders of a folder that no other process writes to. */
export function removeTemporaries(folder: string): void {
  for (const name of temporariesIn(folder)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** Whether a path is there and has not changed for longer than any write takes. */
export function isAbandoned(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  // eslint-disable-next-line no-restricted-properties -- compared with the times of files
  return found !== undefined && found.mtimeMs <= Date.now() - MAX_WRITE_MS;
}

/** Whether the write of a temporary file or folder has ended. */
function isLeftOver(folder: string, name: string): boolean {
  const [, place, processId] = TEMPORARY.exec(name)!;
  return (place === PLACE && !isRunning(Number(processId))) || isAbandoned(join(folder, name));
}

/**
 * Removes the temporary files and folders that ended processes left in a folder, as far as the system lets it. Those of
 * another container are kept for ten minutes, since nothing says whether it still writes.
 */
export function removeLeftovers(folder: string): void {
  let names: readonly string[];
  try {
    names = temporariesIn(folder);
  } catch {
    // The folder is not there.
    return;
  }
  for (const name of names) {
    try {
      if (isLeftOver(folder, name)) rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // The folder can only be read, or another process removes the same.
    }
  }
}
