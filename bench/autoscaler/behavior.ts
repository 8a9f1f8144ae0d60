/**
 * From a proposal to a number of replicas, for an HPA with `spec.behavior`: stabilization windows, then policies, then
 * bounds. Pure functions.
 *
 * Sources name functions of `pkg/controller/podautoscaler/horizontal.go` in Kubernetes 1.36.3.
 */
import { type Memory, remember, replicasAtPeriodStart } from './memory';
import type { ScalingRules, Settings } from './settings';

/** Reason of the condition AbleToScale. */
export type StabilizationReason = 'ReadyForNewScale' | 'ScaleUpStabilized' | 'ScaleDownStabilized';

/** Reason of the condition ScalingLimited. */
export type LimitReason =
  'DesiredWithinRange' | 'ScaleUpLimit' | 'TooManyReplicas' | 'ScaleDownLimit' | 'TooFewReplicas';

export interface Normalized {
  readonly replicas: number;
  readonly stabilization: StabilizationReason;
  readonly limit: LimitReason;
  readonly memory: Memory;
}

/** What a policy allows from the replicas at the start of its period, and which of several policies Max and Min mean. */
const POLICIES = {
  scaleUp: {
    Pods: (start: number, value: number) => start + value,
    Percent: (start: number, value: number) => Math.ceil(start * (1 + value / 100)),
    Max: Math.max,
    Min: Math.min,
  },
  scaleDown: {
    Pods: (start: number, value: number) => start - value,
    Percent: (start: number, value: number) => Math.trunc(start * (1 - value / 100)),
    Max: Math.min,
    Min: Math.max,
  },
} as const;

/**
 * The farthest that the policies let the replicas go, never on the other side of the current ones.
 *
 * Source: calculateScaleUpLimitWithScalingRules, calculateScaleDownLimitWithBehaviors.
 */
function policyLimit(
  direction: 'scaleUp' | 'scaleDown',
  rules: ScalingRules,
  memory: Memory,
  currentReplicas: number,
  nowMs: number,
): number {
  if (rules.selectPolicy === 'Disabled') return currentReplicas;
  const allowed = POLICIES[direction];
  const limits = rules.policies.map((policy) =>
    allowed[policy.type](replicasAtPeriodStart(memory, currentReplicas, policy, nowMs), policy.value),
  );
  return allowed.Max(currentReplicas, allowed[rules.selectPolicy](...limits));
}

/**
 * The current replicas, moved as little as the recent proposals ask for: up to the lowest of the scale-up window, down to
 * the highest of the scale-down window. A proposal that is exactly as old as a window is outside.
 *
 * Source: stabilizeRecommendationWithBehaviors.
 */
function stabilize(
  memory: Memory,
  proposal: number,
  currentReplicas: number,
  nowMs: number,
  behavior: NonNullable<Settings['behavior']>,
): { readonly replicas: number; readonly memory: Memory } {
  const upCutoffMs = nowMs - behavior.scaleUp.stabilizationMs;
  const downCutoffMs = nowMs - behavior.scaleDown.stabilizationMs;
  const since = (cutoffMs: number) =>
    memory.recommendations.filter(({ atMs }) => atMs > cutoffMs).map(({ replicas }) => replicas);
  const lowest = Math.min(proposal, ...since(upCutoffMs));
  const highest = Math.max(proposal, ...since(downCutoffMs));
  const isOld = ({ atMs }: { atMs: number }) => atMs < upCutoffMs && atMs < downCutoffMs;
  const recommendation = { replicas: proposal, atMs: nowMs };
  return {
    replicas: Math.min(Math.max(currentReplicas, lowest), highest),
    memory: { ...memory, recommendations: remember(memory.recommendations, isOld, recommendation) },
  };
}

/** Source: convertDesiredReplicasWithBehaviorRate. */
function limit(
  memory: Memory,
  desired: number,
  currentReplicas: number,
  nowMs: number,
  { minReplicas, maxReplicas }: Settings,
  behavior: NonNullable<Settings['behavior']>,
): { readonly replicas: number; readonly limit: LimitReason } {
  if (desired > currentReplicas) {
    const fastest = policyLimit('scaleUp', behavior.scaleUp, memory, currentReplicas, nowMs);
    const most = Math.min(maxReplicas, fastest);
    if (desired > most) {
      return { replicas: most, limit: maxReplicas > fastest ? 'ScaleUpLimit' : 'TooManyReplicas' };
    }
  } else if (desired < currentReplicas) {
    const fastest = policyLimit('scaleDown', behavior.scaleDown, memory, currentReplicas, nowMs);
    const fewest = Math.max(minReplicas, fastest);
    if (desired < fewest) {
      return { replicas: fewest, limit: minReplicas < fastest ? 'ScaleDownLimit' : 'TooFewReplicas' };
    }
  }
  return { replicas: desired, limit: 'DesiredWithinRange' };
}

/** Source: normalizeDesiredReplicasWithBehaviors. */
export function normalizeWithBehavior(
  memory: Memory,
  proposal: number,
  currentReplicas: number,
  nowMs: number,
  settings: Settings,
  behavior: NonNullable<Settings['behavior']>,
): Normalized {
  const stable = stabilize(memory, proposal, currentReplicas, nowMs, behavior);
  const direction = proposal >= currentReplicas ? 'ScaleUpStabilized' : 'ScaleDownStabilized';
  return {
    ...limit(memory, stable.replicas, currentReplicas, nowMs, settings, behavior),
    stabilization: stable.replicas === proposal ? 'ReadyForNewScale' : direction,
    memory: stable.memory,
  };
}
