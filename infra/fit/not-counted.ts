/**
 * What of a real cluster `fit` does not count, one sentence each, so that no one takes it for counted. Pure functions.
 */
import { isCounted, type ObservedQuota } from './admission';
import { SPREAD } from '../construct/deployment-defaults';
import { isEmpty, type Labels, matches } from '../scheduler/label-selector';
import type { ObservedPod, PodAffinityTerm } from './pod-resources';
import type { ObservedNode } from './read-cluster';

/**
 * Whether a pod's required anti-affinity may keep our pods from its node, zone or other domain.
 *
 * @param onlyUnknown whether only the terms count that select namespaces by their labels, which are not read
 */
function repels(pod: ObservedPod, namespace: string, labels: Labels, onlyUnknown: boolean): boolean {
  const terms = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const reaches = ({ namespaces = [], namespaceSelector }: PodAffinityTerm) =>
    namespaceSelector !== undefined ||
    (namespaces.length === 0 ? [pod.metadata.namespace] : namespaces).includes(namespace);
  const isUnknown = ({ namespaceSelector }: PodAffinityTerm) =>
    namespaceSelector !== undefined && !isEmpty(namespaceSelector);
  return terms.some(
    (term) => reaches(term) && (!onlyUnknown || isUnknown(term)) && matches(term.labelSelector, labels),
  );
}

/** Names in a sentence: the first few, and how many more. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

function hostnameSentences(nodes: readonly ObservedNode[]): string[] {
  const labelOf = ({ metadata }: ObservedNode) => metadata.labels?.[SPREAD.topologyKey];
  const lacking = nodes.filter((node) => labelOf(node) === undefined);
  const sharing = nodes.filter(
    (node) =>
      labelOf(node) !== undefined && nodes.some((each) => each !== node && labelOf(each) === labelOf(node)),
  );
  const namesOf = (each: readonly ObservedNode[]) => some(each.map(({ metadata }) => metadata.name));
  const label = `the label ${SPREAD.topologyKey}, by which the scheduler spreads pods`;
  return [
    ...(lacking.length > 0 ? [`nodes that lack ${label}: ${namesOf(lacking)}`] : []),
    ...(sharing.length > 0 ? [`nodes that share ${label}: ${namesOf(sharing)}`] : []),
  ];
}

/** Counts of objects that a quota bounds and that we do not count: those of the kinds that a variant has. */
const OBJECT_COUNT = /^(count\/|services)/;

/** What of our pods others may bound or keep away. */
interface Concerned {
  readonly namespace: string;
  readonly labels: Labels;
  /** Resources other than CPU and memory that they request. */
  readonly more?: readonly string[];
  /** Whether the domains of nodes and the affinity of other pods were counted. @default false */
  readonly countsDomains?: boolean;
}

export function notCountedIn(
  { namespace, labels, more = [], countsDomains = false }: Concerned,
  {
    nodes,
    pods,
    quotas,
  }: {
    readonly nodes: readonly ObservedNode[];
    readonly pods: readonly ObservedPod[];
    readonly quotas: readonly ObservedQuota[];
  },
): string[] {
  const repelling = pods.filter(
    (pod) => pod.spec.nodeName !== undefined && repels(pod, namespace, labels, countsDomains),
  );
  const names = repelling.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  return [
    ...(names.length > 0 ? [`pods that keep ours away by anti-affinity: ${some(names)}`] : []),
    ...(countsDomains ? [] : hostnameSentences(nodes)),
    ...quotas.flatMap(({ metadata, spec }) => {
      const isOfMore = (key: string) => more.includes(key.replace(/^(requests|limits)\./, ''));
      const counts = Object.keys(spec?.hard ?? {}).filter(
        (key) => (OBJECT_COUNT.test(key) || isOfMore(key)) && !isCounted(key),
      );
      return counts.length > 0 ? [`the quota ${metadata.name} on ${some(counts)}`] : [];
    }),
  ];
}
