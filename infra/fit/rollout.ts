/**
 * What room an update of a workload needs beside the pods that run. Pure functions.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
 */

/** How an update replaces pods. */
export interface Rollout {
  /** Number of new pods for which there must be room before an old one stops. */
  readonly surge: 0 | 1;
  /** A sentence for an update that needs no room. */
  readonly words: string;
}

/** The strategy of a Deployment. */
export interface Strategy {
  readonly type?: string;
  readonly rollingUpdate?: { readonly maxSurge?: number | string; readonly maxUnavailable?: number | string };
}

/** A Deployment's default of both bounds. */
const DEFAULT_BOUND = '25%';

const scaled = (bound: number | string, replicas: number, round: (value: number) => number): number =>
  typeof bound === 'number' ? bound : round((Number.parseInt(bound, 10) * replicas) / 100);

export const untouched = (words: string) => (): Rollout => ({ surge: 0, words });

export const recreating: Rollout = {
  surge: 0,
  words: 'an update stops every pod before it starts new ones (Recreate)',
};

/** The rolling update of a Deployment. It waits for room only if it may stop no pod first. */
export const rollingUpdate =
  ({ rollingUpdate: bounds = {} }: Strategy) =>
  (replicas: number): Rollout => {
    const { maxSurge = DEFAULT_BOUND, maxUnavailable = DEFAULT_BOUND } = bounds;
    const surge = scaled(maxSurge, replicas, Math.ceil);
    const unavailable = scaled(maxUnavailable, replicas, Math.floor);
    // Both at 0 would never move, so the controller takes one pod away.
    const stopped = Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, replicas);
    return {
      surge: stopped === 0 && replicas > 0 ? 1 : 0,
      words: `a rolling update needs no more room: it may stop ${stopped} of ${replicas} first (maxUnavailable)`,
    };
  };
