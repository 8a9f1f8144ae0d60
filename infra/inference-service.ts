/**
 * The construct: a Deployment that serves one model, and every object that belongs to it.
 *
 * It uses cdk8s-plus' typed API objects (`kplus.k8s`, the Kubernetes 1.28 schema). The library's higher-level classes fill
 * in defaults that are not Kubernetes'; here every value is stated.
 */
import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';

import { DRAIN_DELAY_MS, ENV, HTTP_PORT, PATHS, REQUEST_TIMEOUT_MS, SERVICE_NAME } from '../service/contract';
import {
  CONTAINER_SECURITY_CONTEXT,
  HPA_BEHAVIOR,
  POD_SECURITY_CONTEXT,
  PROBES,
  ROLLING_UPDATE,
  SPREAD,
  TEMPORARY_FILES,
  TOLERATIONS,
} from './deployment-defaults';
import { duplicatesOf } from './duplicates';
import type { InferenceServiceProps } from './inference-service-props';
import { checkPresent, checkProps } from './props-validation';
import { canonicalCpu, canonicalMemory } from './quantity';
import { maxReplicasOf } from './replicas';
import type { Amounts, Scaling } from './variants';

export type { InferenceServiceProps };

/** Labels that select the pods of the service with this name, and no others. */
export const selectorOf = (name: string): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/name': SERVICE_NAME,
  'app.kubernetes.io/instance': name,
});

const PORT_NAME = 'http';
const port = k8s.IntOrString.fromString(PORT_NAME);

/** The port of every Service: 80, targeting the container's port by name. */
export const SERVICE_PORT: k8s.ServicePort = {
  name: PORT_NAME,
  port: 80,
  targetPort: port,
  protocol: 'TCP',
};

/** Domain of our annotations. */
const ANNOTATION_DOMAIN = SERVICE_NAME;
const CONTAINER_NAME = 'inference';
/** Time for the process to exit after its last request, milliseconds. */
const EXIT_MS = 10_000;

const seconds = (ms: number) => Math.ceil(ms / 1000);

/** As texts, as the API server stores them: it stores no number, so a number would differ from it at every apply. */
const amounts = ({ cpu, memory }: Amounts) => ({
  cpu: k8s.Quantity.fromString(canonicalCpu(cpu)),
  memory: k8s.Quantity.fromString(canonicalMemory(memory)),
});

/**
 * Serves one model.
 *
 * @throws Error naming field, value and remedy for props that are missing or that Kubernetes would refuse; at synth, for a
 *   name that another object has
 */
export class InferenceService extends Construct {
  /** Labels that select this service's pods, and no others. */
  readonly selector: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: InferenceServiceProps) {
    super(scope, id);
    checkPresent(props);
    const { name = id, namespace = Chart.of(this).namespace, model, scaling } = props;
    checkProps({ ...props, name, ...(namespace === undefined ? {} : { namespace }) });
    this.node.addValidation({ validate: () => duplicatesOf(this) });
    this.selector = selectorOf(name);
    const labels = {
      ...this.selector,
      'app.kubernetes.io/component': model,
      'app.kubernetes.io/part-of': SERVICE_NAME,
      'app.kubernetes.io/managed-by': 'cdk8s',
      ...versionLabel(props.image),
    };
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }), labels };
    const matchLabels = this.selector;

    new k8s.KubeServiceAccount(this, 'service-account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeService(this, 'service', {
      metadata,
      spec: {
        type: props.serviceType ?? 'ClusterIP',
        selector: matchLabels,
        ports: [SERVICE_PORT],
      },
    });
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: { ...metadata, ...annotationsOf(props) },
      spec: {
        ...(scaling.kind === 'fixed' ? { replicas: scaling.replicas } : {}),
        selector: { matchLabels },
        revisionHistoryLimit: 3,
        progressDeadlineSeconds: 600,
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: {
            maxSurge: k8s.IntOrString.fromNumber(ROLLING_UPDATE.maxSurge),
            maxUnavailable: k8s.IntOrString.fromNumber(ROLLING_UPDATE.maxUnavailable),
          },
        },
        template: { metadata: { labels }, spec: podSpec(props, name, matchLabels) },
      },
    });
    new k8s.KubeNetworkPolicy(this, 'network-policy', {
      metadata,
      spec: {
        podSelector: { matchLabels },
        // No egress rule: no egress is allowed. An empty list means the same, but every apply would then change the object.
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ ports: [{ port, protocol: 'TCP' }] }],
      },
    });
    if (maxReplicasOf(scaling) > 1) {
      new k8s.KubePodDisruptionBudget(this, 'disruption-budget', {
        metadata,
        spec: {
          maxUnavailable: k8s.IntOrString.fromNumber(1),
          // By default, a pod that never becomes ready blocks the drain of its node.
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
          selector: { matchLabels },
        },
      });
    }
    if (scaling.kind === 'hpa') autoscaler(this, metadata, scaling);
  }
}

