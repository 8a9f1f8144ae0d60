/**
 * Checks API keys against a file with one key per line.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';

import type { Logger } from 'pino';

import { ENV } from '../contract';
import { ServiceError } from '../errors';

/** Minimum time between two checks of the file for changes; a rotated key needs no restart. */
const CHECK_INTERVAL_MS = 1_000;
/** Form of a valid `Authorization` header. */
const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;
const KEY = /^[\x21-\x7e]+$/;

// Hashes all have one length, as a constant-time comparison requires, and hide the keys' lengths.
const hash = (key: string) => createHash('sha256').update(key).digest();

/** Reads a file's keys and reports its first invalid line, without that line's text. */
function readKeys(file: string): { hashes: Buffer[]; problem?: string } {
  const lines = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim());
  const hashes = lines.filter((line) => KEY.test(line)).map(hash);
  const invalid = lines.findIndex((line) => line !== '' && !KEY.test(line));
  if (invalid >= 0) {
    const problem = `${file}: line ${invalid + 1} must be a key of visible ASCII characters without spaces: replace it`;
    return { hashes, problem };
  }
  if (hashes.length === 0) {
    const problem = `${file} must contain one API key per line, received no key: add a key or unset ${ENV.apiKeyFile}`;
    return { hashes, problem };
  }
  return { hashes };
}

/** Throws UNAUTHENTICATED unless the header contains one of the keys. */
export type CheckApiKey = (authorization: string | undefined) => void;

/**
 * Reads the keys, and rereads them when the file changes. After a change, an invalid line is skipped, so that one typo
 * does not lock out the other keys; a missing or empty file rejects everyone, so that a revoked key stops working. Each
 * such change is logged once as an error.
 *
 * @param onProblem called with each such line of the log
 * @param now milliseconds of a clock that only goes forward
 * @throws Error at start when the file is missing, contains no key or an invalid line; never with a key's text
 */
export function openApiKeys(
  file: string,
  log: Logger,
  onProblem: () => void = () => undefined,
  now: () => number = () => performance.now(),
): CheckApiKey {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    const found = existsSync(file) ? 'not a file' : 'missing';
    throw new Error(
      `${ENV.apiKeyFile} must name a file of API keys, received ${file}, which is ${found}: create it with one key per line`,
    );
  }
  const stamp = () => {
    const { mtimeMs, ino, size } = statSync(file);
    return `${mtimeMs} ${ino} ${size}`;
  };
  let seen = stamp();
  const atStart = readKeys(file);
  if (atStart.problem !== undefined) throw new Error(atStart.problem);
  let { hashes } = atStart;
  let checkedAt = now();
  let loggedProblem: string | undefined;

  const refresh = () => {
    if (now() - checkedAt < CHECK_INTERVAL_MS) return;
    checkedAt = now();
    let problem: string | undefined;
    try {
      const current = stamp();
      if (current === seen) return;
      ({ hashes, problem } = readKeys(file));
      seen = current;
    } catch (error) {
      // Retry at every check: the cause may disappear without a change of the file.
      seen = '';
      const { code, message } = error as NodeJS.ErrnoException;
      problem = message;
      // A removed file revokes its keys; one that cannot be read now, for example for want of descriptors, does not.
      if (code === 'ENOENT' || code === 'ENOTDIR') hashes = [];
      if (problem === loggedProblem) return;
    }
    loggedProblem = problem;
    if (problem === undefined) return;
    onProblem();
    log.error({ problem, keys: hashes.length }, 'cannot read every API key');
  };

  return (authorization) => {
    refresh();
    const received = hash(BEARER.exec(authorization ?? '')?.[1] ?? '');
    // Compares every key, so that the time does not reveal which one matches.
    const isKnown = hashes.map((known) => timingSafeEqual(known, received)).includes(true);
    if (!isKnown) {
      throw new ServiceError(
        'UNAUTHENTICATED',
        'Send "Authorization: Bearer" with one of the service’s API keys.',
      );
    }
  };
}
