/**
 * Whether an autoscaler can ever see enough CPU use to add a pod. Pure functions.
 */
import { DEFAULT_HPA_TOLERANCE_PERCENT } from './deployment-defaults';

/** The most that pods can use, beside what the autoscaler waits for. */
export interface ReachableUtilization {
  /** What the limits allow, whole percent of the requests, as the autoscaler rounds it. */
  readonly usablePercent: number;
  /** The utilization that the autoscaler still tolerates, percent of the requests. */
  readonly toleratedPercent: number;
  /** Whether the use can go beyond what is tolerated. */
  readonly addsPods: boolean;
}

/**
 * Compares the limits with the target. The controller rounds the utilization down to whole percent before it compares.
 *
 * @param requestMillis CPU requests of what it measures, millicores, above 0
 * @param limitMillis CPU limits of the same, millicores
 * @param targetPercent percent of the requests
 * @param tolerancePercent how far above the target the use may be, percent of the target
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/controller/podautoscaler/metrics/utilization.go
 */
export function reachableUtilization(
  requestMillis: number,
  limitMillis: number,
  targetPercent: number,
  tolerancePercent = DEFAULT_HPA_TOLERANCE_PERCENT,
): ReachableUtilization {
  const usablePercent = Math.floor((100 * limitMillis) / requestMillis);
  const tolerated = (100 + tolerancePercent) * targetPercent;
  return { usablePercent, toleratedPercent: tolerated / 100, addsPods: 100 * usablePercent > tolerated };
}
