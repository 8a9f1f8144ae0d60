/** Ready pods by second, of records and of simulated runs. Pure. */
import type { ReplicaStep } from '../twin/simulate';

/**
 * Ready pods at each second.
 *
 * @param steps at least one; the first holds from the beginning
 */
export function readyBySecond(
  steps: readonly Pick<ReplicaStep, 'atMs' | 'ready'>[],
  seconds: number,
): number[] {
  let step = 0;
  return Array.from({ length: seconds }, (_, second) => {
    while (step + 1 < steps.length && steps[step + 1]!.atMs <= 1000 * second) step++;
    return steps[step]!.ready;
  });
}
