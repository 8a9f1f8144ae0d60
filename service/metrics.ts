/**
 * Prometheus metrics, in seconds as its conventions want.
 *
 * @see https://prometheus.io/docs/practices/naming/
 */
import { readFileSync } from 'node:fs';

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { ModelId } from '../models/catalog';
import { LIMITS, REQUEST_TIMEOUT_MS } from './contract';
import { cgroupCpuThrottling, type CpuThrottling } from './cpu-limit';
import type { ModelWorker } from './inference/model-queue';

/** From a millisecond to the deadline of a request. */
const BUCKETS_SECONDS = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  REQUEST_TIMEOUT_MS / 1000,
];
const BUCKETS_IMAGES = [1, 2, 3, 4, 6, LIMITS.images];

/** Resident memory of another process, bytes; nothing where /proc does not say. */
function residentBytes(processId: number | undefined): number | undefined {
  try {
    const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : 1024 * Number(kibibytes);
  } catch {
    return undefined;
  }
}

/** Counters that the kernel keeps; they are read when asked for. */
function cpuThrottling(registry: Registry): void {
  const count = (name: string, help: string, of: (throttling: CpuThrottling) => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        const throttling = cgroupCpuThrottling();
        this.reset();
        this.inc(throttling === undefined ? 0 : of(throttling));
      },
    });
  count('cgroup_cpu_periods_total', 'CPU quota periods in which the control group ran', (t) => t.periods);
  count(
    'cgroup_cpu_throttled_periods_total',
    'CPU quota periods in which the control group was throttled',
    (t) => t.throttledPeriods,
  );
  count(
    'cgroup_cpu_throttled_seconds_total',
    'Time that the control group was throttled',
    (t) => t.throttledSeconds,
  );
}

/**
 * A registry of its own for each server, so that servers in one process do not count together.
 *
 * @param workers the model processes, to be looked at when metrics are asked for
 */
export function createMetrics(workers: ReadonlyMap<ModelId, ModelWorker>) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  cpuThrottling(registry);
  const registers = [registry];
  const labelNames = ['model'] as const;
  const histogram = (name: string, help: string, buckets = BUCKETS_SECONDS) =>
    new Histogram({ name, help, labelNames, buckets, registers });
  new Gauge({
    name: 'inference_worker_resident_memory_bytes',
    help: 'Resident memory of the model process',
    labelNames,
    registers,
    collect() {
      for (const [model, { processId }] of workers) this.set({ model }, residentBytes(processId) ?? 0);
    },
  });
  new Gauge({
    name: 'inference_worker_ready',
    help: 'Whether the model process is loaded and warm',
    labelNames,
    registers,
    collect() {
      for (const [model, { state }] of workers) this.set({ model }, state.kind === 'ready' ? 1 : 0);
    },
  });
  return {
    registry,
    requestSeconds: histogram('inference_request_duration_seconds', 'From the whole body to the answer'),
    queueSeconds: histogram('inference_queue_duration_seconds', 'Wait for the model process'),
    decodeSeconds: histogram('inference_decode_duration_seconds', 'Decoding and resizing the image'),
    inferenceSeconds: histogram('inference_duration_seconds', 'Running the model'),
    batchSize: histogram('inference_batch_size', 'Images in one run of the model', BUCKETS_IMAGES),
    inFlight: new Gauge({
      name: 'inference_in_flight',
      help: 'Requests that wait for or run in the model process',
      labelNames,
      registers,
    }),
    rejected: new Counter({
      name: 'inference_rejected_total',
      help: 'Requests for probabilities that got none, by error code, or CLIENT_GONE',
      labelNames: ['model', 'reason'] as const,
      registers,
    }),
    restarts: new Counter({
      name: 'inference_worker_restarts_total',
      help: 'Model processes that had to be started again',
      labelNames,
      registers,
    }),
    workerTensors: new Gauge({
      name: 'inference_worker_tensors',
      help: 'Tensors alive in the model process, for engines that count them',
      labelNames,
      registers,
    }),
  };
}

/** The metrics by what they count. */
export type Metrics = ReturnType<typeof createMetrics>;
