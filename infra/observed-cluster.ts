/**
 * A real cluster as `fit` needs it: its nodes, the requests of the pods that already run, and what bounds ours. Pure
 * functions.
 */
import { boundOf, countsOurs } from './admission';
import type { ClusterNode, LowerPriorityPod, OtherPods } from './cluster';
import { TOLERATIONS } from './deployment-defaults';
import type { Surroundings } from './fit';
import { selectorOf } from './inference-service';
import { notCountedIn } from './not-counted';
import { addAmounts, amountOf, NOTHING, type ObservedPod, readAmount, type Resource } from './pod-resources';
import { formatCpu, formatMemory } from './quantity';
import type { ObservedCluster, ObservedPriorityClass } from './read-cluster';
import type { Amounts, Resources } from './variants';

/** What of a variant's objects counts in a real cluster. */
export interface VariantName {
  readonly name: string;
  readonly namespace: string;
  /** @default any node */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** @default the cluster's default class */
  readonly priorityClassName?: string;
}

/** Tells a variant's own pods. */
function isOursOf({ name, namespace }: VariantName): (pod: ObservedPod) => boolean {
  const selector = Object.entries(selectorOf(name));
  return ({ metadata }) =>
    metadata.namespace === namespace &&
    selector.every(([label, value]) => metadata.labels?.[label] === value);
}

const isFinished = ({ status }: ObservedPod) => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** The pods' priority class: the one asked for, else the lowest of the cluster's defaults; undefined if there is none. */
function classOf(
  { priorityClassName }: VariantName,
  classes: readonly ObservedPriorityClass[],
): ObservedPriorityClass | undefined {
  if (priorityClassName !== undefined)
    return classes.find(({ metadata }) => metadata.name === priorityClassName);
  return classes
    .filter(({ globalDefault }) => globalDefault === true)
    .sort((one, other) => one.value - other.value)[0];
}

/** The nodes as a variant would find them: its own running pods are not counted. */
export function nodesFor(
  variant: VariantName,
  { nodes, pods, priorityClasses }: ObservedCluster,
): ClusterNode[] {
  const isOurs = isOursOf(variant);
  const { value: priority = 0, preemptionPolicy } = classOf(variant, priorityClasses) ?? {};
  const mayPreempt = ({ spec }: ObservedPod) =>
    preemptionPolicy !== 'Never' && (spec.priority ?? 0) < priority;
  const counted = pods.filter((pod) => !isOurs(pod) && !isFinished(pod));
  const selector = Object.entries(variant.nodeSelector ?? {});
  return nodes.map(({ metadata: { name, labels }, spec, status }) => {
    const here = counted.filter((pod) => pod.spec.nodeName === name);
    const allocatable = (resource: Resource) =>
      readAmount(`node ${name}: allocatable`, status?.allocatable, resource).amount;
    return {
      name,
      cpuAllocatableMillis: allocatable('cpu'),
      memoryAllocatableBytes: allocatable('memory'),
      podsFree: allocatable('pods') - here.length,
      tainted: (spec?.taints ?? []).some(isUntolerated),
      unselected: selector.some(([label, value]) => labels?.[label] !== value),
      cordoned: spec?.unschedulable ?? false,
      taintsPreferNoSchedule: (spec?.taints ?? []).filter(({ effect }) => effect === 'PreferNoSchedule')
        .length,
      others: othersOf(here, variant),
      lowerPriority: here.filter(mayPreempt).map((pod) => lowerPriorityPodOf(pod, variant)),
    };
  });
}

function lowerPriorityPodOf(pod: ObservedPod, variant: VariantName): LowerPriorityPod {
  const { requests, limits, scored } = othersOf([pod], variant);
  const { startTime } = pod.status ?? {};
  return {
    name: `${pod.metadata.namespace}/${pod.metadata.name}`,
    priority: pod.spec.priority ?? 0,
    // The scheduler takes a pod that has not started as one that starts now.
    // eslint-disable-next-line no-restricted-properties -- a point in time, as those of the cluster are
    startedMs: startTime === undefined ? Date.now() : Date.parse(startTime),
    requests,
    limits,
    scored,
  };
}

/** What else of the cluster decides about a variant's pods. */
export function surroundingsFor(variant: VariantName, cluster: ObservedCluster): Surroundings {
  const { pods, priorityClasses, limitRanges, unread } = cluster;
  const ours = pods.filter((pod) => isOursOf(variant)(pod) && !isFinished(pod));
  const sum = (kind: keyof Resources, resource: keyof Amounts) =>
    ours.reduce((total, pod) => total + amountOf(pod, kind, resource).amount, 0);
  const sums = (kind: keyof Resources) => ({ cpu: sum(kind, 'cpu'), memory: sum(kind, 'memory') });
  const use = { requests: sums('requests'), limits: sums('limits'), pods: ours.length };
  const priorityClass = classOf(variant, priorityClasses)?.metadata.name ?? variant.priorityClassName;
  const quotas = cluster.quotas.filter((quota) => countsOurs(quota, priorityClass));
  const { namespace, priorityClassName } = variant;
  const isMissing =
    priorityClassName !== undefined &&
    priorityClasses.length > 0 &&
    classOf(variant, priorityClasses) === undefined;
  return {
    bound: (resources) =>
      isMissing
        ? { pods: 0, reason: `no PriorityClass with name ${priorityClassName} was found` }
        : boundOf(resources, use, { quotas, limitRanges }),
    notCounted: [
      ...notCountedIn({ namespace, labels: selectorOf(variant.name) }, { ...cluster, quotas }),
      ...unread,
    ],
  };
}

const isUntolerated = ({ key, effect }: { key: string; effect: string }): boolean =>
  effect !== 'PreferNoSchedule' &&
  !TOLERATIONS.some((toleration) => toleration.key === key && toleration.effect === effect);

/**
 * What kube-scheduler assumes when it scores a container without a request.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/scheduler/util/pod_resources.go
 */
const ASSUMED: Amounts = { cpu: '100m', memory: '200Mi' };

function othersOf(pods: readonly ObservedPod[], variant: VariantName): OtherPods {
  // The API server lists pods in the order of their keys.
  const key = ({ namespace, name }: { namespace: string; name: string }) =>
    Buffer.from(`${namespace}/${name}`);
  const sorted = [...pods].sort((a, b) => key(a.metadata).compare(key(b.metadata)));
  const ours = key({ ...variant, name: `${variant.name}-` });
  const sumOf = (kind: keyof Resources) => {
    const cpu = sorted.map((pod) => amountOf(pod, kind, 'cpu')).reduce(addAmounts, NOTHING);
    const memories = sorted.map((pod) => amountOf(pod, kind, 'memory'));
    const memory = memories.reduce(addAmounts, NOTHING);
    const first = sorted[memories.findIndex(({ amount }) => amount > 0)];
    return {
      total: { cpu: formatCpu(cpu.amount), memory: formatMemory(memory.amount, memory.format) },
      format: memory.format,
      addedFirst: first !== undefined && key(first.metadata).compare(ours) < 0,
    };
  };
  const [requests, limits] = [sumOf('requests'), sumOf('limits')];
  const scored = (resource: keyof Amounts) =>
    sorted.map((pod) => amountOf(pod, 'requests', resource, ASSUMED[resource])).reduce(addAmounts, NOTHING);
  return {
    requests: requests.total,
    limits: limits.total,
    scored: { cpu: formatCpu(scored('cpu').amount), memory: formatMemory(scored('memory').amount, 'binary') },
    memoryFormat: { requests: requests.format, limits: limits.format },
    addedFirst: { requests: requests.addedFirst, limits: limits.addedFirst },
  };
}
