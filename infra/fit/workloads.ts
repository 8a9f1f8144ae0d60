/**
 * The workloads of manifests: what creates pods, in how many replicas, and how an update replaces them. Pure functions.
 */
import type { ObservedQuota } from './admission';
import { autoscalerRemarks, type AutoscalerObject } from './autoscaler-remarks';
import type { Labels, LabelSelector } from '../scheduler/label-selector';
import { matches } from '../scheduler/label-selector';
import { type ObservedLimitRange, storedLimitRange } from './limit-ranges';
import type { OurPods, PodSpec } from './our-pods';
import { admittedSpec } from './pod-demand';
import type { ManifestObject } from './read-manifests';
import type { ObservedPriorityClass } from './read-cluster';
import { recreating, rollingUpdate, type Rollout, type Strategy, untouched } from './rollout';
import { autoscalerOfScaledObject, type ScaledObject } from './scaled-object';

/** Replica counts to place, each with its name, the lowest first. */
export type ReplicaCounts = readonly (readonly [label: string, replicas: number])[];

/** An object that creates equal pods. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly counts: ReplicaCounts;
  readonly pods: OurPods;
  readonly rollout: (replicas: number) => Rollout;
  /** Whether each pod waits for the one before to be ready. */
  readonly oneByOne: boolean;
  /** Whether each pod gets persistent volumes of its own. */
  readonly claimsVolumes: boolean;
  /** What the objects say that works against them. */
  readonly remarks: readonly string[];
}

/** What manifests hold that decides about pods, and what else. */
export interface Manifests {
  readonly workloads: readonly Workload[];
  readonly priorityClasses: readonly ObservedPriorityClass[];
  readonly quotas: readonly (ObservedQuota & { readonly namespace: string })[];
  readonly limitRanges: readonly (ObservedLimitRange & { readonly namespace: string })[];
  /** Other objects, by what is known of them. */
  readonly skipped: readonly string[];
  /** Objects that may create pods that are not placed. */
  readonly notPlaced: readonly string[];
}

/** A Deployment, StatefulSet or ReplicaSet after `infra/fit/manifest-schema.ts` has checked it. */
interface WorkloadObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: LabelSelector;
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
    readonly strategy?: Strategy;
    readonly updateStrategy?: { readonly type?: string };
    readonly podManagementPolicy?: string;
    readonly volumeClaimTemplates?: readonly unknown[];
  };
}

/** How the pods of each kind are named, told apart and replaced. */
const KINDS: Readonly<
  Record<
    string,
    { readonly hashed: boolean; readonly rolloutOf: (object: WorkloadObject) => Workload['rollout'] }
  >
> = {
  Deployment: {
    hashed: true,
    rolloutOf: ({ spec: { strategy = {} } }) =>
      strategy.type === 'Recreate' ? () => recreating : rollingUpdate(strategy),
  },
  StatefulSet: {
    hashed: false,
    rolloutOf: ({ spec: { updateStrategy = {} } }) =>
      untouched(
        updateStrategy.type === 'OnDelete'
          ? 'an update waits until you delete the pods (OnDelete)'
          : 'a rolling update needs no more room: each pod stops before its successor starts',
      ),
  },
  ReplicaSet: {
    hashed: false,
    rolloutOf: () => untouched('no rolling update: a ReplicaSet does not replace its pods'),
  },
};

/** Kinds without pods, which decide nothing about them. */
const WITHOUT_PODS = new Set(
  (
    'Service ServiceAccount ConfigMap Secret Namespace Role RoleBinding ClusterRole ClusterRoleBinding Ingress IngressClass ' +
    'NetworkPolicy PodDisruptionBudget PersistentVolumeClaim PersistentVolume StorageClass CustomResourceDefinition ' +
    'ValidatingWebhookConfiguration MutatingWebhookConfiguration APIService PodMonitor ServiceMonitor PrometheusRule ' +
    'HTTPRoute Gateway GatewayClass Certificate Issuer ClusterIssuer Endpoints EndpointSlice Lease'
  ).split(' '),
);

/** Kinds of Kubernetes whose pods are not placed. */
const OTHER_PODS = new Set(['Pod', 'DaemonSet', 'Job', 'CronJob', 'ReplicationController']);

const nameOf = ({ kind, namespace, name }: ManifestObject) => `${kind} ${namespace}/${name}`;

interface Named {
  readonly metadata: { readonly name: string };
}

/** The objects of a namespace after those of the files are applied: each replaces the one of its name. */
export const withReplaced = <T extends Named>(
  existing: readonly T[],
  applied: readonly T[],
): readonly T[] => [
  ...existing.filter(({ metadata }) => applied.every((each) => each.metadata.name !== metadata.name)),
  ...applied,
];

/** Counts of equal words: `2 Service, 1 ConfigMap`. */
function counted(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
}

/** The autoscaler of a workload, and the others that target it. */
function autoscalerOf(workload: ManifestObject, autoscalers: readonly ManifestObject[]) {
  const found = autoscalers.filter(({ namespace, body }) => {
    const { kind, name } = (body as AutoscalerObject).spec.scaleTargetRef;
    return namespace === workload.namespace && kind === workload.kind && name === workload.name;
  });
  if (found.length < 2) return found[0]?.body as AutoscalerObject | undefined;
  throw new Error(
    `${found[1]!.where} must target another workload than ${nameOf(workload)}, which ${found[0]!.name} scales: keep one of them`,
  );
}

