/**
 * The folder `--out` of a training: what it must not hold, where it must not be, and its lock.
 */
import { existsSync, realpathSync, rmdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { lockFolder } from '../../files/folder-lock';
import { makeOut } from '../../files/write';
import type { KeptEpoch } from '../recipes';
import { MANIFEST_NAME } from '../weights/saved-model';
import { CHECKPOINT_NAME } from './checkpoint';
import { HISTORY_NAME } from './history';

/** Name of the lock's file. */
const LOCK_NAME = 'training.lock';

/** How a training starts in its folder; the fields are those of a training's plan. */
interface Start {
  readonly out: string;
  readonly resume: boolean;
  readonly finish?: KeptEpoch | undefined;
}

/** @throws Error if `out` holds another training, or none to resume */
export function checkOut({ out, resume, finish }: Start): void {
  const has = (name: string) => existsSync(join(out, name));
  if (finish !== undefined) {
    if (has(CHECKPOINT_NAME)) return;
    throw new Error(
      `--finish needs a training in --out ${out}, received none (no ${CHECKPOINT_NAME}): correct --out, or omit --finish to start a training`,
    );
  }
  if (resume) {
    // A training that was killed before its first checkpoint has a history.
    if (has(CHECKPOINT_NAME) || (has(HISTORY_NAME) && !has(MANIFEST_NAME))) return;
    throw new Error(
      `--resume needs a training in --out ${out}, received none (no ${CHECKPOINT_NAME}): correct --out, or omit --resume to start a training`,
    );
  }
  const name = [CHECKPOINT_NAME, MANIFEST_NAME].find(has);
  if (name === undefined) return;
  const remedy = name === CHECKPOINT_NAME ? 'continue it with --resume, or choose' : 'choose';
  throw new Error(
    `--out ${out} must not contain a training, received one (${name}): ${remedy} another folder`,
  );
}

/** The real path of a file or folder, which may not exist yet. */
function realPath(path: string): string {
  const full = resolve(path);
  if (existsSync(full) || dirname(full) === full) return existsSync(full) ? realpathSync(full) : full;
  return join(realPath(dirname(full)), basename(full));
}

/** @throws Error if `out` is in the data set, where its files would be taken for images and its folders for classes */
function checkApart(data: string, out: string): void {
  const way = relative(realPath(data), realPath(out));
  if (isAbsolute(way) || way.split(sep)[0] === '..') return;
  throw new Error(
    `--out must not be in the folder of --data, ${data}, received ${out}: choose a folder beside it`,
  );
}

/**
 * Checks the folder of a training, creates it and locks it against other trainings.
 *
 * @returns a function that unlocks it, and removes the folder if it is new and stayed empty
 * @throws Error naming the option, the value and the remedy; if the folder is locked, also the process that holds it
 */
export function lockOut(plan: Start & { readonly data: string }): () => void {
  const { data, out } = plan;
  const isNew = !existsSync(out);
  if (isNew) checkOut(plan);
  checkApart(data, out);
  makeOut(out);
  const unlock = lockFolder(
    out,
    LOCK_NAME,
    ({ host, pid, since }, file) =>
      new Error(
        `--out ${out} must not be in use, received one in which process ${pid} on ${host} trains since ${since}: ` +
          `wait for it or choose another folder; if it has ended, remove ${file}`,
      ),
  );
  const release = () => {
    unlock();
    if (isNew) removeIfEmpty(out);
  };
  try {
    // Behind the lock: a training that runs must not be called one to resume.
    checkOut(plan);
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It holds a training.
  }
}
