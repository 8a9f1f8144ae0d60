/** Turns objects of the Kubernetes API into samples. */
import { parseCpuMillis, parseMemoryBytes } from '../../infra/quantity';
import { cpuRequestsMillis, type RequestingSpec, type Requests } from './pod-requests';
import type {
  AutoscalerSample,
  EventSample,
  PodMetricSample,
  PodSample,
  ReplicaSample,
} from './timeline-document';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface DeploymentObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly readyReplicas?: number };
}

interface Container extends Requests {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface PodSpec extends RequestingSpec {
  readonly nodeName?: string;
  readonly containers?: readonly Container[];
}

export interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly startTime?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly { readonly imageID?: string }[];
  };
}

export interface PodMetricsObject {
  readonly metadata: { readonly name: string };
  readonly timestamp: string;
  readonly window: string;
  readonly containers: readonly { readonly usage: { readonly cpu: string; readonly memory: string } }[];
}

export interface WatchedAutoscaler {
  readonly spec: unknown;
  readonly status?: {
    readonly currentReplicas?: number;
    readonly desiredReplicas?: number;
    readonly lastScaleTime?: string;
    readonly conditions?: readonly Condition[];
    readonly currentMetrics?: readonly {
      readonly resource?: {
        readonly name: string;
        readonly current: { readonly averageUtilization?: number };
      };
    }[];
  };
}

export interface EventObject {
  readonly metadata: { readonly creationTimestamp: string };
  readonly involvedObject: { readonly kind: string; readonly name: string };
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string | null;
}

/** An object with `key`, or an empty one if the value is undefined: JSON has no `undefined`. */
const optional = <K extends string, V>(key: K, value: V | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };

export const replicaSample = (atMs: number, { spec, status }: DeploymentObject): ReplicaSample => ({
  atMs,
  desired: spec.replicas ?? 1,
  current: status?.replicas ?? 0,
  ready: status?.readyReplicas ?? 0,
});

export function podSample(atMs: number, object: PodObject): PodSample {
  const { metadata, spec, status } = object;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    atMs,
    pod: metadata.name,
    uid: metadata.uid,
    ...optional('node', spec.nodeName),
    phase: status?.phase ?? 'Unknown',
    ready: ready?.status === 'True',
    createdAt: metadata.creationTimestamp,
    ...optional('startedAt', status?.startTime),
    ...optional('readyChangedAt', ready?.lastTransitionTime),
    ...optional('deletedAt', metadata.deletionTimestamp),
    ...optional('imageId', status?.containerStatuses?.[0]?.imageID),
    ...optional('cpuRequestsMillis', cpuRequestsMillis(spec)),
  };
}

export function autoscalerSample(atMs: number, { status = {} }: WatchedAutoscaler): AutoscalerSample {
  const cpu = status.currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource;
  return {
    atMs,
    currentReplicas: status.currentReplicas ?? 0,
    desiredReplicas: status.desiredReplicas ?? 0,
    ...optional('cpuPercent', cpu?.current.averageUtilization),
    ...optional('lastScaleAt', status.lastScaleTime),
    conditions: (status.conditions ?? []).map(
      ({ type, status: value, reason, message, lastTransitionTime }) => ({
        type,
        status: value,
        ...optional('reason', reason),
        ...optional('message', message),
        ...optional('changedAt', lastTransitionTime),
      }),
    ),
  };
}

export const eventSample = (atMs: number, event: EventObject): EventSample => ({
  atMs,
  object: `${event.involvedObject.kind}/${event.involvedObject.name}`,
  reason: event.reason ?? '',
  message: event.message ?? '',
  count: event.count ?? 1,
  lastAt: event.lastTimestamp ?? event.metadata.creationTimestamp,
});

export const podMetricSample = ({
  metadata,
  timestamp,
  window,
  containers,
}: PodMetricsObject): PodMetricSample => ({
  pod: metadata.name,
  timestamp,
  windowMs: parseGoDurationMs(window),
  cpuMillis: containers.reduce((sum, { usage }) => sum + parseCpuMillis(usage.cpu), 0),
  memoryBytes: containers.reduce((sum, { usage }) => sum + parseMemoryBytes(usage.memory), 0),
});

const DURATION_PART = /(\d+(?:\.\d+)?)(h|ms|m|s|µs|us|ns)/g;
const UNIT_MS: Readonly<Record<string, number>> = {
  ...{ h: 3_600_000, m: 60_000, s: 1000 },
  ...{ ms: 1, µs: 1e-3, us: 1e-3, ns: 1e-6 },
};

/**
 * Reads a duration as Go prints it, such as `1m3.5s`, and returns milliseconds.
 *
 * @throws RangeError for any other text
 * @see https://pkg.go.dev/time#Duration.String
 */
export function parseGoDurationMs(text: string): number {
  const parts = [...text.matchAll(DURATION_PART)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new RangeError(`a duration must be like 1m3.5s, received "${text}"`);
  }
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * UNIT_MS[unit!]!, 0);
}
