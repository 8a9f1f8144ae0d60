/**
 * How many processes run a model side by side, and with how many threads each.
 *
 * @see docs/serving.md#processes-and-threads for what was measured
 */
import type { ArchitectureId } from '../../models/catalog';

export interface Parallelism {
  readonly processes: number;
  /** Threads per inference. */
  readonly threads: number;
}

/**
 * Processes classify more images per second than threads, which wait for each other and stand still while their process
 * decodes. But each holds the weights: ResNet101V2's are twenty times MobileNetV2's.
 */
const MAX_PROCESSES: Readonly<Record<ArchitectureId, number>> = {
  resnet101v2: 4,
  resnet50v2: 4,
  mobilenetv2: 8,
  mobilenetv2_050: 8,
};
/** Of a model that cannot be read yet: it may be one of the largest. */
const MAX_PROCESSES_UNKNOWN = Math.min(...Object.values(MAX_PROCESSES));

/**
 * One thread per whole core of the CPU limit, at least one: more would use up the quota early in each period and then all
 * be throttled. Each has a process of its own; where those would be too many, a process has several. If the cores cannot be
 * divided evenly, more threads are better, and of as many threads more processes.
 *
 * @param architecture the model's; undefined if it is not known
 */
export function parallelismOf(architecture: ArchitectureId | undefined, cpuLimitMillis: number): Parallelism {
  const cores = Math.max(1, Math.floor(cpuLimitMillis / 1000));
  const maxProcesses = architecture === undefined ? MAX_PROCESSES_UNKNOWN : MAX_PROCESSES[architecture];
  const withThreads = (threads: number): Parallelism => ({
    processes: Math.min(maxProcesses, Math.floor(cores / threads)),
    threads,
  });
  const fewer = withThreads(Math.max(1, Math.floor(cores / maxProcesses)));
  const more = withThreads(Math.ceil(cores / maxProcesses));
  return more.processes * more.threads > fewer.processes * fewer.threads ? more : fewer;
}
