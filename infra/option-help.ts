/**
 * What the settings and the construct's props do, for the table in docs/deploying.md. Pure data.
 */
import { IMAGE_ARCHITECTURES } from './construct/deployment-defaults';
import type { InferenceServiceProps } from './construct/inference-service-props';
import { DEFAULT_SETTINGS, SETTING_VARIABLES, type Settings } from './settings';

/** Settings of the manifests that the construct does not have. */
const SETTINGS_ONLY = {
  createNamespace:
    '`true` to write the Namespace object, `false` not to; by default only for the namespace `tandem`',
  autoscaler:
    'what scales the HPA variants: `hpa` (a HorizontalPodAutoscaler) or `keda` (a ScaledObject of KEDA); in an app, the `kind` of `scaling`',
  models:
    'your own models instead of the demo’s, by the recipe whose variants serve them, such as `latency=flowers`; in an app, `model`',
  basis: 'how to read the reference’s figures: [Will it fit?](#will-it-fit)',
} as const satisfies Readonly<Partial<Record<keyof Settings, string>>>;

const PROPS: Readonly<Record<keyof InferenceServiceProps, string>> = {
  name: 'name of every object; unique in the namespace',
  appName:
    'the labels `app.kubernetes.io/name` and `part-of` of every object, `tandem` unless set; a Deployment that exists cannot change it',
  namespace: 'namespace of every object',
  model: 'the model to serve; for the variants, `models` sets it',
  image: 'container image, by tag or digest',
  imagePullSecret: 'Secret with the registry’s credentials',
  resources: 'requests and limits of CPU and memory',
  scaling: 'a fixed number of replicas, or the kind, bounds and target of an autoscaler',
  serviceType: '`ClusterIP`, `NodePort` or `LoadBalancer`',
  figures: 'where the figures come from, as annotations of the Deployment',
  env: 'more variables of the [service](serving.md#variables), such as `LOG_LEVEL=debug`',
  apiKeySecret: 'Secret whose key `api-keys` holds one API key per line; a changed Secret needs no restart',
  metricsPort: 'port of `/metrics`, which the NetworkPolicy opens; it asks for no API key',
  metricsScrape:
    '`annotations` (`prometheus.io/…`), `pod-monitor` (an object of the Prometheus Operator) or `none`; unless set, the ' +
    'variants have `annotations`, or `none` if their metrics ask for an API key or only `callers` reach them',
  podMonitorLabels:
    'more labels of the PodMonitor, by which Prometheus selects it, such as `release=monitoring`: [API keys and metrics](#api-keys-and-metrics)',
  podLabels: 'more labels of the pods',
  podAnnotations: 'annotations of the pods, such as `cluster-autoscaler.kubernetes.io/safe-to-evict=true`',
  serviceAnnotations: 'annotations of the Service, such as those of a cloud’s load balancer',
  nodeSelector:
    'labels that a node must have beside `kubernetes.io/os=linux`, such as `disk=ssd`; `fit` counts them',
  architectures:
    `architectures for which the container image is built, ${IMAGE_ARCHITECTURES.join(' and ')} unless set; the pods run on nodes ` +
    'of these only, and `fit` counts them',
  tolerations:
    'taints that the pods tolerate, beside those of a lost node; the variable holds each as `key`, `key=value`, `key:Effect` or `key=value:Effect`, separated by commas, such as `dedicated=inference:NoSchedule,spot`; `fit` counts them',
  affinity: 'where the pods prefer or have to run',
  priorityClassName: 'priority class of the pods; `fit` counts it',
  userIds:
    '`image` for the container image’s user and group 65532, `cluster` to leave them out, so that OpenShift assigns them',
  ephemeralStorage:
    'request and limit of the disk that a pod may use for temporary files and logs, such as `256Mi`',
  hpaMeasures:
    '`pod`: the autoscaler measures every container, and stops if a sidecar requests no CPU; `container`: it measures the serving container only (Kubernetes 1.30)',
  hpaTolerancePercent:
    'how far the use may be from its target before the autoscaler acts, percent of the target, such as `scaleUp=5,scaleDown=20` (Kubernetes 1.35)',
  queueWaitTargetMs:
    'target of the mean wait in the queue, milliseconds, beside the target of the CPU: [Scale by the queue](#scale-by-the-queue)',
  prometheusUrl:
    'Prometheus, where KEDA reads the wait in the queue, such as `http://prometheus.monitoring:9090`',
  callers:
    'who may call the service, as peers of a NetworkPolicy; the variable holds names of namespaces, such as `shop,ingress-nginx`. By default everyone may',
  metricsCallers: 'the same for `/metrics`, with `metricsPort`, such as `monitoring`',
  egress: 'whom the pods may call, as rules of a NetworkPolicy. By default no one',
  domain:
    'domain of an Ingress for each Service, whose host is the Service’s name and this domain; with `--route` only the route has one',
  gateway: 'Gateway, as `name` or `namespace/name`, of an HTTPRoute, which then replaces the Ingress',
  ingressClass: 'class of the Ingress',
  ingressAnnotations:
    'annotations of the Ingress, such as `nginx.ingress.kubernetes.io/proxy-body-size=32m` for large images',
  tlsSecret: 'Secret with the certificate of the Ingress’ hosts',
};

export interface OptionHelp {
  /** Name of the prop, and key of the setting in the context. */
  readonly name: string;
  readonly isProp: boolean;
  /** Its variable, if it is a setting. */
  readonly variable: string | undefined;
  /** The setting's default, if it has one. */
  readonly default: string | undefined;
  readonly meaning: string;
}

const DEFAULTS = new Map<string, unknown>(Object.entries(DEFAULT_SETTINGS));
const VARIABLES = new Map<string, string>(Object.entries(SETTING_VARIABLES));

/** Every setting and prop. */
export const OPTION_HELP: readonly OptionHelp[] = Object.entries({ ...PROPS, ...SETTINGS_ONLY }).map(
  ([name, meaning]) => {
    // That of createNamespace depends on the namespace.
    const value = name === 'createNamespace' ? undefined : DEFAULTS.get(name);
    return {
      name,
      meaning,
      isProp: !Object.hasOwn(SETTINGS_ONLY, name),
      variable: VARIABLES.get(name),
      default: typeof value === 'string' ? value : undefined,
    };
  },
);
