/** How fast an HPA followed its load, at one-second steps from the load's start. Pure. */
import type { HpaRun, ReplicaCounts } from './hpa-run';

/** Seconds, undefined where it did not happen. */
export interface Reaction {
  /**
   * From the first second of the highest need until as many replicas were desired, and until as many were ready; 0 if they
   * were before.
   */
  readonly toDesired?: number;
  readonly toReady?: number;
  /** From the end of the load until the replicas were back at their minimum for good; negative if they were before its end. */
  readonly toMinimum?: number;
  /** The most replicas that the load needed, and the most that were desired. */
  readonly highestNeed: number;
  readonly mostDesired: number;
  /** The most replicas that were ready. */
  readonly mostReady: number;
  /** Pod minutes that were ready, and those that were needed, during the load. */
  readonly podMinutes: number;
  readonly neededPodMinutes: number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

export function reactionOf({ neededBySecond, replicas, loadSeconds, minReplicas }: HpaRun): Reaction {
  const countsAt = (atSeconds: number) => replicas.findLast((counts) => counts.atSeconds <= atSeconds);
  const highestNeed = Math.max(...neededBySecond);
  const fromSeconds = neededBySecond.indexOf(highestNeed);
  const during = [countsAt(fromSeconds), ...replicas.filter(({ atSeconds }) => atSeconds > fromSeconds)];
  const until = (isEnough: (counts: ReplicaCounts) => boolean) => {
    const first = during.find((counts) => counts !== undefined && isEnough(counts));
    return first && Math.max(0, first.atSeconds - fromSeconds);
  };
  const toDesired = until(({ desired }) => desired >= highestNeed);
  const toReady = until(({ ready }) => ready >= highestNeed);
  // The last change to the minimum, as replicas may come and go before.
  const minimum =
    replicas.at(-1)?.desired === minReplicas
      ? replicas.findLast(
          ({ desired }, i) => desired === minReplicas && i > 0 && replicas[i - 1]!.desired > minReplicas,
        )
      : undefined;
  return {
    ...(toDesired !== undefined && { toDesired }),
    ...(toReady !== undefined && { toReady }),
    ...(minimum && { toMinimum: minimum.atSeconds - loadSeconds }),
    highestNeed,
    mostDesired: Math.max(...replicas.map((counts) => counts.desired)),
    mostReady: Math.max(...replicas.map((counts) => counts.ready)),
    podMinutes: sum(neededBySecond.map((_, atSeconds) => countsAt(atSeconds)?.ready ?? 0)) / 60,
    neededPodMinutes: sum(neededBySecond) / 60,
  };
}