function countsOf({ spec }: WorkloadObject, autoscaler: AutoscalerObject | undefined): ReplicaCounts {
  if (autoscaler === undefined) return [['replicas', spec.replicas ?? 1]];
  const { minReplicas = 1, maxReplicas } = autoscaler.spec;
  return [
    ['at minReplicas', minReplicas],
    ['at maxReplicas', maxReplicas],
  ];
}

function workloadOf(
  object: ManifestObject,
  autoscalers: readonly ManifestObject[],
  limitRanges: readonly ObservedLimitRange[],
): Workload {
  const { kind, name, namespace, where } = object;
  const body = object.body as WorkloadObject;
  const { selector, template, replicas, podManagementPolicy, volumeClaimTemplates = [] } = body.spec;
  const { labels } = template.metadata;
  if (!matches(selector, labels)) {
    throw new Error(
      `${where}: spec.template.metadata.labels must match spec.selector, received ${JSON.stringify(labels)} and ` +
        JSON.stringify(selector),
    );
  }
  const { hashed, rolloutOf } = KINDS[kind]!;
  const autoscaler = autoscalerOf(object, autoscalers);
  if (autoscaler !== undefined && autoscaler.spec.maxReplicas < (autoscaler.spec.minReplicas ?? 1)) {
    throw new Error(
      `${where}: its HorizontalPodAutoscaler's spec.maxReplicas must be at least spec.minReplicas, received ` +
        `${autoscaler.spec.maxReplicas} and ${autoscaler.spec.minReplicas ?? 1}`,
    );
  }
  const spec = admittedSpec(template.spec, limitRanges);
  return {
    kind,
    name,
    counts: countsOf(body, autoscaler),
    pods: { prefix: `${name}-`, namespace, labels, selector, spec, hashed },
    rollout: rolloutOf(body),
    oneByOne: kind === 'StatefulSet' && podManagementPolicy !== 'Parallel',
    claimsVolumes: volumeClaimTemplates.length > 0,
    remarks: autoscaler === undefined ? [] : autoscalerRemarks(autoscaler, spec, replicas),
  };
}

/**
 * Sorts objects into workloads, what else decides about their pods, and the rest.
 *
 * @param limitRangesOf the cluster's LimitRanges of a namespace, whose defaults the pods get
 * @throws Error naming the object and the field of what the API server would refuse, and if no object is a workload
 */
export function manifestsOf(
  objects: readonly ManifestObject[],
  limitRangesOf: (namespace: string) => readonly ObservedLimitRange[] = () => [],
): Manifests {
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  const scaledObjects = of('ScaledObject').map((object) => ({
    ...object,
    body: autoscalerOfScaledObject(object.body as ScaledObject),
  }));
  const autoscalers = [...of('HorizontalPodAutoscaler'), ...scaledObjects];
  const limitRanges = of('LimitRange').map(({ body, namespace }) => ({
    ...storedLimitRange(body as ObservedLimitRange),
    namespace,
  }));
  const isWorkload = ({ kind }: ManifestObject) => Object.hasOwn(KINDS, kind);
  const workloads = objects.filter(isWorkload).map((object) => {
    const own = limitRanges.filter(({ namespace }) => namespace === object.namespace);
    return workloadOf(object, autoscalers, withReplaced(limitRangesOf(object.namespace), own));
  });
  if (workloads.length === 0) {
    const held = objects.length === 0 ? 'no object' : counted(objects.map(({ kind }) => kind));
    throw new Error(`--file must hold a ${Object.keys(KINDS).join(' or a ')}, received ${held}`);
  }
  const isTargeted = ({ namespace, body }: ManifestObject) => {
    const { kind, name } = (body as AutoscalerObject).spec.scaleTargetRef;
    return workloads.some(
      (each) => each.kind === kind && each.name === name && each.pods.namespace === namespace,
    );
  };
  const used = new Set([
    'HorizontalPodAutoscaler',
    'ScaledObject',
    'PriorityClass',
    'ResourceQuota',
    'LimitRange',
  ]);
  const rest = objects.filter((object) => !isWorkload(object) && !used.has(object.kind));
  const harmless = rest.filter(({ kind }) => WITHOUT_PODS.has(kind));
  const unknown = rest.filter(({ kind }) => !WITHOUT_PODS.has(kind) && !OTHER_PODS.has(kind));
  return {
    workloads,
    priorityClasses: of('PriorityClass').map(({ body }) => body as ObservedPriorityClass),
    quotas: of('ResourceQuota').map(({ body, namespace }) => ({ ...(body as ObservedQuota), namespace })),
    limitRanges,
    skipped: [
      ...(harmless.length > 0 ? [`objects without pods: ${counted(harmless.map(({ kind }) => kind))}`] : []),
      ...autoscalers
        .filter((each) => !isTargeted(each))
        .map((each) => `${nameOf(each)}, whose target is not in the files`),
      ...unknown.map((object) => `${nameOf(object)}, a kind that fit does not know and that may create pods`),
    ],
    notPlaced: rest
      .filter(({ kind }) => OTHER_PODS.has(kind))
      .map((object) => `the pods of ${nameOf(object)}`),
  };
}
