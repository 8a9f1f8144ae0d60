/**
 * Which pods of lower priority the scheduler removes to make room for one of ours: kube-scheduler's DefaultPreemption. Pure
 * functions.
 *
 * Not modelled: other pods' PodDisruptionBudgets, which the scheduler would rather not violate when it chooses.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 */
import type { ClusterNode, LowerPriorityPod } from './cluster';
import { formatCpu, formatMemory, parseCpuMillis, parseMemoryBytes } from '../quantity';
import type { Amounts } from '../variants';

/** A node after pods of lower priority were removed from it. */
export function without(node: ClusterNode, removed: readonly LowerPriorityPod[]): ClusterNode {
  const { others, lowerPriority = [], podsFree } = node;
  const left = (
    kind: 'requests' | 'limits' | 'scored',
    format: 'binary' | 'decimal' | 'exponent',
  ): Amounts => {
    const sum = (parse: (text: string) => number, resource: keyof Amounts) =>
      removed.reduce((rest, pod) => rest - parse(pod[kind][resource]), parse(others[kind][resource]));
    return {
      cpu: formatCpu(sum(parseCpuMillis, 'cpu')),
      memory: formatMemory(sum(parseMemoryBytes, 'memory'), format),
    };
  };
  return {
    ...node,
    podsFree: podsFree + removed.length,
    moreFree: Object.fromEntries(
      Object.entries(node.moreFree ?? {}).map(([name, free]) => [
        name,
        removed.reduce((sum, { more }) => sum + (more?.[name] ?? 0), free),
      ]),
    ),
    lowerPriority: lowerPriority.filter((pod) => !removed.includes(pod)),
    others: {
      ...others,
      requests: left('requests', others.memoryFormat.requests),
      limits: left('limits', others.memoryFormat.limits),
      scored: left('scored', 'binary'),
    },
  };
}

/** The fewest pods of a node whose removal makes room, the most important ones spared first; undefined if none do. */
export function victimsOn(
  node: ClusterNode,
  fits: (node: ClusterNode) => boolean,
): readonly LowerPriorityPod[] | undefined {
  const { lowerPriority = [] } = node;
  if (lowerPriority.length === 0 || !fits(without(node, lowerPriority))) return undefined;
  const mostImportantFirst = [...lowerPriority].sort(
    (one, other) => other.priority - one.priority || one.startedMs - other.startedMs,
  );
  let victims: readonly LowerPriorityPod[] = mostImportantFirst;
  for (const pod of mostImportantFirst) {
    const fewer = victims.filter((each) => each !== pod);
    if (fits(without(node, fewer))) victims = fewer;
  }
  return victims;
}

/** kube-scheduler adds this to every priority, so that more victims are never better than fewer. */
const PRIORITY_OFFSET = 2 ** 31;

/** What the scheduler prefers less of, most significant first. */
function costsOf(victims: readonly LowerPriorityPod[]): number[] {
  const highest = Math.max(...victims.map(({ priority }) => priority));
  const earliestMs = Math.min(
    ...victims.filter(({ priority }) => priority === highest).map(({ startedMs }) => startedMs),
  );
  const sum = victims.reduce((total, { priority }) => total + priority + PRIORITY_OFFSET, 0);
  return [highest, sum, victims.length, -earliestMs];
}

/** The node whose victims cost least; the first of several. */
export function cheapest<T extends { readonly victims: readonly LowerPriorityPod[] }>(
  candidates: readonly T[],
): T | undefined {
  const compare = (one: T, other: T) => {
    const costs = costsOf(other.victims);
    return (
      costsOf(one.victims)
        .map((cost, i) => cost - costs[i]!)
        .find((difference) => difference !== 0) ?? 0
    );
  };
  return [...candidates].sort(compare)[0];
}
