/**
 * What of equal pods decides where they go: a variant's, or those of any Deployment. Pure functions.
 */
import { NODE_SELECTOR, TOLERATIONS } from '../construct/deployment-defaults';
import { type DomainRule, HOSTNAME, type PreferredRule, type RequiredRule } from '../scheduler/domain-rules';
import { type Labelled, podLabelsOf, selectorOf } from '../construct/inference-service';
import type { InferenceServiceProps } from '../construct/inference-service-props';
import {
  isEmpty,
  type Labels,
  type LabelSelector,
  matches,
  type Requirement,
} from '../scheduler/label-selector';
import { withArchitectures } from '../construct/node-affinity';
import type { NodeAffinity, Toleration } from '../scheduler/node-match';
import type { ObservedPod, PodAffinityTerm } from './pod-resources';

/** A rule of a pod's topology spread. */
export interface SpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly whenUnsatisfiable: string;
  readonly labelSelector?: LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
}

type ObservedSpec = ObservedPod['spec'];

/** The fields of a pod that decide where it goes. */
export interface PodSpec extends Omit<ObservedSpec, 'affinity'> {
  readonly affinity?: NonNullable<ObservedSpec['affinity']> & { readonly nodeAffinity?: NodeAffinity };
  readonly nodeSelector?: Labels;
  readonly tolerations?: readonly Toleration[];
  readonly topologySpreadConstraints?: readonly SpreadConstraint[];
  readonly priorityClassName?: string;
  readonly hostNetwork?: boolean;
  /** A pod with a deadline is `Terminating` to a quota. */
  readonly activeDeadlineSeconds?: number;
}

/** Equal pods that one object creates. */
export interface OurPods {
  /** Start of their names. */
  readonly prefix: string;
  readonly namespace: string;
  readonly labels: Labels;
  /** Tells those of them that run already. */
  readonly selector: LabelSelector;
  readonly spec: PodSpec;
  /** Whether a new revision has a label `pod-template-hash` of its own, as in a Deployment. */
  readonly hashed: boolean;
}

/** What of a variant's objects counts in a real cluster. */
export interface VariantName
  extends
    Labelled,
    Pick<InferenceServiceProps, 'nodeSelector' | 'architectures' | 'tolerations' | 'priorityClassName'> {
  readonly namespace: string;
}

/** The pods of a variant. */
export const podsOfVariant = (variant: VariantName): OurPods => {
  const {
    name,
    appName,
    namespace,
    nodeSelector,
    architectures,
    tolerations = [],
    priorityClassName,
  } = variant;
  return {
    prefix: `${name}-`,
    namespace,
    labels: podLabelsOf(variant),
    selector: { matchLabels: selectorOf(name, appName) },
    spec: {
      containers: [],
      tolerations: [...TOLERATIONS, ...tolerations],
      nodeSelector: { ...NODE_SELECTOR, ...nodeSelector },
      affinity: withArchitectures({}, architectures),
      ...(priorityClassName === undefined ? {} : { priorityClassName }),
    },
    hashed: true,
  };
};

/** Whether a pod of a cluster is one of ours. */
export const isOneOf = ({ namespace, selector }: OurPods, { metadata }: ObservedPod): boolean =>
  metadata.namespace === namespace && matches(selector, metadata.labels ?? {});

/** Label that tells the revisions of a Deployment apart. */
export const REVISION = 'pod-template-hash';

/** Which pods a rule is about. */
interface Subjects {
  readonly countsOurs: boolean;
  readonly perRevision: boolean;
  readonly countsOther: (pod: ObservedPod) => boolean;
}

