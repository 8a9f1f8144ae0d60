/**
 * Who may call the pods of an `InferenceService`, and whom they may call.
 */
import type { Construct } from 'constructs';

import { k8s } from './cdk8s-plus';
import type { InferenceServiceProps } from './inference-service-props';
import { PORT_NAMES, portsOf } from './pod-spec';

/** The rules of each port; one rule for all of them where everyone may call. */
function ingressOf(props: InferenceServiceProps): k8s.NetworkPolicyIngressRule[] {
  const { callers, metricsCallers } = props;
  const ports = portsOf(props).map(({ name }) => ({
    name,
    port: { port: k8s.IntOrString.fromString(name), protocol: 'TCP' },
  }));
  if (callers === undefined && metricsCallers === undefined)
    return [{ ports: ports.map(({ port }) => port) }];
  return ports.map(({ name, port }) => {
    const from = name === PORT_NAMES.http ? callers : metricsCallers;
    return { ...(from === undefined ? {} : { from: [...from] }), ports: [port] };
  });
}

/** Adds the policy. */
export function networkPolicy(
  scope: Construct,
  metadata: k8s.ObjectMeta,
  matchLabels: Readonly<Record<string, string>>,
  props: InferenceServiceProps,
): void {
  const { egress = [] } = props;
  new k8s.KubeNetworkPolicy(scope, 'network-policy', {
    metadata,
    spec: {
      podSelector: { matchLabels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: ingressOf(props),
      // No egress rule: no egress is allowed. An empty list means the same, but every apply would then change the object.
      ...(egress.length === 0 ? {} : { egress: [...egress] }),
    },
  });
}
