/**
 * CPU samples on their way from a container to the metrics API: metrics-server keeps two samples of each pod and serves the
 * use between them.
 *
 * @see https://github.com/kubernetes-sigs/metrics-server/blob/v0.9.0/pkg/storage/pod.go
 */
import type { PodMetric } from '../autoscaler/pods';

/** One reading of a container's CPU time. */
export interface CpuReading {
  readonly atMs: number;
  readonly usedCpuMs: number;
}

/** What metrics-server keeps of a pod. */
export interface StoredReadings {
  readonly last: CpuReading;
  readonly previous?: CpuReading;
}

/** A container this young is measured from its start, if it is younger than the resolution too. */
const MIN_FRESH_MS = 10_000;

/**
 * Stores what a scrape found, as podStorage.Store does.
 *
 * @param containerStartMs when the container started
 */
export function storeReading(
  stored: StoredReadings | undefined,
  reading: CpuReading,
  containerStartMs: number,
  metricResolutionMs: number,
): StoredReadings {
  if (stored !== undefined && reading.atMs <= stored.last.atMs) return stored;
  const ageMs = reading.atMs - containerStartMs;
  if (ageMs >= MIN_FRESH_MS && ageMs < metricResolutionMs) {
    return { last: reading, previous: { atMs: containerStartMs, usedCpuMs: 0 } };
  }
  return stored === undefined ? { last: reading } : { last: reading, previous: stored.last };
}

const NANOS_PER_MILLI = 1e6;

/** What the metrics API answers for a pod; undefined while there is one reading only. Times are whole seconds. */
export function metricOf(
  pod: string,
  { last, previous }: StoredReadings,
  toWholeSecondMs: (ms: number) => number,
): PodMetric | undefined {
  if (previous === undefined) return undefined;
  const windowMs = last.atMs - previous.atMs;
  const nanos = ((last.usedCpuMs - previous.usedCpuMs) / windowMs) * 1000 * NANOS_PER_MILLI;
  // A pod that used nothing is dropped: pkg/scraper/client/resource/decode.go.
  if (nanos <= 0) return undefined;
  const cpuMillis = Math.ceil(Number((nanos / NANOS_PER_MILLI).toFixed(6)));
  return { pod, atMs: toWholeSecondMs(last.atMs), windowMs, cpuMillis };
}
