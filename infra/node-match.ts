/**
 * Which nodes a pod's tolerations, node selector and node affinity let it run on, as kube-scheduler judges them. Pure
 * functions.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/
 */
import { type Labels, meets, type Requirement } from './label-selector';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Toleration {
  /** @default every key */
  readonly key?: string;
  /** @default 'Equal' */
  readonly operator?: string;
  readonly value?: string;
  /** @default every effect */
  readonly effect?: string;
}

interface NodeSelectorTerm {
  readonly matchExpressions?: readonly Requirement[];
  /** By the node's name. */
  readonly matchFields?: readonly Requirement[];
}

export interface NodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: {
    readonly nodeSelectorTerms: readonly NodeSelectorTerm[];
  };
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    readonly weight: number;
    readonly preference: NodeSelectorTerm;
  }[];
}

/** A node by what selectors ask of it. */
export interface NodeIdentity {
  readonly name: string;
  readonly labels?: Labels;
}

/** The taint of a cordoned node. */
export const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

const isTolerated = (taint: Taint, { key, operator = 'Equal', value, effect }: Toleration): boolean =>
  [undefined, '', taint.effect].includes(effect) &&
  [undefined, '', taint.key].includes(key) &&
  (operator === 'Exists' || (operator === 'Equal' && (value ?? '') === (taint.value ?? '')));

/** The taints that none of the tolerations covers. */
export const untolerated = (taints: readonly Taint[], tolerations: readonly Toleration[]): readonly Taint[] =>
  taints.filter((taint) => !tolerations.some((toleration) => isTolerated(taint, toleration)));

function matchesTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  { name, labels = {} }: NodeIdentity,
): boolean {
  // An empty term matches no node.
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((each) => meets(each, labels)) &&
    matchFields.every((each) => meets(each, { 'metadata.name': name }))
  );
}

/** Whether a node meets the node selector and the required node affinity. */
export function isSelected(
  node: NodeIdentity,
  nodeSelector: Labels = {},
  { requiredDuringSchedulingIgnoredDuringExecution: required }: NodeAffinity = {},
): boolean {
  return (
    Object.entries(nodeSelector).every(([key, value]) => node.labels?.[key] === value) &&
    (required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(term, node)))
  );
}

/** The sum of the weights of the preferences that a node meets. */
export const preferredWeightOf = (
  node: NodeIdentity,
  { preferredDuringSchedulingIgnoredDuringExecution: preferred = [] }: NodeAffinity = {},
): number =>
  preferred.reduce((sum, { weight, preference }) => sum + (matchesTerm(preference, node) ? weight : 0), 0);
