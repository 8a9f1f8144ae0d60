/**
 * Breaks a disk: full or read-only, and whole again.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { within } from './stage';

/** Writes until not even one byte is taken. */
export function writeAll(descriptor: number): void {
  for (let bytes = 65_536; bytes >= 1;)
    try {
      writeSync(descriptor, Buffer.alloc(bytes));
    } catch {
      bytes >>= 1;
    }
}

const FILLER = 'filler';

/** Fills a disk to the last byte. */
export function fill(folder: string): void {
  const file = openSync(join(folder, FILLER), 'w');
  writeAll(file);
  closeSync(file);
}

/** Whether a disk has no free byte. */
export const isFull = (folder: string) => statfsSync(folder).bavail === 0;

/** Whether a disk refuses a file. */
export function isReadOnly(folder: string): boolean {
  try {
    writeFileSync(join(folder, 'probe'), '');
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}

/** A way to break a disk that is mounted at a folder. */
export interface Breakage {
  /** May return a promise. */
  readonly breakDisk: (folder: string) => unknown;
  readonly isBroken: (folder: string) => boolean;
  readonly repair: (folder: string) => void;
}

export const FULL: Breakage = {
  breakDisk: fill,
  isBroken: isFull,
  repair: (folder) => {
    rmSync(join(folder, FILLER));
  },
};

const REMOUNT_TIMEOUT_MS = 30_000;
const remount = (folder: string, how: 'ro' | 'rw') =>
  spawnSync('mount', ['-o', `remount,${how}`, folder]).status === 0;

export const READ_ONLY: Breakage = {
  // The kernel refuses while a file is open for writing.
  breakDisk: (folder) => within(REMOUNT_TIMEOUT_MS, () => remount(folder, 'ro')),
  isBroken: isReadOnly,
  repair: (folder) => {
    remount(folder, 'rw');
  },
};
