/**
 * What of a real cluster `fit` does not count, one sentence each, so that no one takes it for counted. Pure functions.
 */
import { isCounted, type ObservedQuota } from './admission';
import { SPREAD } from './deployment-defaults';
import type { LabelSelector, ObservedPod, PodAffinityTerm } from './pod-resources';
import type { ObservedNode } from './read-cluster';

type Labels = Readonly<Record<string, string>>;

/** Whether a label selector matches; a missing one matches nothing. */
function matches(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const has = Object.hasOwn(labels, key);
      switch (operator) {
        case 'In':
          return has && values.includes(labels[key]!);
        case 'NotIn':
          return !has || !values.includes(labels[key]!);
        case 'Exists':
          return has;
        default:
          return !has;
      }
    })
  );
}

/** Whether a pod's required anti-affinity may keep our pods from its node, zone or other domain. */
function repels(pod: ObservedPod, namespace: string, labels: Labels): boolean {
  const terms = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const reaches = ({ namespaces = [], namespaceSelector }: PodAffinityTerm) =>
    namespaceSelector !== undefined ||
    (namespaces.length === 0 ? [pod.metadata.namespace] : namespaces).includes(namespace);
  return terms.some((term) => reaches(term) && matches(term.labelSelector, labels));
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

/** @param labels the labels of our pods */
export function notCountedIn(
  { namespace, labels }: { readonly namespace: string; readonly labels: Labels },
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
  const repelling = pods.filter((pod) => pod.spec.nodeName !== undefined && repels(pod, namespace, labels));
  const names = repelling.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  return [
    ...(names.length > 0 ? [`pods that keep ours away by anti-affinity: ${some(names)}`] : []),
    ...hostnameSentences(nodes),
    ...quotas.flatMap(({ metadata, spec }) => {
      const counts = Object.keys(spec?.hard ?? {}).filter((key) => OBJECT_COUNT.test(key) && !isCounted(key));
      return counts.length > 0 ? [`the quota ${metadata.name} on ${some(counts)}`] : [];
    }),
  ];
}
