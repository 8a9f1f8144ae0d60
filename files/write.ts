/** Files that are never seen half written, and folders that can be written. */
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

/** Writes a file as a whole or not at all: to a temporary neighbour, synced to disk, then renamed. */
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

/** Removes from a folder what {@link writeFileAtomic} left there when it was killed. */
export function removeTemporaries(folder: string): void {
  const left = readdirSync(folder).filter((name) => /\.\d+\.tmp$/.test(name));
  left.forEach((name) => rmSync(join(folder, name)));
}

/**
 * Makes the folder that `--out` names, so that nothing is computed that could not be written.
 *
 * @throws Error where it cannot be made, or not be written to
 */
export function makeOut(out: string): void {
  try {
    mkdirSync(out, { recursive: true });
    accessSync(out, constants.W_OK);
  } catch (cause) {
    throw new Error(
      `--out must be a folder that can be made and written to, received ${out} (${(cause as Error).message}): choose another`,
      { cause },
    );
  }
}
