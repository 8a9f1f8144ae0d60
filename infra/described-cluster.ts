/**
 * A cluster that is described by its nodes' number and size, as a cluster that was read, and what it cannot answer to. Pure
 * functions.
 */
import { type ClusterNode, SYSTEM_PODS } from './cluster';
import type { Labels } from './label-selector';
import type { NodeAffinity } from './node-match';
import type { PodSpec } from './our-pods';
import { affinityTermsOf, moreRequestedBy } from './pod-demand';
import type { ObservedPod, PodAffinity, Quantities } from './pod-resources';
import type { ObservedCluster, ObservedPriorityClass } from './read-cluster';

/** Labels that every described node has. */
const labelsOf = (name: string): Labels => ({
  'kubernetes.io/hostname': name,
  'kubernetes.io/os': 'linux',
});
const KNOWN_LABELS = new Set(Object.keys(labelsOf('')));

/** The priority classes that every cluster has. */
const BUILT_IN: readonly ObservedPriorityClass[] = [
  { metadata: { name: 'system-cluster-critical' }, value: 2_000_000_000 },
  { metadata: { name: 'system-node-critical' }, value: 2_000_001_000 },
];

/** Described nodes as a cluster that was read: with the system's pods and nothing else. */
export function describedCluster(nodes: readonly ClusterNode[]): ObservedCluster {
  return {
    nodes: nodes.map(({ name, cpuAllocatableMillis, memoryAllocatableBytes, podsFree, tainted }) => ({
      metadata: { name, labels: labelsOf(name) },
      spec: {
        taints: tainted ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : [],
      },
      status: {
        allocatable: {
          cpu: `${cpuAllocatableMillis}m`,
          memory: String(memoryAllocatableBytes),
          // The system's pods count as one.
          pods: String(podsFree + 1),
        },
      },
    })),
    pods: nodes.map(({ name }): ObservedPod => {
      const { requests, limits } = SYSTEM_PODS;
      return {
        metadata: { namespace: 'kube-system', name },
        spec: {
          nodeName: name,
          priority: BUILT_IN[1]!.value,
          containers: [{ resources: { requests: { ...requests }, limits: { ...limits } } }],
        },
        status: { phase: 'Running' },
      };
    }),
    priorityClasses: BUILT_IN,
    quotas: [],
    limitRanges: [],
    unread: [],
  };
}

const isKnown = (key: string) => KNOWN_LABELS.has(key);

/** The labels of nodes that a node affinity requires. */
const requiredKeys = ({ requiredDuringSchedulingIgnoredDuringExecution: required }: NodeAffinity): string[] =>
  (required?.nodeSelectorTerms ?? []).flatMap(({ matchExpressions = [] }) =>
    matchExpressions.map(({ key }) => key),
  );

const withoutUnknown = (affinity: PodAffinity = {}): PodAffinity => ({
  requiredDuringSchedulingIgnoredDuringExecution: (
    affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []
  ).filter(({ topologyKey = '' }) => isKnown(topologyKey)),
  preferredDuringSchedulingIgnoredDuringExecution: (
    affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []
  ).filter(({ podAffinityTerm }) => isKnown(podAffinityTerm.topologyKey ?? '')),
});

/** A pod without what described nodes cannot answer to, and the sentences that say so. */
export function onDescribedNodes(
  spec: PodSpec,
  priorityClasses: readonly ObservedPriorityClass[],
): { readonly spec: PodSpec; readonly notCounted: readonly string[] } {
  const { affinity = {}, priorityClassName, ...rest } = spec;
  const { nodeSelector = {}, topologySpreadConstraints = [] } = rest;
  const { nodeAffinity = {} } = affinity;
  const preferred = nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const keys = [
    ...Object.keys(nodeSelector),
    ...requiredKeys(nodeAffinity),
    ...preferred.flatMap(({ preference }) => (preference.matchExpressions ?? []).map(({ key }) => key)),
    ...topologySpreadConstraints.map(({ topologyKey }) => topologyKey),
    ...affinityTermsOf(spec).map(({ topologyKey = '' }) => topologyKey),
  ].filter((key) => !isKnown(key));
  const more = moreRequestedBy(spec);
  const lacksClass =
    priorityClassName !== undefined &&
    !priorityClasses.some(({ metadata }) => metadata.name === priorityClassName);
  const drop = ({ resources = {}, ...container }: PodSpec['containers'][number]) => {
    const kept = (list: Quantities = {}): Quantities =>
      Object.fromEntries(Object.entries(list).filter(([name]) => !more.includes(name)));
    return {
      ...container,
      resources: { requests: kept(resources.requests), limits: kept(resources.limits) },
    };
  };
  return {
    spec: {
      ...rest,
      ...(priorityClassName === undefined || lacksClass ? {} : { priorityClassName }),
      containers: spec.containers.map(drop),
      initContainers: (spec.initContainers ?? []).map(drop),
      nodeSelector: Object.fromEntries(Object.entries(nodeSelector).filter(([key]) => isKnown(key))),
      topologySpreadConstraints: topologySpreadConstraints.filter(({ topologyKey }) => isKnown(topologyKey)),
      affinity: {
        ...(requiredKeys(nodeAffinity).every(isKnown) ? { nodeAffinity } : {}),
        podAffinity: withoutUnknown(affinity.podAffinity),
        podAntiAffinity: withoutUnknown(affinity.podAntiAffinity),
      },
    },
    notCounted: [
      ...(keys.length === 0
        ? []
        : [`rules by the labels ${[...new Set(keys)].join(', ')}, which the described nodes do not have`]),
      ...(more.length === 0
        ? []
        : [`requests of ${more.join(', ')}, which the described nodes do not offer`]),
      ...(lacksClass ? [`the priority class ${priorityClassName}, which the files do not hold`] : []),
    ],
  };
}
