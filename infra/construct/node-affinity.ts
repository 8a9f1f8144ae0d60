/**
 * The architectures of nodes as a node affinity: a node selector knows one value of a label only. Pure functions.
 */
import type { k8s } from './cdk8s-plus';
import { IMAGE_ARCHITECTURES, NODE_SELECTOR } from './deployment-defaults';
import type { Architecture, InferenceServiceProps } from './inference-service-props';

/** Label of a node that the kubelet sets. */
export const ARCHITECTURE_LABEL = 'kubernetes.io/arch';

const isEmpty = ({ matchExpressions = [], matchFields = [] }: k8s.NodeSelectorTerm): boolean =>
  matchExpressions.length + matchFields.length === 0;

/** An affinity that also requires one of the architectures. */
export function withArchitectures(
  { nodeAffinity, ...rest }: k8s.Affinity = {},
  architectures: readonly Architecture[] = IMAGE_ARCHITECTURES,
): k8s.Affinity {
  const requirement = { key: ARCHITECTURE_LABEL, operator: 'In', values: [...architectures] };
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const required = terms?.map((term) =>
    // An empty term matches no node. With the requirement it would match some.
    isEmpty(term) ? term : { ...term, matchExpressions: [...(term.matchExpressions ?? []), requirement] },
  ) ?? [{ matchExpressions: [requirement] }];
  return {
    ...rest,
    nodeAffinity: {
      ...nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: required },
    },
  };
}

/** Whether a node with these labels may meet a requirement: of a label that is not among them, nothing is known. */
function mayMeet(
  { key, operator, values = [] }: k8s.NodeSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key];
  if (value === undefined) return true;
  if (operator === 'In') return values.includes(value);
  if (operator === 'NotIn') return !values.includes(value);
  return operator !== 'DoesNotExist';
}

/** Refuses a required node affinity that no node meets on which the pods may run. */
export function checkAffinity(
  label: string,
  { affinity, nodeSelector, architectures = IMAGE_ARCHITECTURES }: InferenceServiceProps,
): void {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return;
  const nodes = architectures.map((each) => ({
    [ARCHITECTURE_LABEL]: each,
    ...NODE_SELECTOR,
    ...nodeSelector,
  }));
  const mayRun = terms.some(
    (term) =>
      !isEmpty(term) &&
      nodes.some((labels) => (term.matchExpressions ?? []).every((each) => mayMeet(each, labels))),
  );
  if (mayRun) return;
  const selected = Object.entries({ ...NODE_SELECTOR, ...nodeSelector }).map(
    ([key, value]) => `${key}=${value}`,
  );
  throw new Error(
    `${label}: one of the required nodeSelectorTerms must allow a node with ${ARCHITECTURE_LABEL}=${architectures.join(' or ')}, ` +
      `for which the container image is built, and ${selected.join(', ')}: change the term, architectures or nodeSelector, ` +
      `received ${JSON.stringify(terms)}`,
  );
}
