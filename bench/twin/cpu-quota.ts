/**
 * How long a control group with a CPU limit takes for its work. Pure functions.
 *
 * The kernel gives a group `limit x period` of CPU time in each period, and lets it wait for the next period once that is
 * used up. Slices of 5 ms per CPU, which let a group overrun by less than that, are not modelled.
 *
 * @see https://docs.kernel.org/scheduler/sched-bwc.html
 */

import { CPU_QUOTA_PERIOD_MS } from '../../infra/construct/deployment-defaults';

/** A group within its present period. */
export interface CpuQuota {
  /** CPU time that a whole period has. */
  readonly perPeriodMs: number;
  /** When the present period began. */
  periodStartMs: number;
  /** CPU time that is left in it. */
  leftMs: number;
}

/**
 * A group that has used nothing yet.
 *
 * @param phaseMs when one of its periods begins
 * @param limitMillis CPU limit, less what is used beside the work; above 0
 * @throws RangeError if nothing is left for the work
 */
export function cpuQuota(limitMillis: number, phaseMs: number): CpuQuota {
  if (!(limitMillis > 0)) {
    throw new RangeError(
      `a pod's CPU limit must exceed what it uses without load, received ${limitMillis}m above it: raise the limit`,
    );
  }
  const perPeriodMs = (limitMillis * CPU_QUOTA_PERIOD_MS) / 1000;
  return { perPeriodMs, periodStartMs: phaseMs, leftMs: perPeriodMs };
}

/**
 * Runs work and returns when it ends, milliseconds. The quota moves on to that time, so that calls must be in their order.
 *
 * @param startMs not before the end of the work before
 * @param cpuMs CPU time of the work
 * @param cores CPU time that it uses per unit of time while it may run
 */
export function runFor(quota: CpuQuota, startMs: number, cpuMs: number, cores: number): number {
  const { perPeriodMs } = quota;
  if (perPeriodMs >= cores * CPU_QUOTA_PERIOD_MS) return startMs + cpuMs / cores;
  const ahead = Math.floor((startMs - quota.periodStartMs) / CPU_QUOTA_PERIOD_MS);
  if (ahead > 0) {
    quota.periodStartMs += ahead * CPU_QUOTA_PERIOD_MS;
    quota.leftMs = perPeriodMs;
  }
  const now = Math.min(quota.leftMs, cores * (quota.periodStartMs + CPU_QUOTA_PERIOD_MS - startMs));
  if (cpuMs <= now) {
    quota.leftMs -= cpuMs;
    return startMs + cpuMs / cores;
  }
  const later = cpuMs - now;
  const whole = Math.ceil(later / perPeriodMs) - 1;
  const last = later - whole * perPeriodMs;
  quota.periodStartMs += (whole + 1) * CPU_QUOTA_PERIOD_MS;
  quota.leftMs = perPeriodMs - last;
  return quota.periodStartMs + last / cores;
}
