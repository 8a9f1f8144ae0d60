/**
 * How many processes run a model side by side, and with how many threads each.
 */
import type { ModelId } from '../../models/catalog';

export interface Parallelism {
  readonly processes: number;
  /** Threads per inference. */
  readonly threads: number;
}

/**
 * Which of the two gets a core more. A process of MobileNetV2 is small, and two threads do not finish its inference in
 * half the time; a process of ResNet101V2 holds 43 million weights of its own, and one client waits for one inference.
 */
const GROWS: Readonly<Record<ModelId, keyof Parallelism>> = { accuracy: 'threads', latency: 'processes' };

/**
 * One thread per whole core of the CPU limit, at least one: more would use up the quota early in each period and then all
 * be throttled.
 */
export function parallelismOf(model: ModelId, cpuLimitMillis: number): Parallelism {
  const cores = Math.max(1, Math.floor(cpuLimitMillis / 1000));
  return { processes: 1, threads: 1, [GROWS[model]]: cores };
}
