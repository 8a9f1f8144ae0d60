/**
 * How the workloads of manifests fit a cluster together, each beside the others. Pure functions.
 */
import { countsOurs, type ObservedQuota, withUse } from './admission';
import { onDescribedNodes } from './described-cluster';
import { fitPods, type PodsFit, verdictOf } from './fit';
import { notJudgedIn } from './not-judged';
import { othersRulesOf } from './others-rules';
import { classOf, isFinished, nodesOf, surroundingsOf } from './observed-cluster';
import { countedRulesOf, isOneOf, type PodSpec } from './our-pods';
import { demandOf, scopeOf } from './pod-demand';
import { amountOf, type ObservedPod } from './pod-resources';
import { formatCpu, formatMemory } from '../quantity';
import type { ObservedCluster } from './read-cluster';
import type { Placement } from '../scheduler/scheduling';
import type { Resources } from '../variants';
import { type Manifests, withReplaced, type Workload } from './workloads';

/** How one workload fits beside the others. */
export interface WorkloadFit extends PodsFit {
  readonly workload: Workload;
}

/** How the workloads of manifests fit. */
export interface FilesFit {
  /** In the order of the files. */
  readonly fits: readonly WorkloadFit[];
  /** The cluster with every workload at its lower bound. */
  readonly filled: ObservedCluster;
}

/** A pod's requests and limits in sum. */
function figuresOf(pod: ObservedPod): Resources {
  const amounts = (kind: keyof Resources) => {
    const memory = amountOf(pod, kind, 'memory');
    return {
      cpu: formatCpu(amountOf(pod, kind, 'cpu').amount),
      memory: formatMemory(memory.amount, memory.format),
    };
  };
  return { requests: amounts('requests'), limits: amounts('limits') };
}

const scopeOfPod = (spec: PodSpec) => scopeOf(spec, spec.priorityClassName);

/** The pods of a placement as the cluster would list them. */
function podsIn({ pods, name }: Workload, { placed }: Placement, priority: number): ObservedPod[] {
  const { namespace, labels, spec } = pods;
  const nodeNames = placed.flatMap(({ node, pods: count }) => Array.from({ length: count }, () => node.name));
  return nodeNames.map((nodeName, i) => ({
    metadata: { namespace, name: `${name}-${i}`, labels },
    spec: { ...spec, nodeName, priority },
    status: { phase: 'Running' },
  }));
}

/** The resource of a quota that counts finished pods too. */
const COUNT_OF_PODS = 'count/pods';

const nameOf = ({ metadata }: ObservedPod) => `${metadata.namespace}/${metadata.name}`;

/** Of more nodes than this, the scheduler scores only a part. */
const SCORED_NODES = 100;

/** The cluster as the pods of one workload find it. */
interface Seen {
  readonly cluster: ObservedCluster;
  readonly workload: Workload;
  readonly notCounted: readonly string[];
}

function fitIn({ cluster, workload, notCounted }: Seen, counts: Workload['counts']): PodsFit {
  const { pods, rollout, oneByOne } = workload;
  const others = cluster.pods.filter((pod) => pod.spec.nodeName !== undefined && !isOneOf(pods, pod));
  const rules = [...countedRulesOf(pods), ...othersRulesOf(pods, others)];
  const asked = { counts, demand: demandOf(pods, rules), rollout, oneByOne };
  const surroundings = surroundingsOf(pods, cluster, rules);
  const found = fitPods(asked, nodesOf(pods, cluster, rules), surroundings);
  return { ...found, notCounted: [...notCounted, ...found.notCounted] };
}

/** The figures of the pods of a namespace that a quota there counts by its scopes. */
const figuresWithin = (pods: readonly ObservedPod[], namespace: string, quota: ObservedQuota): Resources[] =>
  pods
    .filter(({ metadata }) => metadata.namespace === namespace)
    .filter(({ spec }) => countsOurs(quota, scopeOfPod(spec as PodSpec)))
    .map(figuresOf);

/**
 * A quota of the files with its use once it is applied: what the cluster has counted for the one that it replaces, and of
 * resources that this one does not bound what the pods sum up to.
 */
const usedAs =
  ({ quotas, pods }: ObservedCluster, namespace: string) =>
  ({ metadata, spec = {} }: ObservedQuota): ObservedQuota => {
    const counted = quotas.find((each) => each.metadata.name === metadata.name)?.status?.used;
    const uncounted = { metadata, spec };
    const useOf = (those: readonly ObservedPod[]) =>
      withUse(uncounted, figuresWithin(those, namespace, uncounted), []).status?.used ?? {};
    const running = useOf(pods.filter((pod) => !isFinished(pod)));
    const existing = COUNT_OF_PODS in running ? { [COUNT_OF_PODS]: useOf(pods)[COUNT_OF_PODS]! } : {};
    return { ...uncounted, status: { used: { ...running, ...existing, ...counted } } };
  };

