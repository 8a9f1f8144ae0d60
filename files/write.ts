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
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Writes a file completely or not at all: to a temporary file beside it, synced to disk, then renamed. */
export function writeFileAtomic(file: string, contents: Uint8Array | string): void {
  const bytes = typeof contents === 'string' ? Buffer.from(contents) : contents;
  const temporary = `${file}.${process.pid}.tmp`;
  const descriptor = openSync(temporary, 'w');
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

/** Removes temporary files that a killed {@link writeFileAtomic} left in a folder. */
export function removeTemporaries(folder: string): void {
  const left = readdirSync(folder).filter((name) => /\.\d+\.tmp$/.test(name));
  left.forEach((name) => rmSync(join(folder, name)));
}

/**
 * Creates the folder that `--out` names, before any work whose result could not be written.
 *
 * @throws Error if it cannot be created or written to
 */
export function makeOut(out: string): void {
  try {
    mkdirSync(out, { recursive: true });
    accessSync(out, constants.W_OK);
  } catch (cause) {
    throw new Error(
      `--out must be a folder that can be created and written to, received ${out} (${(cause as Error).message}): choose another`,
      { cause },
    );
  }
}
