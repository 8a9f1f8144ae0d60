/**
 * What one pod of a template asks of a node and of its namespace, after the API server has filled in what it leaves out. Pure
 * functions.
 */
import type { PodScope } from './admission';
import type { ObservedLimitRange } from './limit-ranges';
import type { CountedRule, OurPods, PodSpec } from './our-pods';
import {
  amountOf,
  type HostPort,
  type ObservedContainer,
  type PodAffinityTerm,
  type Quantities,
} from './pod-resources';
import { formatCpu, formatMemory } from '../quantity';
import type { Demand } from '../scheduler/scheduling';
import type { ListsAt } from './request-refusals';
import { ASSUMED } from '../scheduler/scoring';
import type { Amounts, Resources } from '../variants';

/** A container's requests and limits. */
export type ContainerLists = ListsAt & { readonly name: string };

const listsAt = (
  field: 'containers' | 'initContainers',
  containers: readonly ObservedContainer[] = [],
): ContainerLists[] =>
  containers.map(({ name = '', resources }, i) => ({
    name,
    path: `spec.${field}[${i}].resources`,
    requests: resources?.requests ?? {},
    limits: resources?.limits ?? {},
  }));

/** Requests and limits of each container, init containers included. */
export const containersOf = ({
  containers,
  initContainers,
}: Pick<PodSpec, 'containers' | 'initContainers'>): ContainerLists[] => [
  ...listsAt('containers', containers),
  ...listsAt('initContainers', initContainers),
];

/** Names of the resources other than CPU and memory that the pod requests. */
export const moreRequestedBy = (spec: Pick<PodSpec, 'containers' | 'initContainers'>): string[] => [
  ...new Set(
    containersOf(spec)
      .flatMap(({ requests, limits }) => Object.keys({ ...requests, ...limits }))
      .filter((resource) => resource !== 'cpu' && resource !== 'memory'),
  ),
];

type PortsOfPod = Pick<PodSpec, 'containers' | 'initContainers' | 'hostNetwork'>;

/** The ports of the node that a pod takes. On the node's network every port is one. */
function hostPortsOf({ containers, initContainers = [], hostNetwork }: PortsOfPod): HostPort[] {
  const running = [
    ...containers,
    ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ];
  return running
    .flatMap(({ ports = [] }) => ports)
    .map((port) => ({
      ...port,
      hostPort: port.hostPort ?? (hostNetwork === true ? port.containerPort : 0) ?? 0,
    }))
    .filter(({ hostPort }) => hostPort > 0);
}

const ANY_ADDRESS = '0.0.0.0';

/** Whether two pods cannot be on one node, because they take the same port of it. */
export function sharePorts(one: PortsOfPod, other: PortsOfPod): boolean {
  const addressOf = ({ hostIP = '' }: HostPort) => (hostIP === '' ? ANY_ADDRESS : hostIP);
  const clash = (a: HostPort, b: HostPort) =>
    a.hostPort === b.hostPort &&
    (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP') &&
    (addressOf(a) === addressOf(b) || [addressOf(a), addressOf(b)].includes(ANY_ADDRESS));
  const ports = hostPortsOf(other);
  return hostPortsOf(one).some((port) => ports.some((each) => clash(port, each)));
}

/**
 * The pod as the API server creates it: a missing request is the limit, then a LimitRange's defaults hold.
 *
 * @see https://kubernetes.io/docs/concepts/policy/limit-range/
 */
export function admittedSpec(spec: PodSpec, limitRanges: readonly ObservedLimitRange[]): PodSpec {
  const defaults = limitRanges.flatMap(({ spec: { limits } }) =>
    limits.filter(({ type }) => type === 'Container'),
  );
  // Of several defaults the first one holds.
  const merged = (lists: readonly (Quantities | undefined)[]): Quantities =>
    lists.reduceRight<Quantities>((all, list) => ({ ...all, ...list }), {});
  const filled = ({ resources = {}, ...container }: ObservedContainer): ObservedContainer => {
    const { requests, limits } = resources;
    return {
      ...container,
      resources: {
        requests: merged([requests, limits, ...defaults.map(({ defaultRequest }) => defaultRequest)]),
        limits: merged([limits, ...defaults.map((each) => each.default)]),
      },
    };
  };
  const { containers, initContainers, resources: whole } = spec;
  const found = {
    ...spec,
    containers: containers.map(filled),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(filled) }),
  };
  if (whole?.limits === undefined) return found;
  // A limit of the whole pod is its request too, where neither it nor a container requests any.
  const missing = Object.entries(whole.limits).filter(
    ([resource]) => !containersOf(found).some(({ requests }) => Object.hasOwn(requests, resource)),
  );
  const requests = { ...Object.fromEntries(missing), ...whole.requests };
  return { ...found, resources: { ...whole, requests } };
}

/**
 * What one of our pods asks for.
 *
 * @throws Error naming the pod and the resource for an unreadable quantity
 */
export function demandOf(ours: OurPods, rules: readonly CountedRule[]): Demand {
  const { prefix, namespace, spec } = ours;
  const pod = { metadata: { namespace, name: prefix.replace(/-$/, '') }, spec };
  const amounts = (kind: keyof Resources, none?: Amounts): Amounts => {
    const memory = amountOf(pod, kind, 'memory', none?.memory);
    return {
      cpu: formatCpu(amountOf(pod, kind, 'cpu', none?.cpu).amount),
      memory: formatMemory(memory.amount, memory.format),
    };
  };
  const more = moreRequestedBy(spec).map(
    (resource) => [resource, amountOf(pod, 'requests', resource).amount] as const,
  );
  return {
    requests: amounts('requests'),
    limits: amounts('limits'),
    scored: amounts('requests', ASSUMED),
    more: Object.fromEntries(more.filter(([, amount]) => amount > 0)),
    needsPorts: sharePorts(spec, spec),
    rules: rules.map(({ rule }) => rule),
  };
}

/** Every term of the pod's affinity and anti-affinity to other pods. */
export const affinityTermsOf = ({ affinity = {} }: Pick<PodSpec, 'affinity'>): PodAffinityTerm[] =>
  [affinity.podAffinity, affinity.podAntiAffinity].flatMap((each) => [
    ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm }) => podAffinityTerm,
    ),
  ]);

/** What of a pod a quota's scopes ask about. A spec without containers is a variant's, which has requests. */
export function scopeOf(spec: PodSpec, priorityClass: string | undefined): PodScope {
  const lists = containersOf(spec).flatMap(({ requests, limits }) => [requests, limits]);
  return {
    priorityClass,
    isBestEffort:
      lists.length > 0 &&
      [...lists, spec.resources?.requests ?? {}, spec.resources?.limits ?? {}].every(
        ({ cpu, memory }) => cpu === undefined && memory === undefined,
      ),
    isTerminating: spec.activeDeadlineSeconds !== undefined,
    crossesNamespaces: affinityTermsOf(spec).some(
      ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
    ),
  };
}