interface Selection {
  readonly labelSelector?: LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

/** The selector of a rule with the pod's own values of the labels that it names. */
function subjectsOf(
  { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: Selection,
  { labels, hashed }: OurPods,
  reaches: (namespace: string) => boolean,
): Subjects {
  const own = (keys: readonly string[], operator: string): Requirement[] =>
    keys
      .filter((key) => Object.hasOwn(labels, key))
      .map((key) => ({ key, operator, values: [labels[key]!] }));
  const selector = labelSelector && {
    ...labelSelector,
    matchExpressions: [
      ...(labelSelector.matchExpressions ?? []),
      ...own(matchLabelKeys, 'In'),
      ...own(mismatchLabelKeys, 'NotIn'),
    ],
  };
  const perRevision = hashed && matchLabelKeys.includes(REVISION);
  return {
    countsOurs: matches(selector, labels) && !(hashed && mismatchLabelKeys.includes(REVISION)),
    perRevision,
    countsOther: ({ metadata }) =>
      !perRevision && reaches(metadata.namespace) && matches(selector, metadata.labels ?? {}),
  };
}

/** A rule, and how much each pod of others counts in it. */
export interface CountedRule {
  readonly rule: DomainRule;
  readonly countsOther: (pod: ObservedPod) => number;
}

/** What the scheduler applies to pods without a constraint of their own. */
const DEFAULT_SPREAD = [
  { maxSkew: 3, topologyKey: HOSTNAME },
  { maxSkew: 5, topologyKey: 'topology.kubernetes.io/zone' },
];

function spreadRules(pods: OurPods): CountedRule[] {
  const { topologySpreadConstraints: own = [] } = pods.spec;
  const sameNamespace = (namespace: string) => namespace === pods.namespace;
  if (own.length === 0) {
    return DEFAULT_SPREAD.map((each) => ({
      rule: {
        kind: 'spread',
        ...each,
        isHard: false,
        minDomains: 1,
        honorsAffinity: true,
        honorsTaints: false,
        isDefault: true,
        countsOurs: true,
        perRevision: pods.hashed,
      },
      countsOther: () => 0,
    }));
  }
  return own.map((constraint) => {
    const { countsOther, ...subjects } = subjectsOf(constraint, pods, sameNamespace);
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains = 1 } = constraint;
    return {
      rule: {
        kind: 'spread',
        maxSkew,
        topologyKey,
        isHard: whenUnsatisfiable === 'DoNotSchedule',
        minDomains,
        honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
        honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
        isDefault: false,
        ...subjects,
      },
      countsOther: (pod) => Number(countsOther(pod)),
    };
  });
}

/** Whether a term is about pods of a namespace. Only a selector of all namespaces is known to match. */
export const reachesOf =
  ({ namespaces = [], namespaceSelector }: PodAffinityTerm, own: string) =>
  (namespace: string): boolean => {
    const selectsAll = namespaceSelector !== undefined && isEmpty(namespaceSelector);
    const isOwn = namespaces.length === 0 && namespaceSelector === undefined && namespace === own;
    return selectsAll || isOwn || namespaces.includes(namespace);
  };

type Term = Subjects & { readonly topologyKey: string };
type Required = Pick<RequiredRule, 'kind'>;
type Preferred = Pick<PreferredRule, 'kind' | 'weightOfOurs' | 'weightOfOthers'>;

function affinityRules(pods: OurPods): CountedRule[] {
  const { podAffinity = {}, podAntiAffinity = {} } = pods.spec.affinity ?? {};
  const read = (term: PodAffinityTerm): Term => {
    const reaches = reachesOf(term, pods.namespace);
    const { countsOurs, ...rest } = subjectsOf(term, pods, reaches);
    const { topologyKey = HOSTNAME } = term;
    return { topologyKey, ...rest, countsOurs: countsOurs && reaches(pods.namespace) };
  };
  const avoid = (podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(read);
  const joined = (podAffinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(read);
  // A pod counts only if every one of the required terms selects it.
  const countsOther = (pod: ObservedPod) => joined.every((term) => term.countsOther(pod));
  const countsOurs = joined.every((term) => term.countsOurs);
  const preferred = [
    ...(podAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => [each, 1] as const),
    ...(podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      (each) => [each, -1] as const,
    ),
  ];
  const rule = (term: Term, rest: Required | Preferred): CountedRule => {
    const { topologyKey, perRevision, countsOther: counts } = term;
    return {
      rule: { topologyKey, perRevision, countsOurs: term.countsOurs, ...rest },
      countsOther: (pod) => Number(counts(pod)),
    };
  };
  return [
    ...joined.map((term) => rule({ ...term, countsOther, countsOurs }, { kind: 'join' })),
    ...avoid.map((term) => rule(term, { kind: 'avoid' })),
    // Our pods prefer the same of each other, so each of them counts twice.
    ...preferred.map(([{ weight, podAffinityTerm }, sign]) =>
      rule(read(podAffinityTerm), {
        kind: 'prefer',
        weightOfOurs: 2 * sign * weight,
        weightOfOthers: sign * weight,
      }),
    ),
    // The scheduler likes to keep pods together that require it of each other: `hardPodAffinityWeight` 1.
    ...joined.map((term) => rule(term, { kind: 'prefer', weightOfOurs: 1, weightOfOthers: 0 })),
  ];
}

/** The rules of the pods about each other and about the pods of others. */
export const countedRulesOf = (pods: OurPods): CountedRule[] => [
  ...spreadRules(pods),
  ...affinityRules(pods),
];
