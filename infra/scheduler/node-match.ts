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

/** A label that a node lacks or has with another value, in words. */
const differing = (key: string, values: readonly string[], { labels = {} }: NodeIdentity): string =>
  `${labels[key] === undefined ? `no ${key}` : `${key}=${labels[key]}`}, needs ${values.join(' or ')}`;

/** What of the node selector or the required node affinity a node does not meet, in words; undefined if it meets both. */
export function unmetOn(
  node: NodeIdentity,
  nodeSelector: Labels = {},
  { requiredDuringSchedulingIgnoredDuringExecution: required }: NodeAffinity = {},
): string | undefined {
  const { labels = {} } = node;
  const other = Object.entries(nodeSelector).find(([key, value]) => labels[key] !== value);
  if (other !== undefined) return differing(other[0], [other[1]], node);
  if (required === undefined) return undefined;
  const { nodeSelectorTerms: terms } = required;
  if (terms.some((term) => matchesTerm(term, node))) return undefined;
  const unmet = terms.flatMap(({ matchExpressions = [] }) =>
    matchExpressions.filter((each) => !meets(each, labels)),
  );
  const [first] = unmet;
  // Of several terms or of other operators, no single label is the reason.
  return terms.length === 1 && first?.operator === 'In'
    ? differing(first.key, first.values ?? [], node)
    : 'not those of the node affinity';
}

/** The sum of the weights of the preferences that a node meets. */
export const preferredWeightOf = (
  node: NodeIdentity,
  { preferredDuringSchedulingIgnoredDuringExecution: preferred = [] }: NodeAffinity = {},
): number =>
  preferred.reduce((sum, { weight, preference }) => sum + (matchesTerm(preference, node) ? weight : 0), 0);
