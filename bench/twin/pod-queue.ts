/**
 * The queue of one pod, as `service/inference/model-queue.ts` keeps it: first come, first served, bounded by the estimated
 * milliseconds of work ahead, not by length. As the order is known, the end of each work is known when it arrives.
 */
import { type CpuQuota, cpuQuota, runFor } from './cpu-quota';
import type { PaceAt } from './pace';
import type { PodFigures } from './scenario';

/** `MAX_QUEUE_MS` of `service/inference/model-queue.ts`; a test compares them. */
export const MAX_QUEUE_MS = 2_000;
/** `WEIGHT` of `service/inference/service-time.ts`: of the newest measurement in the estimate of the next. */
export const WEIGHT = 0.2;
/** Finished work is forgotten in blocks of this length. */
const FORGET_AFTER = 256;

export interface PodQueue {
  /**
   * Takes an image, or refuses it.
   *
   * @param nowMs not before the call before
   * @param busyCpuMs CPU time of this image if it finds its process busy
   * @returns when its answer is ready, milliseconds; NaN if it is refused
   */
  offer(nowMs: number, busyCpuMs: number): number;
  /** CPU time that requests have used until a time that is not before the last `offer`. */
  usedCpuMs(nowMs: number): number;
}

/**
 * A pod that is ready and idle.
 *
 * @param phaseMs when one of its CPU periods begins
 * @param paceAt how the machine's speed changes; undefined if it does not
 */
export function podQueue(figures: PodFigures, phaseMs: number, paceAt?: PaceAt): PodQueue {
  const { processes, coldShare, stretch, cpuMsPerImage } = figures;
  const { cpuLimitMillis, idleMillis, refusalCpuMs } = figures;
  // From one core on, the service starts as many threads and processes as the limit has cores, so that the limit bites
  // below that only, where there is one process.
  const isLimited = cpuLimitMillis < 1000;
  const quota: CpuQuota | undefined = isLimited ? cpuQuota(cpuLimitMillis - idleMillis, phaseMs) : undefined;
  const freeMs = new Float64Array(processes);
  /** The work that may be unfinished, in its order. */
  let [starts, ends, cpus]: [number[], number[], number[]] = [[], [], []];
  let head = 0;
  let finishedCpuMs = 0;
  let estimateMs = isLimited ? (1000 * cpuMsPerImage) / cpuLimitMillis : cpuMsPerImage * stretch;

  function finishUntil(nowMs: number): void {
    while (head < ends.length && ends[head]! <= nowMs) {
      estimateMs += WEIGHT * (ends[head]! - starts[head]! - estimateMs);
      finishedCpuMs += cpus[head]!;
      head++;
    }
    if (head < FORGET_AFTER && head < ends.length) return;
    [starts, ends, cpus] = [starts.slice(head), ends.slice(head), cpus.slice(head)];
    head = 0;
  }

  function firstFree(): number {
    let first = 0;
    for (let i = 1; i < processes; i++) if (freeMs[i]! < freeMs[first]!) first = i;
    return first;
  }

  /** Estimated time until a process could start new work. */
  function waitMs(nowMs: number): number {
    let sum = 0;
    for (let i = head; i < ends.length; i++) {
      if (ends[i]! <= nowMs) continue;
      sum += starts[i]! > nowMs ? estimateMs : Math.max(0, estimateMs - (nowMs - starts[i]!));
    }
    return sum / processes;
  }

  return {
    offer(nowMs, busyCpuMs) {
      finishUntil(nowMs);
      const process = firstFree();
      const isFree = freeMs[process]! <= nowMs;
      if (!isFree && waitMs(nowMs) > MAX_QUEUE_MS) {
        finishedCpuMs += refusalCpuMs;
        return NaN;
      }
      const startMs = isFree ? nowMs : freeMs[process]!;
      const cpuMs = busyCpuMs * (isFree ? 1 + coldShare : 1) * (paceAt?.(startMs) ?? 1);
      const endMs = quota ? runFor(quota, startMs, cpuMs, 1 / stretch) : startMs + cpuMs * stretch;
      freeMs[process] = endMs;
      starts.push(startMs);
      ends.push(endMs);
      cpus.push(cpuMs);
      return endMs;
    },
    usedCpuMs(nowMs) {
      let sum = finishedCpuMs;
      for (let i = head; i < ends.length; i++) {
        const [startMs, endMs] = [starts[i]!, ends[i]!];
        if (startMs >= nowMs) break;
        sum += cpus[i]! * Math.min(1, (nowMs - startMs) / (endMs - startMs));
      }
      return sum;
    },
  };
}
