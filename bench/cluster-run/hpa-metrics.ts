/** Waits until the HPA has read the pods' CPU use once: before that it does not scale. */
import type { WatchedAutoscaler } from '../timeline/api-objects';
import type { ReadApi } from '../timeline/api-reader';
import { readUntil } from './read-until';

const METRICS_TIMEOUT_MS = 180_000;

/**
 * @param path the HPA's path in the API
 * @throws Error with the remedy if it reads none in time; the signal's reason if it aborts
 */
export async function waitForMetrics(readApi: ReadApi, path: string, signal: AbortSignal): Promise<void> {
  let said = 'nothing';
  const reads = (autoscaler: unknown) => {
    const { status } = autoscaler as WatchedAutoscaler;
    const active = status?.conditions?.find(({ type }) => type === 'ScalingActive');
    said = active?.message ?? said;
    return active?.status === 'True' || undefined;
  };
  await readUntil(readApi, path, reads, {
    ...{ timeoutMs: METRICS_TIMEOUT_MS, signal },
    late: (failedRead) =>
      failedRead === undefined
        ? `the HPA has no CPU metrics after ${METRICS_TIMEOUT_MS / 1000} s: install metrics-server; ` +
          `its condition ScalingActive says: ${said}`
        : `the HPA cannot be read: ${failedRead}`,
  });
}
