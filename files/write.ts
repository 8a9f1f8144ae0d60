/** Atomic writes, and checks that a folder can be written. */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

function writeSynced(file: string, bytes: Uint8Array): void {
  const descriptor = openSync(file, 'w');
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes a file completely or not at all: to a temporary file beside it, synced to disk, then renamed. The temporary file
 * is removed when anything fails.
 */
export function writeFileAtomic(file: string, contents: Uint8Array | string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeSynced(temporary, typeof contents === 'string' ? Buffer.from(contents) : contents);
    renameSync(temporary, file);
  } catch (error) {
    removeIfPossible(temporary);
    throw error;
  }
}

/** Removes a file or a folder if it is there and the system lets it. */
export function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The caller reports the error that made the file useless.
  }
}

/** No write takes longer, since the service replaces a process that loads for five minutes: what is older was left behind. */
export const MAX_WRITE_MS = 600_000;

/**
 * Removes temporary files and folders that a killed write left in a folder.
 *
 * @param minAgeMs keeps what changed since: another process may be writing it @default removes all
 */
export function removeTemporaries(folder: string, minAgeMs = -Infinity): void {
  // eslint-disable-next-line no-restricted-properties -- compared with the times of files
  const latestMs = Date.now() - minAgeMs;
  const names = readdirSync(folder).filter((name) => /\.\d+\.tmp$/.test(name));
  for (const path of names.map((name) => join(folder, name))) {
    // Another process may remove it first.
    const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
    if (changedMs <= latestMs) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Creates a folder and those above it. Not by mkdirSync's `recursive`, which never returns below a folder that answers ENOENT,
 * such as those of /proc (seen with Node 20).
 */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolder(dirname(folder));
    makeLast(folder);
  }
}

/** Another process may create it first. */
function makeLast(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Creates the folder that `--out` names, before any work whose result could not be written.
 *
 * @throws Error if it cannot be created or written to
 */
export function makeOut(out: string): void {
  try {
    makeFolder(out);
    accessSync(out, constants.W_OK);
  } catch (cause) {
    throw new Error(
      `--out must be a folder that can be created and written to, received ${out} (${(cause as Error).message}): choose another`,
      { cause },
    );
  }
}
