/**
 * The recording of a deployment: one JSON document from which a simulator can replay the run. It holds raw samples only;
 * windows and shares are computed from them.
 */
import { parseDocument } from '../load/parse-document';
import type { RunDocument } from '../load/run-document';

/** Name and version of the document; raise the version when the meaning of a field changes. */
export const TIMELINE_SCHEMA = 'tandem.timeline';
export const TIMELINE_VERSION = 1;

/** Replica counts of the Deployment, or of the processes that stand for it. */
export interface ReplicaSample {
  /** Milliseconds from {@link TimelineDocument.startedAt}. */
  readonly atMs: number;
  /** `spec.replicas`. */
  readonly desired: number;
  /** `status.replicas`. */
  readonly current: number;
  /** `status.readyReplicas`; absent if a process has no readiness endpoint. */
  readonly ready?: number;
}

/** A pod as it was when something about it changed. Its own timestamps are whole seconds, as Kubernetes keeps them. */
export interface PodSample {
  /** When the change was seen: milliseconds from the start of the recording. */
  readonly atMs: number;
  readonly pod: string;
  readonly uid: string;
  readonly node?: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly createdAt: string;
  readonly startedAt?: string;
  /** When `ready` last changed: `lastTransitionTime` of the condition Ready. */
  readonly readyChangedAt?: string;
  readonly deletedAt?: string;
  /** Digest of the container image, if the container runtime reports one. */
  readonly imageId?: string;
  /** The CPU requests that the HPA adds up, null where a container states none; absent in older recordings. */
  readonly cpuRequestsMillis?: readonly (number | null)[];
}

/** One sample of the metrics API; each is recorded once, however often it was read. */
export interface PodMetricSample {
  readonly pod: string;
  /** End of the window, as metrics-server states it. */
  readonly timestamp: string;
  readonly windowMs: number;
  /** Sum over the pod's containers, rounded up per container as the HPA does. */
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

/** The HPA's status when it changed. */
export interface AutoscalerSample {
  readonly atMs: number;
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  /** Average CPU use, percent of the request; missing while the HPA has no metrics. */
  readonly cpuPercent?: number;
  readonly lastScaleAt?: string;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
    readonly changedAt?: string;
  }[];
}

/** An event of the Deployment, its ReplicaSets and pods, or the HPA, when it first appeared or repeated. */
export interface EventSample {
  readonly atMs: number;
  readonly object: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly lastAt: string;
}

/**
 * Counters of one pod or process, from its own `/metrics` and, without Kubernetes, its control group. One that neither has is
 * absent: a server that is not Tandem's may lack them all.
 */
export interface CounterSample {
  readonly atMs: number;
  readonly pod: string;
  /** Answers with probabilities, since the process started. */
  readonly answered?: number;
  /** Requests without probabilities, such as refused ones. */
  readonly rejected?: number;
  /** CPU quota periods, those that were throttled, and the time spent throttled. */
  readonly periods?: number;
  readonly throttledPeriods?: number;
  readonly throttledSeconds?: number;
  /** CPU time of the serving process without its model processes. */
  readonly serverCpuSeconds?: number;
  /** In which its models compute, such as `int8`; absent before one is loaded. */
  readonly precision?: string;
}

/** What was deployed and where. */
export interface Subject {
  readonly variant: string;
  /** The Deployment's and the HPA's `spec` as the API server holds them; null without Kubernetes or HPA. */
  readonly deploymentSpec: unknown;
  readonly autoscalerSpec: unknown;
  /** SHA-256 of the manifests that were applied. */
  readonly manifestSha256?: string;
  /** Git commit of the manifests and the generator. */
  readonly commit?: string;
  readonly machine: {
    readonly cpuModel: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly nodeVersion: string;
    readonly platform: string;
  };
  readonly kubernetesVersion?: string;
  /** Allocatable amounts of the cluster's nodes, as Kubernetes quantities; none where this user may not list nodes. */
  readonly nodes: readonly { readonly name: string; readonly cpu: string; readonly memory: string }[];
}

export interface TimelineDocument {
  readonly schema: typeof TIMELINE_SCHEMA;
  readonly version: typeof TIMELINE_VERSION;
  readonly subject: Subject;
  /** ISO 8601, UTC; every `atMs` counts from here. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly intervalMs: number;
  /** False if the run was interrupted. */
  readonly complete: boolean;
  readonly replicas: readonly ReplicaSample[];
  readonly pods: readonly PodSample[];
  readonly podMetrics: readonly PodMetricSample[];
  readonly autoscaler: readonly AutoscalerSample[];
  readonly events: readonly EventSample[];
  readonly counters: readonly CounterSample[];
  /** Reads that failed, with the reason: a gap in the samples is not a zero. */
  readonly failures: readonly { readonly atMs: number; readonly read: string; readonly message: string }[];
  /** The load of the run; its seed and settings are in it. */
  readonly load?: RunDocument;
}

/**
 * Reads a document.
 *
 * @throws Error if the text is not a document of this schema and version
 */
export const parseTimeline = (text: string): TimelineDocument =>
  parseDocument<TimelineDocument>(
    text,
    { schema: TIMELINE_SCHEMA, version: TIMELINE_VERSION },
    'tandem bench timeline --out',
  );

/** A machine's CPU in words. */
export const cpuText = ({ cpuModel, cores }: Pick<Subject['machine'], 'cpuModel' | 'cores'>): string =>
  `${cores} cores of ${cpuModel}`;
