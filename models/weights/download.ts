/**
 * Downloads files: resumes a broken transfer, checks the result, and shows a file only when it is complete.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { lockFolder } from '../../files/folder-lock';
import { isAbandoned, removeLeftovers, temporaryOf } from '../../files/temporaries';
import { cannotWrite, makeFolder, removeIfPossible } from '../../files/write';

/** A published file, with the known facts about its contents. */
export interface PublishedFile {
  readonly url: string;
  readonly bytes?: number;
  /** Lower-case hexadecimal. */
  readonly md5?: string;
  /** What it is, where neither size nor sum is known: a server may answer 200 with a page of its own. */
  readonly format?: keyof typeof SIGNATURES;
}

/** The first bytes of a format, as latin1. */
const SIGNATURES = { HDF5: '\x89HDF\r\n\x1a\n' } as const;
const SIGNATURE_BYTES = 8;

/** Facts about a file on disk; checksums in lower-case hexadecimal. */
export interface Fingerprint {
  readonly bytes: number;
  readonly md5: string;
  readonly sha256: string;
  /** The first eight bytes, as latin1. */
  readonly start: string;
}

/** Progress of a download; the total is missing if neither the table nor the server states it. */
export interface Progress {
  readonly receivedBytes: number;
  readonly totalBytes: number | undefined;
}

/** Options of a download; tests replace the network and the waits. */
export interface DownloadOptions {
  readonly onProgress?: (progress: Progress) => void;
  readonly fetch?: typeof fetch;
  /** Waits before a broken transfer is resumed; there is one more attempt than waits. */
  readonly retryDelaysMs?: readonly number[];
  /** The remedy that ends every error. */
  readonly remedy?: string;
}

/** Half a minute in total. After a longer break the user sees the error, and the next call resumes from the same byte. */
const RETRY_DELAYS_MS = [1000, 2000, 4000, 8000, 16_000];

/** Reads a file once for its size and checksums. */
export async function fingerprint(file: string): Promise<Fingerprint> {
  const [md5, sha256] = [createHash('md5'), createHash('sha256')];
  let bytes = 0;
  let start = '';
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    start ||= chunk.toString('latin1', 0, SIGNATURE_BYTES);
    md5.update(chunk);
    sha256.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, md5: md5.digest('hex'), sha256: sha256.digest('hex'), start };
}

/** How a file differs from the published one; undefined if it does not. */
export function difference(published: PublishedFile, found: Fingerprint): string | undefined {
  if (published.bytes !== undefined && published.bytes !== found.bytes) {
    return `it must have ${published.bytes} bytes, received ${found.bytes}`;
  }
  if (published.md5 !== undefined && published.md5 !== found.md5) {
    return `it must have MD5 ${published.md5}, received ${found.md5}`;
  }
  if (published.format !== undefined && SIGNATURES[published.format] !== found.start) {
    const start = found.start.replace(/[^ -~]/g, '.');
    return `it must be an ${published.format} file, received one that begins with "${start}"`;
  }
  return undefined;
}

/** A transfer that may succeed at the next attempt. */
class Interrupted extends Error {}

/** Codes of failures that no retry within half a minute can fix: no network, no permission. */
const LASTING_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EACCES', 'EROFS']);

/** The innermost reason of a failed `fetch`; its own message says only that it failed. */
function reason(error: unknown): { text: string; code: string | undefined } {
  const { message, cause, code } = error as NodeJS.ErrnoException;
  // Errors from Node's own code are not instances of a Jest context's Error.
  if (typeof cause === 'object' && cause !== null && 'message' in cause) return reason(cause);
  return { text: message || (code ?? 'no reason given'), code };
}

/** Codes of a disk that takes no more. */
const FULL_CODES = new Set(['ENOSPC', 'EDQUOT']);

function failure(error: unknown): Error {
  const { text, code = '' } = reason(error);
  return new (LASTING_CODES.has(code) ? Error : Interrupted)(text, { cause: error });
}

/** Position that the server continues from, and the total length, both in bytes. */
function extent(response: Response): { startBytes: number; totalBytes: number | undefined } {
  if (response.status === 206) {
    const [, start, total] =
      /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    return { startBytes: Number(start), totalBytes: Number(total) };
  }
  const length = response.headers.get('content-length');
  return { startBytes: 0, totalBytes: length === null ? undefined : Number(length) };
}

