/**
 * How long a control group with a CPU limit takes for its work. Pure functions.
 *
 * The kernel gives a group `limit x period` of CPU time in each period, and lets it wait for the next period once that is
 * used up. It looks at a group that runs only at the ticks of its clock, so that the group overruns its quota a little; what it
 * took is missing in the next period. A group that has used up its quota begins no work.
 *
 * The slices of 5 ms in which each CPU takes from the quota do not bind a group that computes on one CPU at a time: when it
 * stops, all but 1 ms of its last slice goes back to the quota.
 *
 * @see https://docs.kernel.org/scheduler/sched-bwc.html
 */

import { CPU_QUOTA_PERIOD_MS } from '../../infra/construct/deployment-defaults';

/**
 * By how much CPU time a group overruns its quota, milliseconds: what `fitOverrun` finds in the recording of
 * `npm run bench:quota`, which a test compares.
 */
export const QUOTA_OVERRUN_MS = 4.5;

/** A group within its present period. */
export interface CpuQuota {
  /** CPU time that a whole period has. */
  readonly perPeriodMs: number;
  /** CPU time by which the group overruns that before it waits. */
  readonly overrunMs: number;
  /** When the present period began. */
  periodStartMs: number;
  /** CPU time that is left in it; below 0 what is missing in the next one. */
  leftMs: number;
}

/**
 * A group that has used nothing yet.
 *
 * @param phaseMs when one of its periods begins
 * @param limitMillis CPU limit, less what is used beside the work; above 0
 * @throws RangeError if nothing is left for the work
 */
export function cpuQuota(limitMillis: number, phaseMs: number, overrunMs = QUOTA_OVERRUN_MS): CpuQuota {
  if (!(limitMillis > 0)) {
    throw new RangeError(
      `a pod's CPU limit must exceed what it uses without load, received ${limitMillis}m above it: raise the limit`,
    );
  }
  const perPeriodMs = (limitMillis * CPU_QUOTA_PERIOD_MS) / 1000;
  return { perPeriodMs, overrunMs, periodStartMs: phaseMs, leftMs: perPeriodMs };
}

/** What is unused is lost, what is owed is not. */
function beginPeriod(quota: CpuQuota, ahead: number): void {
  quota.periodStartMs += ahead * CPU_QUOTA_PERIOD_MS;
  quota.leftMs = Math.min(quota.perPeriodMs, quota.leftMs + ahead * quota.perPeriodMs);
}

/**
 * Runs work and returns when it ends, milliseconds. The quota moves on to that time, so that calls must be in their order.
 *
 * @param startMs not before the end of the work before
 * @param cpuMs CPU time of the work
 * @param cores CPU time that it uses per unit of time while it may run
 */
export function runFor(quota: CpuQuota, startMs: number, cpuMs: number, cores: number): number {
  if (quota.perPeriodMs >= cores * CPU_QUOTA_PERIOD_MS) return startMs + cpuMs / cores;
  const ahead = Math.floor((startMs - quota.periodStartMs) / CPU_QUOTA_PERIOD_MS);
  if (ahead > 0) beginPeriod(quota, ahead);
  let [nowMs, todoMs] = [startMs, cpuMs];
  for (;;) {
    const restOfPeriodMs = cores * (quota.periodStartMs + CPU_QUOTA_PERIOD_MS - nowMs);
    const mayMs = quota.leftMs > 0 ? Math.min(quota.leftMs + quota.overrunMs, restOfPeriodMs) : 0;
    if (todoMs <= mayMs) {
      quota.leftMs -= todoMs;
      return nowMs + todoMs / cores;
    }
    todoMs -= mayMs;
    quota.leftMs -= mayMs;
    beginPeriod(quota, 1);
    nowMs = quota.periodStartMs;
  }
}
