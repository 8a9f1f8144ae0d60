/**
 * A cluster that is described by its nodes' number and size, as a cluster that was read, and what it cannot answer to. Pure
 * functions.
 */
import { type ClusterNode, DEFAULT_ARCHITECTURE, SYSTEM_PODS } from '../scheduler/cluster';
import { IMAGE_ARCHITECTURES, NODE_SELECTOR } from '../construct/deployment-defaults';
import type { Architecture } from '../construct/inference-service-props';
import type { Labels } from '../scheduler/label-selector';
import { ARCHITECTURE_LABEL } from '../construct/node-affinity';
import { type NodeAffinity, type Taint, unmetOn, untolerated } from '../scheduler/node-match';
import { type PodSpec, podsOfVariant, type VariantName } from './our-pods';
import { affinityTermsOf, moreRequestedBy } from './pod-demand';
import type { ObservedPod, PodAffinity, Quantities } from './pod-resources';
import type { ObservedCluster, ObservedPriorityClass } from './read-cluster';

/** Labels that every described node has. */
const labelsOf = (name: string, architecture: Architecture): Labels => ({
  'kubernetes.io/hostname': name,
  ...NODE_SELECTOR,
  [ARCHITECTURE_LABEL]: architecture,
});
const KNOWN_LABELS = new Set(Object.keys(labelsOf('', DEFAULT_ARCHITECTURE)));

const CONTROL_PLANE: Taint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };

/** The architecture of nodes that are described for a variant: one on which its pods may run. */
export const architectureFor = ({
  nodeSelector = {},
  architectures = IMAGE_ARCHITECTURES,
}: Pick<VariantName, 'nodeSelector' | 'architectures'>): Architecture =>
  architectures.find((each) => each === nodeSelector[ARCHITECTURE_LABEL]) ??
  (architectures.includes(DEFAULT_ARCHITECTURE) ? DEFAULT_ARCHITECTURE : architectures[0]!);

/** The priority classes that every cluster has. */
const BUILT_IN: readonly ObservedPriorityClass[] = [
  { metadata: { name: 'system-cluster-critical' }, value: 2_000_000_000 },
  { metadata: { name: 'system-node-critical' }, value: 2_000_001_000 },
];

/** Described nodes as a cluster that was read: with the system's pods and nothing else. */
export function describedCluster(
  nodes: readonly ClusterNode[],
  architecture: Architecture = DEFAULT_ARCHITECTURE,
): ObservedCluster {
  return {
    nodes: nodes.map(({ name, cpuAllocatableMillis, memoryAllocatableBytes, podsFree, tainted }) => ({
      metadata: { name, labels: labelsOf(name, architecture) },
      spec: { taints: tainted ? [CONTROL_PLANE] : [] },
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
      ...(lacksClass ? [`the priority class ${priorityClassName}, whose value is unknown`] : []),
    ],
  };
}

/**
 * Described nodes as a variant finds them, and what they cannot answer to.
 *
 * @param architecture of every node
 */
export function describedFor(
  variant: VariantName,
  nodes: readonly ClusterNode[],
  architecture: Architecture = architectureFor(variant),
): { readonly nodes: readonly ClusterNode[]; readonly notCounted: readonly string[] } {
  const { spec, notCounted } = onDescribedNodes(podsOfVariant(variant).spec, BUILT_IN);
  const { nodeSelector, affinity, tolerations = [] } = spec;
  return {
    nodes: nodes.map((node) => ({
      ...node,
      tainted: node.tainted && untolerated([CONTROL_PLANE], tolerations).length > 0,
      unselected: unmetOn(
        { name: node.name, labels: labelsOf(node.name, architecture) },
        nodeSelector,
        affinity?.nodeAffinity,
      ),
    })),
    notCounted,
  };
}
