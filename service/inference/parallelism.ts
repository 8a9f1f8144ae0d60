/**
 * How many processes run a model side by side, and with how many threads each.
 *
 * @see docs/serving.md#processes-and-threads for what was measured
 */
import type { ModelId } from '../../models/catalog';

export interface Parallelism {
  readonly processes: number;
  /** Threads per inference. */
  readonly threads: number;
}

/**
 * Processes classify more images per second than threads, which wait for each other and stand still while their process
 * decodes. But each holds the weights: ResNet101V2's are twenty times MobileNetV2's.
 */
const MAX_PROCESSES: Readonly<Record<ModelId, number>> = { accuracy: 4, latency: 8 };

/**
 * One thread per whole core of the CPU limit, at least one: more would use up the quota early in each period and then all
 * be throttled. Each has a process of its own; where those would be too many, a process has several.
 */
export function parallelismOf(model: ModelId, cpuLimitMillis: number): Parallelism {
  const cores = Math.max(1, Math.floor(cpuLimitMillis / 1000));
  const threads = Math.ceil(cores / MAX_PROCESSES[model]);
  return { processes: Math.floor(cores / threads), threads };
}
