/** Files that are never seen half written. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
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
