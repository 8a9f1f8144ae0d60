/**
 * API keys from a file, one a line.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';

import type { Logger } from 'pino';

import { ENV } from './contract';
import { ServiceError } from './errors';

/** The file is looked at again at most this often, so that a rotated key needs no restart. */
const CHECK_MS = 1_000;
/** What an `Authorization` header looks like. */
const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;
const KEY = /^[\x21-\x7e]+$/;

// Hashes are of one length, which a comparison in constant time needs, and say nothing of the keys'.
const hash = (key: string) => createHash('sha256').update(key).digest();

/** A line is no key. */
class LineError extends Error {}

function readHashes(file: string): Buffer[] {
  const lines = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim());
  // Its text stays unsaid.
  const wrong = lines.findIndex((line) => line !== '' && !KEY.test(line));
  if (wrong >= 0) {
    throw new LineError(
      `${file}: line ${wrong + 1} must be a key of visible ASCII characters without blanks, since a header takes no others: write another`,
    );
  }
  const keys = lines.filter((line) => line !== '');
  if (keys.length === 0) {
    throw new Error(
      `${file} must hold an API key a line, received no key: write one or unset ${ENV.apiKeyFile}`,
    );
  }
  return keys.map(hash);
}

/** Throws unless the header holds one of the keys. */
export type CheckApiKey = (authorization: string | undefined) => void;

/**
 * Reads the keys, and reads them again when the file changes. One that by then is gone or empty lets nobody in: a key that
 * was taken back must not go on working. One that has got a line that is no key leaves all as it was, since a slip must not
 * shut everybody out. Either is logged as an error, once a change.
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
  let hashes = readHashes(file);
  let checkedAt = now();
  let told = '';

  const refresh = () => {
    if (now() - checkedAt < CHECK_MS) return;
    checkedAt = now();
    let current = '';
    try {
      current = stamp();
      if (current === seen) return;
      hashes = readHashes(file);
      seen = current;
      told = '';
    } catch (error) {
      // It is read again each time: what kept it from being read may pass without a change of the file.
      seen = '';
      const isSlip = error instanceof LineError;
      if (!isSlip) hashes = [];
      const reason = (error as Error).message;
      if (told === `${current} ${reason}`) return;
      told = `${current} ${reason}`;
      log.error(
        { reason },
        isSlip
          ? 'the API keys known before stay: the file cannot be taken'
          : 'nobody is let in: the API keys cannot be read',
      );
    }
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
