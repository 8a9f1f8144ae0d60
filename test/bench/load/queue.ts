/** The queue of known capacity that the tests of the capacity search use: Poisson arrivals, equal service times (M/D/1). */
import type { Slo } from '../../../bench/load/slo';

/** The share of the queue's latencies above a limit, exactly: Erlang's distribution of the waiting time (1909). */
function violationShare(ratePerSecond: number, serviceMs: number, limitMs: number): number {
  const ratePerMs = ratePerSecond / 1000;
  let below = 0;
  for (let served = 0, factorial = 1; served * serviceMs <= limitMs - serviceMs; factorial *= ++served) {
    const mean = ratePerMs * (limitMs - serviceMs - served * serviceMs);
    below += ((-mean) ** served / factorial) * Math.exp(mean);
  }
  return 1 - (1 - ratePerMs * serviceMs) * below;
}

/** The highest rate, per second, at which the queue meets an objective. */
export function kneeOf(serviceMs: number, { percentile, limitMs }: Slo): number {
  let [low, high] = [0, 1000 / serviceMs];
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (violationShare(middle, serviceMs, limitMs) <= 1 - percentile) low = middle;
    else high = middle;
  }
  return low;
}
