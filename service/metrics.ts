/**
 * Prometheus metrics, with times in seconds as its naming conventions require.
 *
 * @see https://prometheus.io/docs/practices/naming/
 */
import { readFileSync } from 'node:fs';

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { ModelName } from '../models/catalog';
import { LIMITS, REQUEST_TIMEOUT_MS, VERSION_DIGITS } from './contract';
import { cgroupCpuThrottling, type CpuThrottling } from './cpu-limit';
import type { ModelQueue } from './inference/model-queue';

/** From 1 ms to the request timeout. */
const BUCKETS_SECONDS = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  REQUEST_TIMEOUT_MS / 1000,
];
const BUCKETS_IMAGES = [1, 2, 3, 4, 6, LIMITS.images];

/** Gauges of prom-client that are named like counters; the same without the suffix stay, by type. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

/** Resident memory of another process, bytes; 0 when /proc does not show it. */
function residentBytes(processId: number): number {
  try {
    const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1];
    return 1024 * Number(kibibytes ?? 0);
  } catch {
    return 0;
  }
}

/** Adds counters that the kernel keeps; a scrape reads them. */
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
  count('cgroup_cpu_periods_total', 'CPU quota periods in which the cgroup was runnable', (t) => t.periods);
  count(
    'cgroup_cpu_throttled_periods_total',
    'CPU quota periods in which the cgroup was throttled',
    (t) => t.throttledPeriods,
  );
  count(
    'cgroup_cpu_throttled_seconds_total',
    'Total time for which the cgroup was throttled, in seconds',
    (t) => t.throttledSeconds,
  );
}

/**
 * Creates the metrics in a new registry, so that several servers in one process count separately.
 *
 * @param queues the models' queues, read at each scrape
 * @param lostLogLines the same for the log
 */
export function createMetrics(queues: ReadonlyMap<ModelName, ModelQueue>, lostLogLines = () => 0) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  cpuThrottling(registry);
  const registers = [registry];
  const labelNames = ['model'] as const;
  const histogram = (name: string, help: string, buckets = BUCKETS_SECONDS) =>
    new Histogram({ name, help, labelNames, buckets, registers });
  new Gauge({
    name: 'inference_worker_resident_memory_bytes',
    help: 'Resident memory of the model’s processes, in bytes',
    labelNames,
    registers,
    collect() {
      for (const [model, { processIds }] of queues)
        this.set(
          { model },
          processIds.map(residentBytes).reduce((sum, bytes) => sum + bytes, 0),
        );
    },
  });
  new Gauge({
    name: 'inference_worker_ready',
    help: '1 while a process can run the model, at the start once all of its processes can; else 0',
    labelNames,
    registers,
    collect() {
      for (const [model, { state }] of queues) this.set({ model }, state.kind === 'ready' ? 1 : 0);
    },
  });
  new Gauge({
    name: 'inference_model_info',
    help: '1 for each loaded model; the labels say what runs',
    labelNames: ['model', 'version', 'engine', 'precision'] as const,
    registers,
    collect() {
      this.reset();
      for (const [model, { state }] of queues) {
        if (state.kind !== 'ready') continue;
        const { sha256, engine, precision } = state.loaded;
        this.set({ model, version: sha256.slice(0, VERSION_DIGITS), engine, precision }, 1);
      }
    },
  });
  new Counter({
    name: 'inference_log_lines_lost_total',
    help: 'Lines of the log that could not be written',
    registers,
    collect() {
      this.reset();
      this.inc(lostLogLines());
    },
  });
  return {
    registry,
    refusedConnections: new Counter({
      name: 'inference_connections_refused_total',
      help: 'Connections closed unanswered because as many as allowed were open',
      registers,
    }),
    apiKeyFileErrors: new Counter({
      name: 'inference_api_key_file_errors_total',
      help: 'Changes of the API key file that could not be read completely',
      registers,
    }),
    requestSeconds: histogram(
      'inference_request_duration_seconds',
      'Time from the complete body of a request to its answer, in seconds; failed requests do not count',
    ),
    queueSeconds: histogram(
      'inference_queue_duration_seconds',
      'Time in the queue before a run of the model, in seconds',
    ),
    decodeSeconds: histogram(
      'inference_decode_duration_seconds',
      'Time to decode and resize an image, in seconds',
    ),
    inferenceSeconds: histogram('inference_duration_seconds', 'Time to run the model, in seconds'),
    batchSize: histogram('inference_batch_size', 'Images per run of the model', BUCKETS_IMAGES),
    inFlight: new Gauge({
      name: 'inference_in_flight',
      help: 'Inference requests queued or running',
      labelNames,
      registers,
    }),
    rejected: new Counter({
      name: 'inference_rejected_total',
      help: 'Failed inference requests, by error code; CLIENT_GONE when the client disconnected',
      labelNames: ['model', 'reason'] as const,
      registers,
    }),
    restarts: new Counter({
      name: 'inference_worker_restarts_total',
      help: 'Restarts of the model’s processes',
      labelNames,
      registers,
    }),
    workerTensors: new Gauge({
      name: 'inference_worker_tensors',
      help: 'Tensors held by the process that ran the model last, for engines that count them',
      labelNames,
      registers,
    }),
  };
}

/** The registry and the metrics. */
export type Metrics = ReturnType<typeof createMetrics>;
