/**
 * A lock on a folder: at most one process works in it. A lock whose owner has ended, however it ended, counts as none.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { isRunning, temporaryOf } from './temporaries';
import { cannotWrite, removeIfPossible } from './write';

/** Who holds a lock. */
export interface LockOwner {
  readonly host: string;
  readonly pid: number;
  /** When the process started, in the system's own unit; empty where the system does not say. */
  readonly started: string;
  /** When the lock was taken, ISO 8601 in UTC. */
  readonly since: string;
}

/**
 * When a process of this machine started: the kernel's clock ticks since its boot on Linux, else empty.
 *
 * @returns undefined if there is no such process, or only its exit code is left
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field, a name in brackets, may contain spaces.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  return isRunning(pid) ? '' : undefined;
}

/** Whether the owner may still work: a process id is used again, so its start must be the same too. */
function mayWork({ host, pid, started }: LockOwner): boolean {
  if (host !== hostname()) return true;
  const found = startOf(pid);
  return found !== undefined && (found === '' || started === '' || found === started);
}

/** The text of a lock; undefined if there is none. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The owner in a lock's text; undefined if a crash of the system left it torn. */
function ownerOf(text: string): LockOwner | undefined {
  try {
    return JSON.parse(text) as LockOwner;
  } catch {
    return undefined;
  }
}

/** Creates the lock with its whole text at once; false if there is one already. */
function create(file: string, own: string, text: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
  }
  // Some file systems have no links, and the holder of the lock may have removed `own` as a temporary file.
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannotWrite(file, error);
  }
}

/** Removes a lock that has this text. Another process may have removed it and locked: its lock is put back. */
function removeStale(file: string, text: string, aside: string): void {
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw cannotWrite(file, error);
  }
  if (read(aside) !== text) create(file, aside, read(aside) ?? text);
  removeIfPossible(aside);
}

/**
 * Locks a folder for this process, until the returned function is called or the process ends.
 *
 * @param name of the lock's file in the folder
 * @param refuse makes the error from the owner that holds the lock already, and the lock's file
 * @throws what `refuse` makes; Error as {@link cannotWrite} makes it
 */
export function lockFolder(
  folder: string,
  name: string,
  refuse: (owner: LockOwner, file: string) => Error,
): () => void {
  const file = join(folder, name);
  const own = temporaryOf(file);
  const owner: LockOwner = {
    host: hostname(),
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    since: new Date().toISOString(),
  };
  const text = `${JSON.stringify(owner)}\n`;
  try {
    writeFileSync(own, text);
  } catch (error) {
    throw cannotWrite(file, error);
  }
  try {
    while (!create(file, own, text)) {
      const found = read(file);
      if (found === undefined) continue;
      const holder = ownerOf(found);
      if (holder !== undefined && mayWork(holder)) throw refuse(holder, file);
      // It may be another's lock by now: its name must be no temporary one, which the holder of a lock may remove.
      removeStale(file, found, `${own}.stale`);
    }
  } finally {
    rmSync(own, { force: true });
  }
  const unlock = () => {
    process.off('exit', unlock);
    if (read(file) === text) removeIfPossible(file);
  };
  process.on('exit', unlock);
  return unlock;
}
