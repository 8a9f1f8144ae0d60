/**
 * API keys from a file, one a line.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';

import type { Logger } from 'pino';

import { ENV } from '../contract';
import { ServiceError } from '../errors';

/** The file is looked at again at most this often, so that a rotated key needs no restart. */
const CHECK_MS = 1_000;
/** What an `Authorization` header looks like. */
const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;
const KEY = /^[\x21-\x7e]+$/;

// Hashes are of one length, which a comparison in constant time needs, and say nothing of the keys'.
const hash = (key: string) => createHash('sha256').update(key).digest();

/** The keys of a file, and what is wrong with one of its lines; the line's text stays unsaid. */
function readKeys(file: string): { hashes: Buffer[]; problem?: string } {
  const lines = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim());
  const hashes = lines.filter((line) => KEY.test(line)).map(hash);
  const wrong = lines.findIndex((line) => line !== '' && !KEY.test(line));
  if (wrong >= 0) {
    const problem = `${file}: line ${wrong + 1} must be a key of visible ASCII characters without blanks, since a header takes no others: write another`;
    return { hashes, problem };
  }
  if (hashes.length === 0) {
    const problem = `${file} must hold an API key a line, received no key: write one or unset ${ENV.apiKeyFile}`;
    return { hashes, problem };
  }
  return { hashes };
}

/** Throws unless the header holds one of the keys. */
export type CheckApiKey = (authorization: string | undefined) => void;

/**
 * Reads the keys, and reads them again when the file changes. By then a line that is no key is passed over, and a file that
 * is gone or empty lets nobody in: a key that was taken back must not go on working, and a slip must not shut out the others.
 * Either is logged as an error, once a change.
 *
 * @throws Error when the file cannot be read, holds no key or a line that is none, at the start; never with a key's text
 */
export function openApiKeys(file: string, log: Logger, now: () => number = Date.now): CheckApiKey {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    const found = existsSync(file) ? 'no file' : 'not there';
    throw new Error(
      `${ENV.apiKeyFile} must name a file of API keys, received ${file}, which is ${found}: name one that holds a key a line`,
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
  let told: string | undefined;

  const refresh = () => {
    if (now() - checkedAt < CHECK_MS) return;
    checkedAt = now();
    let problem: string | undefined;
    try {
      const current = stamp();
      if (current === seen) return;
      ({ hashes, problem } = readKeys(file));
      seen = current;
    } catch (error) {
      // It is read again each time: what kept it from being read may pass without a change of the file.
      [seen, hashes, problem] = ['', [], (error as Error).message];
      if (problem === told) return;
    }
    told = problem;
    if (problem !== undefined) log.error({ problem, keys: hashes.length }, 'not every API key could be read');
  };

  return (authorization) => {
    refresh();
    const given = hash(BEARER.exec(authorization ?? '')?.[1] ?? '');
    // Every key is compared, whichever fits.
    const fits = hashes.map((known) => timingSafeEqual(known, given)).includes(true);
    if (!fits) {
      throw new ServiceError(
        'UNAUTHENTICATED',
        'Send "Authorization: Bearer" with one of the service’s API keys.',
      );
    }
  };
}
