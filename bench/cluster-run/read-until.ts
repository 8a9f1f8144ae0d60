/** Reads an object of the API until it says what is awaited. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { ReadApi } from '../timeline/api-reader';

const POLL_INTERVAL_MS = 1000;

export interface Wait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The error after that time. @param failedRead why the last read failed; undefined if it did not */
  readonly late: (failedRead: string | undefined) => string;
  /** @default 1000 */
  readonly pollMs?: number;
}

/**
 * Reads until `found` returns something. A read that fails is tried again: one lost answer must not cost a measurement.
 *
 * @param found what it says, undefined to go on; what it throws ends the wait
 * @throws Error if the object does not exist, or after the time; the signal's reason if it aborts
 */
export async function readUntil<T>(
  readApi: ReadApi,
  path: string,
  found: (object: unknown) => T | undefined,
  { timeoutMs, signal, late, pollMs = POLL_INTERVAL_MS }: Wait,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const read = await readApi(path)
      .then((body) => ({ object: JSON.parse(body) as unknown }))
      .catch((error: unknown) => ({ failed: (error as Error).message }));
    if ('object' in read) {
      const result = found(read.object);
      if (result !== undefined) return result;
    } else if (read.failed.startsWith('status 404')) throw new Error(read.failed);
    if (performance.now() > deadline) throw new Error(late('failed' in read ? read.failed : undefined));
    await sleep(pollMs, undefined, { signal });
  }
}
