/**
 * The construct: a Deployment that serves one model, and every object that belongs to it.
 *
 * It uses cdk8s-plus' typed API objects (`kplus.k8s`, the Kubernetes 1.28 schema). The library's higher-level classes fill
 * in defaults that are not Kubernetes'; here every value is stated.
 */
import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';

import { HTTP_PORT, PATHS, SERVICE_NAME } from '../../service/contract';
import { autoscale } from './autoscaling';
import { k8s } from './cdk8s-plus';
import { ROLLING_UPDATE } from './deployment-defaults';
import { duplicatesOf } from './duplicates';
import { expose } from './exposure';
import type { InferenceServiceProps } from './inference-service-props';
import { networkPolicy } from './network-policy';
import { metadataOf } from './object-metadata';
import { podSpec, PORT_NAMES } from './pod-spec';
import { checkPresent, checkProps } from './props-validation';
import { maxReplicasOf } from './replicas';

export type { InferenceServiceProps };

/** Labels that select the pods of the service with this name, and no others. */
export const selectorOf = (
  name: string,
  appName: string = SERVICE_NAME,
): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/name': appName,
  'app.kubernetes.io/instance': name,
});

/** What decides about the labels of a service's objects and pods. */
export interface Labelled extends Pick<InferenceServiceProps, 'model' | 'image' | 'appName' | 'podLabels'> {
  readonly name: string;
}

/** The labels of every object of a service. */
const labelsOf = ({ name, model, image, appName }: Labelled): Readonly<Record<string, string>> => ({
  ...selectorOf(name, appName),
  'app.kubernetes.io/component': model,
  'app.kubernetes.io/part-of': appName ?? SERVICE_NAME,
  'app.kubernetes.io/managed-by': 'cdk8s',
  ...versionLabel(image),
});

/** The labels of a service's pods. */
export const podLabelsOf = (service: Labelled): Readonly<Record<string, string>> => ({
  ...labelsOf(service),
  ...service.podLabels,
});

/** The port of every Service: 80, targeting the container's port by name. */
export const SERVICE_PORT = {
  name: PORT_NAMES.http,
  port: 80,
  targetPort: k8s.IntOrString.fromString(PORT_NAMES.http),
  protocol: 'TCP',
} as const satisfies k8s.ServicePort;

/** Domain of our annotations. */
const ANNOTATION_DOMAIN = SERVICE_NAME;
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
    const { name = id, namespace = Chart.of(this).namespace, scaling, appName } = props;
    checkProps({ ...props, name, ...(namespace === undefined ? {} : { namespace }) });
    this.node.addValidation({ validate: () => duplicatesOf(this) });
    this.selector = selectorOf(name, appName);
    const labels = labelsOf({ ...props, name });
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }), labels };
    const matchLabels = this.selector;

    new k8s.KubeServiceAccount(this, 'service-account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeService(this, 'service', {
      metadata: { ...metadata, ...annotated(props.serviceAnnotations) },
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
        template: {
          metadata: {
            labels: podLabelsOf({ ...props, name }),
            ...annotated({ ...scrapeAnnotations(props), ...props.podAnnotations }),
          },
          spec: podSpec(props, name, matchLabels),
        },
      },
    });
    networkPolicy(this, metadata, matchLabels, props);
    expose(this, metadata, SERVICE_PORT, props);
    if (props.metricsScrape === 'pod-monitor') podMonitor(this, metadata, props);
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
    if (scaling.kind !== 'fixed') autoscale(this, metadata, scaling, props);
  }
}

/** The image's tag as a label. No label for a digest, or for a tag that is not a valid label value. */
function versionLabel(image: string): { 'app.kubernetes.io/version'?: string } {
  const [, version] = /^[^@]*:([A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)(?:@.*)?$/.exec(image) ?? [];
  return version === undefined ? {} : { 'app.kubernetes.io/version': version };
}

/** Annotations, or nothing: an empty map would be sent at every apply. */
const annotated = (annotations: Readonly<Record<string, string>> = {}) =>
  Object.keys(annotations).length === 0 ? {} : { annotations };

const annotationsOf = ({ figures }: InferenceServiceProps) =>
  annotated(
    figures && {
      [`${ANNOTATION_DOMAIN}/figures-basis`]: figures.basis,
      [`${ANNOTATION_DOMAIN}/figures-source`]: figures.source,
    },
  );

/** The annotations by which a Prometheus that discovers pods finds the metrics. */
const scrapeAnnotations = ({ metricsScrape, metricsPort = HTTP_PORT }: InferenceServiceProps) =>
  metricsScrape === 'annotations'
    ? {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': String(metricsPort),
        'prometheus.io/path': PATHS.metrics,
      }
    : {};

/**
 * The object by which the Prometheus Operator finds the metrics.
 *
 * @see https://prometheus-operator.dev/docs/api-reference/api/
 */
function podMonitor(
  scope: Construct,
  metadata: k8s.ObjectMeta & { readonly name: string },
  { metricsPort, appName, podMonitorLabels }: InferenceServiceProps,
): void {
  new ApiObject(scope, 'pod-monitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: metadataOf({ ...metadata, labels: { ...metadata.labels, ...podMonitorLabels } }),
    spec: {
      selector: { matchLabels: selectorOf(metadata.name, appName) },
      podMetricsEndpoints: [
        { port: metricsPort === undefined ? PORT_NAMES.http : PORT_NAMES.metrics, path: PATHS.metrics },
      ],
    },
  });
}
