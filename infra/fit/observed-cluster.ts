/**
 * A real cluster as `fit` needs it: its nodes, the requests of the pods that already run, and what bounds ours. Pure
 * functions.
 */
import { boundOf, countsOurs } from './admission';
import type { ClusterNode, Domain, LowerPriorityPod, OtherPods } from '../scheduler/cluster';
import type { Surroundings } from './fit';
import type { Labels } from '../scheduler/label-selector';
import type { AdmittedPod } from './limit-ranges';
import { preferredWeightOf, UNSCHEDULABLE, unmetOn, untolerated } from '../scheduler/node-match';
import { notCountedIn } from './not-counted';
import {
  type CountedRule,
  isOneOf,
  type OurPods,
  type PodSpec,
  podsOfVariant,
  type VariantName,
} from './our-pods';
import { containersOf, moreRequestedBy, scopeOf, sharePorts } from './pod-demand';
import { addAmounts, amountOf, NOTHING, type ObservedPod, readAmount } from './pod-resources';
import { formatCpu, formatMemory } from '../quantity';
import type { ObservedCluster, ObservedPriorityClass } from './read-cluster';
import { ASSUMED } from '../scheduler/scoring';
import type { Amounts, Resources } from '../variants';

/** Whether a pod takes no room any more, such as an evicted one. */
export const isFinished = ({ status }: ObservedPod): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** The pods' priority class: the one asked for, else the lowest of the cluster's defaults; undefined if there is none. */
export function classOf(
  priorityClassName: string | undefined,
  classes: readonly ObservedPriorityClass[],
): ObservedPriorityClass | undefined {
  if (priorityClassName !== undefined)
    return classes.find(({ metadata }) => metadata.name === priorityClassName);
  return classes
    .filter(({ globalDefault }) => globalDefault === true)
    .sort((one, other) => one.value - other.value)[0];
}

/** The nodes as a variant would find them: its own running pods are not counted. */
export const nodesFor = (variant: VariantName, cluster: ObservedCluster): ClusterNode[] =>
  nodesOf(podsOfVariant(variant), cluster);

/**
 * The nodes as our pods would find them: those of them that run already are not counted.
 *
 * @param rules rules about our pods' domains. @default none: each node is a domain
 */
export function nodesOf(
  ours: OurPods,
  { nodes, pods, priorityClasses }: Pick<ObservedCluster, 'nodes' | 'pods' | 'priorityClasses'>,
  rules?: readonly CountedRule[],
): ClusterNode[] {
  const { tolerations = [], nodeSelector, affinity, priorityClassName } = ours.spec;
  const { value: priority = 0, preemptionPolicy } = classOf(priorityClassName, priorityClasses) ?? {};
  const mayPreempt = ({ spec }: ObservedPod) =>
    preemptionPolicy !== 'Never' && (spec.priority ?? 0) < priority;
  const counted = pods.filter((pod) => !isOneOf(ours, pod) && !isFinished(pod));
  return nodes.map(({ metadata: { name, labels = {} }, spec, status }) => {
    const here = counted.filter((pod) => pod.spec.nodeName === name);
    const allocatable = (resource: string) =>
      readAmount(`node ${name}: allocatable`, status?.allocatable, resource).amount;
    const taints = untolerated(spec?.taints ?? [], tolerations);
    const more = moreRequestedBy(ours.spec);
    return {
      name,
      cpuAllocatableMillis: allocatable('cpu'),
      memoryAllocatableBytes: allocatable('memory'),
      podsFree: allocatable('pods') - here.length,
      tainted: taints.some(({ effect }) => effect !== 'PreferNoSchedule'),
      unselected: unmetOn({ name, labels }, nodeSelector, affinity?.nodeAffinity),
      cordoned: spec?.unschedulable === true && untolerated([UNSCHEDULABLE], tolerations).length > 0,
      taintsPreferNoSchedule: taints.filter(({ effect }) => effect === 'PreferNoSchedule').length,
      others: othersOf(here, ours),
      lowerPriority: here.filter(mayPreempt).map((pod) => lowerPriorityPodOf(pod, ours)),
      ...(rules === undefined ? {} : { domains: domainsOf(labels, here, rules) }),
      ...(affinity?.nodeAffinity === undefined
        ? {}
        : { preferredWeight: preferredWeightOf({ name, labels }, affinity.nodeAffinity) }),
      ...(more.length === 0
        ? {}
        : {
            moreFree: Object.fromEntries(
              more.map((resource) => [
                resource,
                here.reduce(
                  (free, pod) => free - amountOf(pod, 'requests', resource).amount,
                  allocatable(resource),
                ),
              ]),
            ),
          }),
      ...(here.some((pod) => sharePorts(pod.spec, ours.spec)) ? { portsTaken: true } : {}),
    };
  });
}

