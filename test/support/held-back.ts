/** Whether a control group's CPU limit holds. */

export interface CpuUse {
  readonly limitMillis: number;
  /** What was used meanwhile, in millicores. */
  readonly usedMillis: number;
  /** Periods in which the kernel stopped the group since its quota was spent. */
  readonly throttledPeriods: number;
}

/** Expects a group that wanted more than its limit to have got no more, and to have been throttled for it. */
export function expectHeldBack({ limitMillis, usedMillis, throttledPeriods }: CpuUse): void {
  expect(usedMillis).toBeLessThan(1.1 * limitMillis);
  expect(throttledPeriods).toBeGreaterThan(5);
}
