/** Checks whether the kernel enforces a control group's CPU limit. */

export interface CpuUse {
  readonly limitMillis: number;
  /** CPU used in that time, millicores. */
  readonly usedMillis: number;
  /** Periods in which the kernel throttled the group because its quota was used up. */
  readonly throttledPeriods: number;
}

/** Expects that a group that needed more than its limit stayed within it and was throttled. */
export function expectHeldBack({ limitMillis, usedMillis, throttledPeriods }: CpuUse): void {
  expect(usedMillis).toBeLessThan(1.1 * limitMillis);
  expect(throttledPeriods).toBeGreaterThan(5);
}
