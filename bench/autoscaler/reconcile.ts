/**
 * One sync of the HPA controller: from what it sees and remembers to the replicas that it sets. Decides as
 * `pkg/controller/podautoscaler/horizontal.go` reconcileAutoscaler of Kubernetes 1.36.3 does; `npm run test:autoscaler`
 * compares both. Pure functions.
 */
import { type LimitReason, normalizeWithBehavior, type StabilizationReason } from './behavior';
import { normalizeWithoutBehavior } from './legacy';
import { type Memory, rememberScaling, startMemory } from './memory';
import { type Observation, type Proposal, propose } from './proposal';
import type { ControllerFlags, Settings } from './settings';

/** Which rule decided. Only `metrics` looks at pods. */
export type Decision =
  | { readonly rule: 'disabled' | 'above-max' | 'below-min'; readonly replicas: number }
  | { readonly rule: 'no-metrics'; readonly replicas: number; readonly error: string }
  | {
      readonly rule: 'metrics';
      readonly replicas: number;
      readonly proposal: Exclude<Proposal, { error: string }>;
      readonly stabilization: StabilizationReason;
      readonly limit: LimitReason;
    };

/** What the controller decides, and what it remembers apart from the change itself. */
function decide(
  seen: Observation,
  memory: Memory,
  settings: Settings,
  flags: ControllerFlags,
): { readonly decision: Decision; readonly memory: Memory } {
  const { nowMs, currentReplicas } = seen;
  const { minReplicas, maxReplicas, behavior } = settings;
  if (currentReplicas === 0) return { decision: { rule: 'disabled', replicas: 0 }, memory };
  if (currentReplicas > maxReplicas) {
    return { decision: { rule: 'above-max', replicas: maxReplicas }, memory };
  }
  if (currentReplicas < minReplicas) {
    return { decision: { rule: 'below-min', replicas: minReplicas }, memory };
  }
  const proposal = propose(seen, settings, flags);
  if (proposal.error !== undefined) {
    return { decision: { rule: 'no-metrics', replicas: currentReplicas, error: proposal.error }, memory };
  }
  const { memory: remembered, ...normalized } = behavior
    ? normalizeWithBehavior(memory, proposal.replicas, currentReplicas, nowMs, settings, behavior)
    : normalizeWithoutBehavior(memory, proposal.replicas, currentReplicas, nowMs, settings, flags);
  return { decision: { rule: 'metrics', proposal, ...normalized }, memory: remembered };
}

/**
 * Runs one sync. Pass the memory that the previous sync returned, or `EMPTY_MEMORY` for a new HPA or a restarted controller.
 */
export function reconcile(
  seen: Observation,
  memory: Memory,
  settings: Settings,
  flags: ControllerFlags,
): { readonly decision: Decision; readonly memory: Memory } {
  const { nowMs, currentReplicas } = seen;
  const decided = decide(seen, startMemory(memory, currentReplicas, nowMs), settings, flags);
  const { replicas } = decided.decision;
  // Without behavior no policy reads the changes, so the controller keeps none.
  if (replicas === currentReplicas || !settings.behavior) return decided;
  const change = { before: currentReplicas, after: replicas, nowMs };
  return { ...decided, memory: rememberScaling(decided.memory, change, settings.behavior) };
}
