/** How fast an HPA followed its load, at one-second steps from the load's start. Pure. */
import type { HpaRun } from './hpa-run';

/** Seconds, undefined where it did not happen. */
export interface Reaction {
  /** From the first need for more replicas than desired to the next decision, and to its first pod that was ready. */
  readonly toDecision?: number;
  readonly toReady?: number;
  /** From the end of the load until the replicas were back at their minimum; negative if they were before its end. */
  readonly toMinimum?: number;
  /** The most replicas that were ready. */
  readonly mostReady: number;
  /** Pod minutes that were ready, and those that were needed, during the load. */
  readonly podMinutes: number;
  readonly neededPodMinutes: number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

export function reactionOf({ neededBySecond, replicas, loadSeconds, minReplicas }: HpaRun): Reaction {
  const countsAt = (atSeconds: number) => replicas.findLast((counts) => counts.atSeconds <= atSeconds);
  const fromSeconds = neededBySecond.findIndex(
    (needed, atSeconds) => needed > (countsAt(atSeconds)?.desired ?? 0),
  );
  const before = countsAt(fromSeconds)?.desired ?? 0;
  const later = fromSeconds < 0 ? [] : replicas.filter(({ atSeconds }) => atSeconds > fromSeconds);
  const decided = later.find(({ desired }) => desired > before);
  const ready = later.find((counts) => counts.ready > before);
  // The last change to the minimum, as replicas may come and go before.
  const minimum = replicas.findLast(
    ({ desired }, i) => desired === minReplicas && i > 0 && replicas[i - 1]!.desired > minReplicas,
  );
  return {
    ...(decided && { toDecision: decided.atSeconds - fromSeconds }),
    ...(ready && { toReady: ready.atSeconds - fromSeconds }),
    ...(minimum && { toMinimum: minimum.atSeconds - loadSeconds }),
    mostReady: Math.max(...replicas.map((counts) => counts.ready)),
    podMinutes: sum(neededBySecond.map((_, atSeconds) => countsAt(atSeconds)?.ready ?? 0)) / 60,
    neededPodMinutes: sum(neededBySecond) / 60,
  };
}
