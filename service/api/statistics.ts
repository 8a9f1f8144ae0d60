/**
 * Counts inferences for the statistics extension of the Open Inference Protocol.
 *
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
 */
import type { z } from 'zod';

import type { ModelName } from '../../models/catalog';
import type { QueuedResult } from '../inference/job';
import type { MODEL_STATISTICS } from './model-schemas';

const NS_PER_MS = 1_000_000;

interface Duration {
  count: number;
  ms: number;
}
/** Milliseconds of one model since the start. */
interface Counts {
  lastAt: number;
  success: Duration;
  fail: Duration;
  queue: Duration;
  decode: Duration;
  infer: Duration;
  /** Inference time by batch size. */
  readonly batches: Map<number, Duration>;
}

const none = (): Duration => ({ count: 0, ms: 0 });
const noCounts = (): Counts => ({
  lastAt: 0,
  success: none(),
  fail: none(),
  queue: none(),
  decode: none(),
  infer: none(),
  batches: new Map(),
});
const plus = ({ count, ms }: Duration, moreMs: number): Duration => ({ count: count + 1, ms: ms + moreMs });
const shown = ({ count, ms }: Duration) => ({ count, ns: Math.round(ms * NS_PER_MS) });

/** The statistics of one model, as the protocol shows them. */
export type ModelStatistics = z.infer<typeof MODEL_STATISTICS>;

/** Counts of one server, by model. */
export interface Statistics {
  /**
   * Counts a run of the model; a request with several encoded images has one for each.
   *
   * @param totalMs from joining the queue to the result
   */
  succeeded(model: ModelName, batch: number, result: QueuedResult, totalMs: number): void;
  /** Counts work that failed. */
  failed(model: ModelName, totalMs: number): void;
  of(model: ModelName, version: string): ModelStatistics;
}

/** Starts counting at zero. */
export function createStatistics(): Statistics {
  const counts = new Map<ModelName, Counts>();
  const of = (model: ModelName): Counts => {
    const known = counts.get(model) ?? noCounts();
    counts.set(model, known);
    return known;
  };
  return {
    succeeded: (model, batch, { queueMs, decodeMs, inferenceMs }, totalMs) => {
      const known = of(model);
      // eslint-disable-next-line no-restricted-properties -- a point in time, as Triton answers it
      known.lastAt = Date.now();
      known.success = plus(known.success, totalMs);
      known.queue = plus(known.queue, queueMs);
      known.decode = plus(known.decode, decodeMs);
      known.infer = plus(known.infer, inferenceMs);
      known.batches.set(batch, plus(known.batches.get(batch) ?? none(), inferenceMs));
    },
    failed: (model, totalMs) => {
      const known = of(model);
      known.fail = plus(known.fail, totalMs);
    },
    of: (model, version) => {
      const { lastAt, success, fail, queue, decode, infer, batches } = of(model);
      const sizes = [...batches].sort(([a], [b]) => a - b);
      return {
        name: model,
        version,
        last_inference: lastAt,
        inference_count: sizes.reduce((sum, [size, { count }]) => sum + size * count, 0),
        execution_count: success.count,
        inference_stats: {
          success: shown(success),
          fail: shown(fail),
          queue: shown(queue),
          compute_input: shown(decode),
          compute_infer: shown(infer),
          compute_output: shown(none()),
        },
        batch_stats: sizes.map(([size, duration]) => ({
          batch_size: size,
          compute_input: shown(none()),
          compute_infer: shown(duration),
          compute_output: shown(none()),
        })),
      };
    },
  };
}
