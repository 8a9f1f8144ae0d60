/**
 * What the controller remembers of one HPA: recent proposals and recent changes. It lives in the controller's process only,
 * so that a restart forgets it. Pure functions.
 *
 * Sources name functions of `pkg/controller/podautoscaler/horizontal.go` in Kubernetes 1.36.3.
 */
import type { Policy, ScalingRules } from './settings';

/** A proposal as the metric made it, before windows, policies and bounds. */
export interface Recommendation {
  readonly replicas: number;
  readonly atMs: number;
}

/** How many replicas one sync added or removed. */
export interface ScaleEvent {
  readonly replicas: number;
  readonly atMs: number;
  /** Whether a newer event may take its place. It still counts for the policies of the other direction. */
  readonly outdated: boolean;
}

export interface Memory {
  readonly recommendations: readonly Recommendation[];
  readonly scaleUps: readonly ScaleEvent[];
  readonly scaleDowns: readonly ScaleEvent[];
}

export const EMPTY_MEMORY: Memory = { recommendations: [], scaleUps: [], scaleDowns: [] };

/**
 * Puts `item` in the place of the last old one, or appends it. Which one is replaced matters: an HPA whose window or period
 * grows sees the others again.
 */
export function remember<T>(items: readonly T[], isOld: (item: T) => boolean, item: T): T[] {
  const index = items.findLastIndex(isOld);
  return index < 0 ? [...items, item] : items.with(index, item);
}

/** recordInitialRecommendation: the replicas at the first sync count as a proposal. */
export const startMemory = (memory: Memory, replicas: number, nowMs: number): Memory =>
  memory.recommendations.length > 0 ? memory : { ...memory, recommendations: [{ replicas, atMs: nowMs }] };

/** storeScaleEvent, markScaleEventsOutdated and getLongestPolicyPeriod. */
function storeEvent(
  events: readonly ScaleEvent[],
  replicas: number,
  nowMs: number,
  { policies }: ScalingRules,
): ScaleEvent[] {
  const cutoffMs = nowMs - Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds)) * 1000;
  const marked = events.map((event) => (event.atMs < cutoffMs ? { ...event, outdated: true } : event));
  return remember(marked, ({ outdated }) => outdated, { replicas, atMs: nowMs, outdated: false });
}

/** Remembers that a sync changed the replicas from `before` to `after`. */
export function rememberScaling(
  memory: Memory,
  change: { readonly before: number; readonly after: number; readonly nowMs: number },
  behavior: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules },
): Memory {
  const { before, after, nowMs } = change;
  return after > before
    ? { ...memory, scaleUps: storeEvent(memory.scaleUps, after - before, nowMs, behavior.scaleUp) }
    : { ...memory, scaleDowns: storeEvent(memory.scaleDowns, before - after, nowMs, behavior.scaleDown) };
}

const changeWithin = (events: readonly ScaleEvent[], cutoffMs: number) =>
  events.reduce((sum, { replicas, atMs }) => (atMs > cutoffMs ? sum + replicas : sum), 0);

/** getReplicasChangePerPeriod: the replicas that there were when the policy's period began. */
export function replicasAtPeriodStart(
  { scaleUps, scaleDowns }: Memory,
  currentReplicas: number,
  { periodSeconds }: Policy,
  nowMs: number,
): number {
  const cutoffMs = nowMs - periodSeconds * 1000;
  return currentReplicas - changeWithin(scaleUps, cutoffMs) + changeWithin(scaleDowns, cutoffMs);
}