/** Transfers what a partial file lacks, or the whole file if the server does not serve ranges. */
async function transfer(published: PublishedFile, part: string, options: DownloadOptions): Promise<void> {
  const heldBytes = existsSync(part) ? statSync(part).size : 0;
  if (heldBytes > 0 && heldBytes === published.bytes) return;
  // Sizes must be those of the file, not of a compressed transfer.
  const headers = { 'accept-encoding': 'identity', ...(heldBytes > 0 && { range: `bytes=${heldBytes}-` }) };
  const response = await (options.fetch ?? fetch)(published.url, { headers }).catch((error: unknown) => {
    throw failure(error);
  });
  const { status, statusText, body } = response;
  const { startBytes, totalBytes = published.bytes } = extent(response);
  const isRestart = status === 416 || (status === 206 && startBytes !== heldBytes);
  if (body === null || isRestart || (status !== 200 && status !== 206)) {
    await body?.cancel();
    if (isRestart) rmSync(part, { force: true });
    const isTemporary = isRestart || status >= 500 || status === 429 || status === 408;
    throw new (isTemporary ? Interrupted : Error)(`the server answered ${status} ${statusText}`.trim());
  }
  let receivedBytes = startBytes;
  // A failed stream may still write; the next attempt must not resume from a size that is not final.
  const file = await open(part, startBytes > 0 ? 'a' : 'w');
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      await file.writeFile(chunk);
      receivedBytes += chunk.length;
      options.onProgress?.({ receivedBytes, totalBytes });
    }
    await file.sync();
  } catch (error) {
    const isFull = FULL_CODES.has((error as NodeJS.ErrnoException).code ?? '');
    // The part of a broken transfer is kept, but not where it fills the disk.
    if (isFull) removeIfPossible(part);
    throw isFull ? cannotWrite(part, error) : failure(error);
  } finally {
    await file.close();
  }
  if (totalBytes !== undefined && receivedBytes < totalBytes) {
    throw new Interrupted(`the connection ended after ${receivedBytes} of ${totalBytes} bytes`);
  }
}

/** Transfers with a bounded number of attempts, each from where the last one stopped. */
async function transferPatiently(
  published: PublishedFile,
  part: string,
  options: DownloadOptions,
): Promise<void> {
  const delaysMs = options.retryDelaysMs ?? RETRY_DELAYS_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      await transfer(published, part, options);
      return;
    } catch (error) {
      const delayMs = delaysMs[attempt];
      if (!(error instanceof Interrupted) || delayMs === undefined) throw error;
      await sleep(delayMs);
    }
  }
}

/** Where a download writes, and what ends its use. */
interface Part {
  readonly path: string;
  readonly release: () => void;
}

/**
 * The part of a file that a later call can resume, for this call alone. While another download has it, a temporary file:
 * two that wrote to one part would spoil it, and a wait could last as long as a process that hangs.
 */
function takePart(file: string): Part {
  const path = `${file}.part`;
  const lock = `${path}.lock`;
  const taken = new Error('another download has the part');
  let isElsewhere = false;
  const take = () =>
    lockFolder(dirname(file), basename(lock), ({ host }) => {
      isElsewhere = host !== hostname();
      return taken;
    });
  const inTurn = () => {
    try {
      return take();
    } catch (error) {
      // Of a process on another host, such as a container that is gone, only the files say whether it still writes.
      if (error !== taken || !isElsewhere || !isAbandoned(path) || !isAbandoned(lock)) throw error;
      removeIfPossible(lock);
      return take();
    }
  };
  try {
    return { path, release: inTurn() };
  } catch (error) {
    if (error !== taken) throw error;
    const temporary = temporaryOf(file);
    return { path: temporary, release: () => removeIfPossible(temporary) };
  }
}

/** Downloads to the part, checks it and gives it the file's name. */
async function fill(
  { path }: Part,
  published: PublishedFile,
  file: string,
  options: DownloadOptions,
): Promise<Fingerprint> {
  await transferPatiently(published, path, options);
  const received = await fingerprint(path);
  const wrong = difference(published, received);
  if (wrong !== undefined) {
    rmSync(path);
    throw new Error(`${wrong}, and was removed`);
  }
  renameSync(path, file);
  return received;
}

/**
 * Makes sure that a published file is at `file`. Checks an existing one, or downloads to `<file>.part` (resuming an earlier
 * call), checks the result and renames it. Several calls at once, in any processes, do not disturb each other.
 *
 * @throws Error naming the URL, what went wrong and the remedy; a part whose size or sum is wrong is removed first
 */
export async function download(
  published: PublishedFile,
  file: string,
  options: DownloadOptions = {},
): Promise<Fingerprint> {
  const held = existsSync(file) ? await fingerprint(file) : undefined;
  const fault = held && difference(published, held);
  if (held !== undefined && fault === undefined) return held;
  try {
    makeFolder(dirname(file));
    removeLeftovers(dirname(file));
    const part = takePart(file);
    try {
      return await fill(part, published, file, options);
    } finally {
      part.release();
    }
  } catch (error) {
    const before = fault === undefined ? '' : `${file} is not what is published (${fault}), and `;
    const remedy = options.remedy === undefined ? '' : `: ${options.remedy}`;
    throw new Error(`${before}${published.url} cannot be downloaded (${(error as Error).message})${remedy}`, {
      cause: error,
    });
  }
}
