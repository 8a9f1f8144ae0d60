/** How long a recording goes on after its load. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { DeploymentObject } from '../timeline/api-objects';
import type { ReadApi } from '../timeline/api-reader';

/** Enough for CPU samples of idle pods, where the load leaves the Deployment at its minimum. */
const LEAST_MS = 60_000;
/** How long the recording shows that the Deployment stays there. */
const AT_MINIMUM_MS = 10_000;
const POLL_MS = 1_000;

export interface Idle {
  readonly minReplicas: number;
  readonly maxMs: number;
  readonly signal: AbortSignal;
  /** @default 60000 */
  readonly leastMs?: number;
  /** @default 10000 */
  readonly atMinimumMs?: number;
  /** @default 1000 */
  readonly pollMs?: number;
}

/** A read that fails, or an answer that is none, says nothing of the replicas: one must not end a recording. */
const isAtMinimum = async (readApi: ReadApi, path: string, minReplicas: number): Promise<boolean> =>
  readApi(path)
    .then((body) => {
      const { spec, status } = JSON.parse(body) as DeploymentObject;
      return [spec.replicas, status?.replicas, status?.readyReplicas].every((count) => count === minReplicas);
    })
    .catch(() => false);

/**
 * Waits until a Deployment has had its fewest replicas, all ready, for some seconds, or until the time is over.
 *
 * @param path the Deployment's path in the API
 * @throws the signal's reason if it aborts
 */
export async function idleUntilMinimum(
  readApi: ReadApi,
  path: string,
  { minReplicas, maxMs, signal, leastMs = LEAST_MS, atMinimumMs = AT_MINIMUM_MS, pollMs = POLL_MS }: Idle,
): Promise<void> {
  const startMs = performance.now();
  let atMinimumSinceMs = Infinity;
  for (;;) {
    const nowMs = performance.now();
    const isLong = nowMs - startMs >= leastMs && nowMs - atMinimumSinceMs >= atMinimumMs;
    if (isLong || nowMs - startMs >= maxMs) return;
    await sleep(Math.min(pollMs, maxMs - (nowMs - startMs)), undefined, { signal });
    if (!(await isAtMinimum(readApi, path, minReplicas))) atMinimumSinceMs = Infinity;
    else if (atMinimumSinceMs === Infinity) atMinimumSinceMs = performance.now();
  }
}
