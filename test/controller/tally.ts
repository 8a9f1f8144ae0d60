/** How often `bench/autoscaler/` decided as the running controller did. Pure. */
import { decideScenario, type Scenario } from '../autoscaler/compare';

export interface Tally {
  readonly decisions: number;
  /** Decisions with another number of replicas. */
  readonly differing: number;
  /** The most of them in a row of one HPA: 1 means that the next sync agreed again. */
  readonly longest: number;
  /** Mean absolute difference of the replicas over all decisions. */
  readonly meanError: number;
  /** Decisions with the same replicas and another utilization or reason. */
  readonly otherStatus: number;
  /** Decisions that changed the replicas. */
  readonly changes: number;
  readonly rules: readonly string[];
}

/** Counts the decisions of all scenarios. */
export function tallyOf(scenarios: readonly Scenario[]): Tally {
  const decided = scenarios.map(decideScenario);
  const all = decided.flat();
  const errors = all.map(({ theirs, ours }) => Math.abs(theirs.replicas - ours.replicas));
  const longestOf = (decisions: (typeof decided)[number]) => {
    let [run, longest] = [0, 0];
    for (const { theirs, ours } of decisions) {
      run = theirs.replicas === ours.replicas ? 0 : run + 1;
      longest = Math.max(longest, run);
    }
    return longest;
  };
  return {
    decisions: all.length,
    differing: errors.filter((error) => error > 0).length,
    longest: Math.max(0, ...decided.map(longestOf)),
    meanError: errors.reduce((sum, error) => sum + error, 0) / all.length,
    otherStatus: all.filter(({ isSame, theirs, ours }) => !isSame && theirs.replicas === ours.replicas)
      .length,
    changes: all.filter(({ theirs, currentReplicas }) => theirs.replicas !== currentReplicas).length,
    rules: [...new Set(all.flatMap(({ rules }) => rules))].sort(),
  };
}