export interface FillOptions {
  /** The cluster with what bounds the pods of a namespace. All have the same nodes and pods. */
  readonly clusterOf: (namespace: string) => ObservedCluster;
  /** Whether the nodes are described, so that they have no labels and no other resources. */
  readonly isDescribed: boolean;
}

/** Leaves out what described nodes cannot answer to. */
function readable(workload: Workload, cluster: ObservedCluster, isDescribed: boolean) {
  const notJudged = notJudgedIn(workload.pods.spec, workload.claimsVolumes);
  if (!isDescribed) {
    const isLarge = cluster.nodes.length > SCORED_NODES;
    const part = `that the scheduler scores only a part of more than ${SCORED_NODES} nodes`;
    return { workload, notCounted: isLarge ? [...notJudged, part] : notJudged };
  }
  const { spec, notCounted } = onDescribedNodes(workload.pods.spec, cluster.priorityClasses);
  const known = { ...workload, pods: { ...workload.pods, spec } };
  return { workload: known, notCounted: [...notJudged, ...notCounted] };
}

/**
 * Places every workload at its lower bound, those of the highest priority first, then judges the upper bound and an update of
 * each beside the others at theirs.
 *
 * @throws Error naming the pod, node or quota with an unreadable quantity
 */
export function fitManifests(manifests: Manifests, { clusterOf, isDescribed }: FillOptions): FilesFit {
  const { priorityClasses, quotas, limitRanges } = manifests;
  const withOwn = (namespace: string): ObservedCluster => {
    const cluster = clusterOf(namespace);
    const own = <T extends { readonly namespace: string }>(all: readonly T[]) =>
      all.filter((each) => each.namespace === namespace);
    return {
      ...cluster,
      priorityClasses: [...priorityClasses, ...cluster.priorityClasses],
      quotas: withReplaced(cluster.quotas, own(quotas).map(usedAs(cluster, namespace))),
      limitRanges: withReplaced(cluster.limitRanges, own(limitRanges)),
    };
  };
  const all = manifests.workloads.map((workload) => {
    const cluster = withOwn(workload.pods.namespace);
    const priority = classOf(workload.pods.spec.priorityClassName, cluster.priorityClasses)?.value ?? 0;
    return { ...readable(workload, cluster, isDescribed), cluster, priority };
  });
  const base = all[0]!.cluster.pods;
  const replaced = base.filter((pod) => all.some(({ workload }) => isOneOf(workload.pods, pod)));
  const placed = new Map<Workload, readonly ObservedPod[]>();
  const preempted = new Set<string>();
  const podsBeside = (workload?: Workload): ObservedPod[] => {
    const beside = [...placed].filter(([each]) => each !== workload).flatMap(([, pods]) => pods);
    const left = base.filter((pod) => !replaced.includes(pod));
    return [...left, ...beside].filter((pod) => !preempted.has(nameOf(pod)));
  };
  const seenBy = ({ cluster, workload, notCounted }: (typeof all)[number]): Seen => {
    const { namespace } = workload.pods;
    const added = [...placed].filter(([each]) => each !== workload).flatMap(([, pods]) => pods);
    // A quota does not count finished pods, but for `count/pods`; those stay after the workload is replaced.
    const stopped = replaced.filter((pod) => !isFinished(pod));
    const grown = cluster.quotas.map((quota) =>
      withUse(quota, figuresWithin(added, namespace, quota), figuresWithin(stopped, namespace, quota)),
    );
    return { workload, notCounted, cluster: { ...cluster, pods: podsBeside(workload), quotas: grown } };
  };
  const first = new Map<Workload, PodsFit>();
  // JavaScript sorts stably: workloads of equal priority keep the order of the files.
  for (const each of [...all].sort((one, other) => other.priority - one.priority)) {
    const fit = fitIn(seenBy(each), each.workload.counts.slice(0, 1));
    first.set(each.workload, fit);
    for (const name of fit.placements[0]!.preempted) preempted.add(name);
    placed.set(each.workload, podsIn(each.workload, fit.placements[0]!, each.priority));
  }
  const fits = all.map((each): WorkloadFit => {
    const { workload } = each;
    const fit = fitIn(seenBy(each), workload.counts);
    const lowest = first.get(workload)!.placements[0]!;
    const placements = [lowest, ...fit.placements.slice(1)];
    const updates = fit.updates.map((update, i) => (fit.rollouts[i]!.surge === 0 ? placements[i]! : update));
    return { ...fit, workload, placements, updates, verdict: verdictOf(placements, updates) };
  });
  return { fits, filled: { ...all[0]!.cluster, pods: podsBeside() } };
}