/** The image's tag as a label. No label for a digest, or for a tag that is not a valid label value. */
function versionLabel(image: string): { 'app.kubernetes.io/version'?: string } {
  const [, version] = /^[^@]*:([A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)(?:@.*)?$/.exec(image) ?? [];
  return version === undefined ? {} : { 'app.kubernetes.io/version': version };
}

function annotationsOf({ figures }: InferenceServiceProps): { annotations?: Record<string, string> } {
  if (figures === undefined) return {};
  return {
    annotations: {
      [`${ANNOTATION_DOMAIN}/figures-basis`]: figures.basis,
      [`${ANNOTATION_DOMAIN}/figures-source`]: figures.source,
    },
  };
}

function podSpec(
  props: InferenceServiceProps,
  serviceAccountName: string,
  matchLabels: Readonly<Record<string, string>>,
): k8s.PodSpec {
  const probe = (path: string, timing: (typeof PROBES)[keyof typeof PROBES]) => ({
    httpGet: { path, port },
    ...timing,
  });
  return {
    serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: seconds(DRAIN_DELAY_MS + REQUEST_TIMEOUT_MS + EXIT_MS),
    ...(props.imagePullSecret === undefined ? {} : { imagePullSecrets: [{ name: props.imagePullSecret }] }),
    securityContext: POD_SECURITY_CONTEXT,
    topologySpreadConstraints: [{ ...SPREAD, labelSelector: { matchLabels } }],
    tolerations: [...TOLERATIONS],
    containers: [
      {
        name: CONTAINER_NAME,
        image: props.image,
        imagePullPolicy: 'IfNotPresent',
        ports: [{ name: PORT_NAME, containerPort: HTTP_PORT, protocol: 'TCP' }],
        env: [
          { name: ENV.port, value: String(HTTP_PORT) },
          { name: ENV.models, value: props.model },
          {
            name: ENV.cpuLimitMillis,
            valueFrom: {
              resourceFieldRef: {
                containerName: CONTAINER_NAME,
                resource: 'limits.cpu',
                divisor: k8s.Quantity.fromString('1m'),
              },
            },
          },
        ],
        resources: { requests: amounts(props.resources.requests), limits: amounts(props.resources.limits) },
        startupProbe: probe(PATHS.ready, PROBES.startup),
        readinessProbe: probe(PATHS.ready, PROBES.readiness),
        livenessProbe: probe(PATHS.live, PROBES.liveness),
        securityContext: CONTAINER_SECURITY_CONTEXT,
        volumeMounts: [{ name: TEMPORARY_FILES.name, mountPath: TEMPORARY_FILES.mountPath }],
      },
    ],
    volumes: [
      { name: TEMPORARY_FILES.name, emptyDir: { sizeLimit: k8s.Quantity.fromString(TEMPORARY_FILES.size) } },
    ],
  };
}

function autoscaler(
  scope: Construct,
  metadata: k8s.ObjectMeta,
  { minReplicas, maxReplicas, targetCpuPercent }: Scaling & { kind: 'hpa' },
): void {
  new k8s.KubeHorizontalPodAutoscalerV2(scope, 'autoscaler', {
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name! },
      minReplicas,
      maxReplicas,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: targetCpuPercent } },
        },
      ],
      behavior: HPA_BEHAVIOR,
    },
  });
}