const domainsOf = (
  labels: Labels,
  here: readonly ObservedPod[],
  rules: readonly CountedRule[],
): readonly Domain[] =>
  rules.map(({ rule, countsOther }) => ({
    value: labels[rule.topologyKey],
    others: here.reduce((sum, pod) => sum + countsOther(pod), 0),
  }));

function lowerPriorityPodOf(pod: ObservedPod, ours: OurPods): LowerPriorityPod {
  const { requests, limits, scored } = othersOf([pod], ours);
  const more = moreRequestedBy(ours.spec);
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
    ...(more.length === 0
      ? {}
      : {
          more: Object.fromEntries(
            more.map((resource) => [resource, amountOf(pod, 'requests', resource).amount]),
          ),
        }),
  };
}

/** What else of the cluster decides about a variant's pods. */
export const surroundingsFor = (variant: VariantName, cluster: ObservedCluster): Surroundings =>
  surroundingsOf(podsOfVariant(variant), cluster);

/** What the namespace judges of a pod. A variant's pod has one container. */
const admittedOf = ({ requests, limits }: Resources, spec: PodSpec): AdmittedPod => ({
  requests,
  limits,
  containers:
    spec.containers.length === 0
      ? containersOf({ containers: [{ resources: { requests: { ...requests }, limits: { ...limits } } }] })
      : containersOf(spec),
  whole: spec.resources && { path: 'spec.resources', requests: {}, limits: {}, ...spec.resources },
});

/**
 * What else of the cluster decides about our pods.
 *
 * @param rules rules about our pods' domains that {@link nodesOf} counted. @default none
 */
export function surroundingsOf(
  pods: OurPods,
  cluster: ObservedCluster,
  rules?: readonly CountedRule[],
): Surroundings {
  const { priorityClasses, limitRanges, unread } = cluster;
  const { namespace, labels, spec } = pods;
  const ours = cluster.pods.filter((pod) => isOneOf(pods, pod) && !isFinished(pod));
  const sum = (kind: keyof Resources, resource: keyof Amounts) =>
    ours.reduce((total, pod) => total + amountOf(pod, kind, resource).amount, 0);
  const sums = (kind: keyof Resources) => ({ cpu: sum(kind, 'cpu'), memory: sum(kind, 'memory') });
  const use = { requests: sums('requests'), limits: sums('limits'), pods: ours.length };
  const { priorityClassName } = spec;
  const found = classOf(priorityClassName, priorityClasses);
  const scope = scopeOf(spec, found?.metadata.name ?? priorityClassName);
  const quotas = cluster.quotas.filter((quota) => countsOurs(quota, scope));
  const isMissing = priorityClassName !== undefined && priorityClasses.length > 0 && found === undefined;
  const others = cluster.pods.filter((pod) => !isOneOf(pods, pod));
  return {
    bound: (resources) =>
      isMissing
        ? { pods: 0, reason: `no PriorityClass with name ${priorityClassName} was found` }
        : boundOf(admittedOf(resources, spec), use, { quotas, limitRanges }),
    notCounted: [
      ...notCountedIn(
        { namespace, labels, more: moreRequestedBy(spec), countsDomains: rules !== undefined },
        { ...cluster, pods: others, quotas },
      ),
      ...unread,
    ],
  };
}

function othersOf(pods: readonly ObservedPod[], { prefix, namespace }: OurPods): OtherPods {
  // The API server lists pods in the order of their keys.
  const key = (pod: { namespace: string; name: string }) => Buffer.from(`${pod.namespace}/${pod.name}`);
  const sorted = [...pods].sort((a, b) => key(a.metadata).compare(key(b.metadata)));
  const ours = key({ namespace, name: prefix });
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
