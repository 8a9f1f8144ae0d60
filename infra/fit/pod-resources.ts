/**
 * Requests and limits of a running pod, as the scheduler counts them and kubectl adds them. Pure functions.
 */
import { formatOf, parseCount, parseCpuMillis, parseMemoryBytes, type QuantityFormat } from '../quantity';
import type { LabelSelector } from '../scheduler/label-selector';
import type { Resources } from '../variants';

/** Quantities by resource, as the API server returns them. */
export type Quantities = Readonly<Record<string, string>>;

/** What a pod's affinity selects. */
export interface PodAffinityTerm {
  readonly labelSelector?: LabelSelector;
  /** @default the pod's own */
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly topologyKey?: string;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

/** Affinity or anti-affinity between pods. */
export interface PodAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    readonly weight: number;
    readonly podAffinityTerm: PodAffinityTerm;
  }[];
}

/** A port of a container, which takes the node's port if it has a hostPort. */
export interface HostPort {
  readonly hostPort?: number;
  readonly containerPort?: number;
  readonly protocol?: string;
  readonly hostIP?: string;
}

/** Requests and limits as they are written. */
export interface ResourceLists {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
}

export interface ObservedContainer {
  readonly name?: string;
  readonly resources?: ResourceLists;
  readonly ports?: readonly HostPort[];
  /** `Always` marks an init container that keeps running as a sidecar. */
  readonly restartPolicy?: string;
}

/** What the kubelet reports of a container or a pod: what is in force, and what it has promised to a resize. */
interface ReportedResources {
  readonly resources?: ResourceLists;
  readonly allocatedResources?: Quantities;
}

type ContainerStatus = ReportedResources & { readonly name: string };

/** The fields of a pod that count, as the API server returns them. */
export interface ObservedPod {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: Pick<ObservedContainer, 'resources'> & {
    readonly nodeName?: string;
    readonly containers: readonly ObservedContainer[];
    readonly initContainers?: readonly ObservedContainer[];
    readonly overhead?: Quantities;
    /** @default 0 */
    readonly priority?: number;
    readonly affinity?: { readonly podAffinity?: PodAffinity; readonly podAntiAffinity?: PodAffinity };
  };
  readonly status?: ReportedResources & {
    readonly phase?: string;
    /** RFC 3339. */
    readonly startTime?: string;
    readonly conditions?: readonly { readonly type: string; readonly reason?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

/** Millicores or bytes, and the notation that kubectl prints them in. */
export interface Amount {
  readonly amount: number;
  readonly format: QuantityFormat;
}

/** The start of a sum. */
export const NOTHING: Amount = { amount: 0, format: 'decimal' };

/** Adds as kubectl does: the first amount above zero gives the sum its notation. */
export const addAmounts = (sum: Amount, { amount, format }: Amount): Amount => ({
  amount: sum.amount + amount,
  format: sum.amount === 0 ? format : sum.format,
});

const larger = (one: Amount, other: Amount): Amount => (other.amount > one.amount ? other : one);

/** Reads whole units of a resource: millicores of CPU, bytes of memory, and a count of anything else. */
const parserOf = (resource: string): ((text: string) => number) =>
  resource === 'cpu' ? parseCpuMillis : resource === 'memory' ? parseMemoryBytes : parseCount;

/** Reads one quantity of a map, or `none` if it is missing. `whose` names the map in errors. */
export function readAmount(
  whose: string,
  texts: Quantities | undefined,
  resource: string,
  none = '0',
): Amount {
  const text = texts?.[resource] ?? none;
  try {
    return { amount: parserOf(resource)(text), format: formatOf(text) };
  } catch (error) {
    throw new Error(`${whose}.${resource}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The amounts of which the largest counts. While a resize in place is in progress, that is what was asked for, what is in
 * force and what the kubelet has promised; a request that the kubelet refused for good does not count.
 *
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/
 */
function countedOf(
  { status }: ObservedPod,
  kind: keyof Resources,
  asked: Quantities | undefined,
  reported: ReportedResources | undefined,
): (Quantities | undefined)[] {
  if (reported?.resources === undefined) return [asked];
  const isRefused = (status?.conditions ?? []).some(
    ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
  );
  return [
    ...(isRefused ? [] : [asked]),
    reported.resources[kind],
    ...(kind === 'requests' ? [reported.allocatedResources] : []),
  ];
}

/**
 * What a pod counts for: the larger of all its running containers and its largest init step, plus its overhead.
 *
 * @param none what a container without the quantity counts for
 * @see https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
export function amountOf(pod: ObservedPod, kind: keyof Resources, resource: string, none = '0'): Amount {
  const { metadata, spec, status } = pod;
  const whose = `pod ${metadata.namespace}/${metadata.name}`;
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const largest = (asked: Quantities | undefined, reported: ReportedResources | undefined): Amount => {
    const lists = countedOf(pod, kind, asked, reported).filter((list) => list?.[resource] !== undefined);
    if (lists.length === 0) return readAmount(`${whose}: ${kind}`, undefined, resource, none);
    return lists.map((list) => readAmount(`${whose}: ${kind}`, list, resource)).reduce(larger);
  };
  const of = ({ name, resources }: ObservedContainer) =>
    largest(
      resources?.[kind],
      statuses.find((each) => each.name === name),
    );
  let running = spec.containers.map(of).reduce(addAmounts, NOTHING);
  let sidecars = NOTHING;
  let starting = NOTHING;
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      running = addAmounts(running, of(container));
      sidecars = addAmounts(sidecars, of(container));
      starting = larger(starting, sidecars);
    } else {
      // It is not resized while it runs.
      starting = larger(starting, addAmounts(largest(container.resources?.[kind], undefined), sidecars));
    }
  }
  const whole = spec.resources?.[kind];
  const total = whole?.[resource] === undefined ? larger(running, starting) : largest(whole, status);
  // A pod without a limit has no limit for its overhead either.
  return kind === 'limits' && total.amount === 0
    ? total
    : addAmounts(total, readAmount(`${whose}: overhead`, spec.overhead, resource));
}
