/** Atomic writes, and checks that a folder can be written. */
import {
  accessSync,
  appendFileSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { temporaryOf } from './temporaries';

/** What a system error means for the user who wants a file written, and what to do. */
const REASONS: Readonly<Record<string, readonly [meaning: string, remedy: string]>> = {
  ENOSPC: ['the disk is full', 'free space on it, or choose a folder on another disk'],
  EDQUOT: ['your share of the disk is used up', 'remove files of yours, or choose a folder on another disk'],
  EFBIG: ['the file system takes no file of this size', 'choose a folder on another disk'],
  EROFS: ['the disk can only be read', 'choose a folder on another disk'],
  EACCES: ['its folder may not be written to', 'change the permissions, or choose another folder'],
  EPERM: ['its folder may not be written to', 'change the permissions, or choose another folder'],
  ENOENT: ['its folder is not there', 'create the folder, or choose another'],
  ENOTDIR: ['its folder is a file', 'choose another folder'],
  EIO: ['the disk has a fault', 'choose a folder on another disk'],
};

/**
 * The error of a write that failed, naming the file, the reason and the remedy; `code` and `syscall` are the system's.
 *
 * @param cause anything but an error of the system is returned as it is
 */
export function cannotWrite(file: string, cause: unknown): Error {
  const { code = '', syscall, message } = cause as NodeJS.ErrnoException;
  if (syscall === undefined) return cause as Error;
  const [meaning, remedy] = REASONS[code] ?? [message, 'choose another folder'];
  return Object.assign(new Error(`${file} cannot be written (${code}: ${meaning}): ${remedy}`, { cause }), {
    code,
    syscall,
  });
}

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
 * Makes a file completely or not at all: `write` fills a temporary file beside it, which is then renamed or removed.
 *
 * @throws Error as {@link cannotWrite} makes it
 */
export function replaceFile(file: string, write: (temporary: string) => void): void {
  const temporary = temporaryOf(file);
  try {
    write(temporary);
    renameSync(temporary, file);
  } catch (error) {
    removeIfPossible(temporary);
    throw cannotWrite(file, error);
  }
}

/**
 * Writes a file completely or not at all: to a temporary file beside it, synced to disk, then renamed. The temporary file
 * is removed when anything fails.
 *
 * @throws Error as {@link cannotWrite} makes it
 */
export function writeFileAtomic(file: string, contents: Uint8Array | string): void {
  replaceFile(file, (temporary) =>
    writeSynced(temporary, typeof contents === 'string' ? Buffer.from(contents) : contents),
  );
}

/**
 * Copies a file completely or not at all, as {@link writeFileAtomic} writes one.
 *
 * @throws Error as {@link cannotWrite} makes it
 */
export function copyFileAtomic(from: string, file: string): void {
  // Outside: it is not the copy's folder that a missing original is about.
  accessSync(from, constants.R_OK);
  replaceFile(file, (temporary) => {
    copyFileSync(from, temporary);
    // Only to read: the copy has the mode of the original, which may forbid writing.
    const descriptor = openSync(temporary, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  });
}

/**
 * Appends to a file, synced to disk; a part of the contents may be there after a failure.
 *
 * @throws Error as {@link cannotWrite} makes it
 */
export function appendSynced(file: string, contents: Uint8Array | string): void {
  try {
    appendFileSync(file, contents, { flush: true });
  } catch (error) {
    throw cannotWrite(file, error);
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
 * Creates the folder that an option names, before any work whose result could not be written.
 *
 * @param remedy what to do if it cannot be
 * @throws Error naming the option if it cannot be created or written to
 */
export function makeOut(out: string, option = '--out', remedy = 'choose another'): void {
  makeWritable(out, `${option} must be a folder that can be created and written to, received ${out}`, remedy);
}

/**
 * Creates the folder of the file that an option names, before any work whose result could not be written.
 *
 * @throws Error naming the option if the folder cannot be created or written to, or if the file is a folder
 */
export function makeFolderOf(file: string, option = '--out'): void {
  const refusal = `${option} must be a file in a folder that can be created and written to, received ${file}`;
  makeWritable(dirname(file), refusal, 'choose another');
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  throw new Error(`${option} must be a file, received ${file}, which is a folder: name a file in it`);
}

/** Creates a folder; `refusal` begins the error if that fails, or if it may not be written to. */
function makeWritable(folder: string, refusal: string, remedy: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new Error(`${refusal} (${(cause as Error).message}): ${remedy}`, { cause });
  }
}
