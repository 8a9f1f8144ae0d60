/**
 * From a proposal to a number of replicas, for an HPA without `spec.behavior`: the highest proposal of the controller's
 * window, at most doubled. Pure functions.
 *
 * Sources name functions of `pkg/controller/podautoscaler/horizontal.go` in Kubernetes 1.36.3.
 */
import type { LimitReason, Normalized } from './behavior';
import { type Memory, remember } from './memory';
import type { ControllerFlags, Settings } from './settings';

/** calculateScaleUpLimit: twice the replicas, but at least 4. */
const scaleUpLimit = (currentReplicas: number) => Math.max(2 * currentReplicas, 4);

/** Source: convertDesiredReplicasWithRules. */
function limit(
  desired: number,
  currentReplicas: number,
  { minReplicas, maxReplicas }: Settings,
): { readonly replicas: number; readonly limit: LimitReason } {
  const fastest = scaleUpLimit(currentReplicas);
  const most = Math.min(maxReplicas, fastest);
  if (desired < minReplicas) return { replicas: minReplicas, limit: 'TooFewReplicas' };
  if (desired > most) {
    return { replicas: most, limit: maxReplicas > fastest ? 'ScaleUpLimit' : 'TooManyReplicas' };
  }
  return { replicas: desired, limit: 'DesiredWithinRange' };
}

/** Source: normalizeDesiredReplicas and stabilizeRecommendation. Here a proposal as old as the window still counts. */
export function normalizeWithoutBehavior(
  memory: Memory,
  proposal: number,
  currentReplicas: number,
  nowMs: number,
  settings: Settings,
  flags: ControllerFlags,
): Normalized {
  const cutoffMs = nowMs - flags.downscaleStabilizationMs;
  const isOld = ({ atMs }: { atMs: number }) => atMs < cutoffMs;
  const recent = memory.recommendations.filter((item) => !isOld(item)).map(({ replicas }) => replicas);
  const stable = Math.max(proposal, ...recent);
  return {
    ...limit(stable, currentReplicas, settings),
    stabilization: stable === proposal ? 'ReadyForNewScale' : 'ScaleDownStabilized',
    memory: {
      ...memory,
      recommendations: remember(memory.recommendations, isOld, { replicas: proposal, atMs: nowMs }),
    },
  };
}
