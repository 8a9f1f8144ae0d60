/**
 * Prometheus metrics, in seconds as its conventions want.
 *
 * @see https://prometheus.io/docs/practices/naming/
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A registry of its own for each server, so that servers in one process do not count together. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const histogram = (name: string, help: string) =>
    new Histogram({
      name,
      help,
      labelNames: ['model'] as const,
      buckets: BUCKETS_SECONDS,
      registers: [registry],
    });
  return {
    registry,
    requestSeconds: histogram('inference_request_duration_seconds', 'From the whole body to the answer'),
    queueSeconds: histogram('inference_queue_duration_seconds', 'Wait for the model process'),
    decodeSeconds: histogram('inference_decode_duration_seconds', 'Decoding and resizing the image'),
    inferenceSeconds: histogram('inference_duration_seconds', 'Running the model'),
    inFlight: new Gauge({
      name: 'inference_in_flight',
      help: 'Requests that wait for or run in the model process',
      labelNames: ['model'] as const,
      registers: [registry],
    }),
    rejected: new Counter({
      name: 'inference_rejected_total',
      help: 'Requests that got no probabilities, by error code',
      labelNames: ['model', 'code'] as const,
      registers: [registry],
    }),
    restarts: new Counter({
      name: 'inference_worker_restarts_total',
      help: 'Model processes that had to be started again',
      labelNames: ['model'] as const,
      registers: [registry],
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
