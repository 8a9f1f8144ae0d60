/**
 * Props of an `InferenceService`.
 */
import type { k8s } from './cdk8s-plus';
import type { Exposure } from './exposure';

export const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

/** How Prometheus is told to read the metrics. */
export const METRICS_SCRAPES = ['none', 'annotations', 'pod-monitor'] as const;
export type MetricsScrape = (typeof METRICS_SCRAPES)[number];

/** Who decides the user and group ids of the pods: the image, or the cluster, as on OpenShift. */
export const USER_IDS = ['image', 'cluster'] as const;
export type UserIds = (typeof USER_IDS)[number];

/**
 * Architectures of nodes, in Kubernetes' words.
 *
 * @see https://kubernetes.io/releases/download/
 */
export const ARCHITECTURES = ['amd64', 'arm64', 'ppc64le', 's390x'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** Whose use of CPU an autoscaler measures: the pod's, or that of the serving container alone. */
export const HPA_MEASURES = ['pod', 'container'] as const;
export type HpaMeasure = (typeof HPA_MEASURES)[number];

/** The two directions in which an autoscaler changes the number of pods. */
export const HPA_DIRECTIONS = ['scaleUp', 'scaleDown'] as const;
/** How far the measured use may be from its target before an autoscaler acts, percent of the target. */
export type HpaTolerancePercent = Readonly<Partial<Record<(typeof HPA_DIRECTIONS)[number], number>>>;

/** Who decides the number of pods: a HorizontalPodAutoscaler, or one that KEDA makes of a ScaledObject. */
export const AUTOSCALERS = ['hpa', 'keda'] as const;
export type Autoscaler = (typeof AUTOSCALERS)[number];

/** What an autoscaler of either kind keeps to. */
interface Autoscaling<Kind extends Autoscaler> {
  readonly kind: Kind;
  /** At least 1: no CPU and no queue tells when the first pod is needed. */
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Target of the average CPU utilization, percent of the CPU request. */
  readonly targetCpuPercent: number;
}
export type Autoscaled = Autoscaling<'hpa'> | Autoscaling<'keda'>;

/** Number of pods: fixed, or decided by an autoscaler. */
export type Scaling = { readonly kind: 'fixed'; readonly replicas: number } | Autoscaled;

/** CPU and memory, as Kubernetes quantities. */
export interface Amounts {
  readonly cpu: string;
  readonly memory: string;
}

/** Requests and limits of a container. */
export interface Resources {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

export interface InferenceServiceProps extends Exposure {
  /** Name of every object; must be unique within the namespace. @default the construct's id */
  readonly name?: string;
  /** Labels `app.kubernetes.io/name` and `part-of`; a Deployment that exists cannot change it. @default 'tandem' */
  readonly appName?: string;
  /** @default the chart's namespace; without one, kubectl's */
  readonly namespace?: string;
  /** Name of the one model to serve (variable MODELS): a DNS label. */
  readonly model: string;
  /** Container image by tag or digest. It must read the variables in `service/contract.ts`. */
  readonly image: string;
  /** Name of a Secret with the registry's credentials. @default none */
  readonly imagePullSecret?: string;
  /** Requests and limits, emitted as the API server stores them: `4627034Ki` as it is, `1024Mi` as `1Gi`. */
  readonly resources: Resources;
  readonly scaling: Scaling;
  /** @default 'ClusterIP' */
  readonly serviceType?: ServiceType;
  /** More environment variables of the container. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Name of a Secret whose key `api-keys` holds one API key per line. @default none: the service asks for no key */
  readonly apiKeySecret?: string;
  /** Port of the metrics, open to everyone whom a NetworkPolicy lets in. @default the port of the service */
  readonly metricsPort?: number;
  /** How Prometheus is told to read the metrics; `pod-monitor` needs the Prometheus Operator. @default 'none' */
  readonly metricsScrape?: MetricsScrape;
  /** More labels of the PodMonitor, by which a Prometheus selects it. @default none */
  readonly podMonitorLabels?: Readonly<Record<string, string>>;
  /** More labels of the pods. @default none */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** @default none */
  readonly podAnnotations?: Readonly<Record<string, string>>;
  /** @default none */
  readonly serviceAnnotations?: Readonly<Record<string, string>>;
  /** Labels that a node must have beside `kubernetes.io/os: linux`. @default none */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Architectures for which the image is built; the pods run on nodes of these only. @default amd64 and arm64 */
  readonly architectures?: readonly Architecture[];
  /** Taints that the pods tolerate, beside those of a lost node. @default none */
  readonly tolerations?: readonly k8s.Toleration[];
  /** @default none */
  readonly affinity?: k8s.Affinity;
  /** @default none: the cluster's default */
  readonly priorityClassName?: string;
  /** Who decides the pods' user and group ids; `cluster` leaves them out, as OpenShift asks. @default 'image' */
  readonly userIds?: UserIds;
  /** Request and limit of disk for temporary files and logs, at least 64Mi. @default none */
  readonly ephemeralStorage?: string;
  /** Whose CPU the autoscaler measures; `container` is a sidecar's remedy, from Kubernetes 1.30 on. @default 'pod' */
  readonly hpaMeasures?: HpaMeasure;
  /** From Kubernetes 1.35 on. @default none: that of the cluster, 10 % unless its administrator changed it */
  readonly hpaTolerancePercent?: HpaTolerancePercent;
  /**
   * Target of the mean wait in the queue, milliseconds. The autoscaler keeps to the larger of the numbers of pods that this
   * and the CPU ask for. An `hpa` reads the metric `inference_queue_wait_seconds` from the custom metrics API, which
   * prometheus-adapter offers. @default none: the CPU alone
   */
  readonly queueWaitTargetMs?: number;
  /** URL of Prometheus, where KEDA reads the wait in the queue. @default none */
  readonly prometheusUrl?: string;
  /** Whom the NetworkPolicy lets call the port of the service. @default everyone */
  readonly callers?: readonly k8s.NetworkPolicyPeer[];
  /** Whom it lets call the port of the metrics, if they have their own. @default everyone */
  readonly metricsCallers?: readonly k8s.NetworkPolicyPeer[];
  /** Whom the pods may call. @default no one: the service calls no one */
  readonly egress?: readonly k8s.NetworkPolicyEgressRule[];
  /** Where the figures come from; becomes annotations. @default none */
  readonly figures?: { readonly basis: string; readonly source: string };
}
