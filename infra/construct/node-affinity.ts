/**
 * The architectures of nodes as a node affinity: a node selector knows one value of a label only. Pure functions.
 */
import type { k8s } from './cdk8s-plus';
import { IMAGE_ARCHITECTURES } from './deployment-defaults';
import type { Architecture } from './inference-service-props';

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
