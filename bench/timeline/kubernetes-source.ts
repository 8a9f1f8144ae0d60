/** Samples of one Deployment from the Kubernetes API, the metrics API and the pods' own `/metrics`. */
import { ENV, HTTP_PORT, PATHS } from '../../service/contract';
import {
  type WatchedAutoscaler,
  autoscalerSample,
  type DeploymentObject,
  type EventObject,
  eventSample,
  type PodMetricsObject,
  podMetricSample,
  type PodObject,
  podSample,
  replicaSample,
} from './api-objects';
import type { ReadApi } from './api-reader';
import { countersIn } from './prometheus-text';
import type { Source } from './recorder';

export interface Watched {
  readonly namespace: string;
  /** Name of the Deployment. */
  readonly name: string;
  /** What else the HPA scales. @default deployments */
  readonly resource?: 'deployments' | 'statefulsets' | 'replicasets';
  /**
   * Name of the HPA if its decisions alone are recorded: other objects' events and the pods' own metrics are then not read.
   * @default the Deployment's name, and all is read
   */
  readonly autoscaler?: string;
  /** Labels of its pods. */
  readonly selector: Readonly<Record<string, string>>;
  readonly hasAutoscaler: boolean;
}

/** A Deployment, StatefulSet or ReplicaSet, as far as it selects its pods. */
export interface SelectingObject {
  readonly spec: {
    readonly selector: {
      readonly matchLabels?: Readonly<Record<string, string>>;
      readonly matchExpressions?: readonly unknown[];
    };
  };
}

/**
 * Labels that select a workload's pods and no others.
 *
 * @throws Error if it selects them by expressions too, which a recording does not ask for
 */
export function selectorLabelsOf({ spec: { selector } }: SelectingObject, name: string): Watched['selector'] {
  const { matchLabels, matchExpressions = [] } = selector;
  if (matchLabels === undefined || matchExpressions.length > 0) {
    throw new Error(
      `the selector of ${name} must be matchLabels alone, received ${JSON.stringify(selector)}`,
    );
  }
  return matchLabels;
}

/** A read of a pod's own metrics costs it CPU time that the HPA sees: every second would be a tenth of a small request. */
const COUNTER_INTERVAL_MS = 5_000;

/** Paths of the API that a recording reads. */
export function pathsOf(watched: Omit<Watched, 'hasAutoscaler'>) {
  const { namespace, name, selector, resource = 'deployments', autoscaler } = watched;
  const pairs = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  const query = `?labelSelector=${encodeURIComponent(pairs.join(','))}`;
  const fields = `involvedObject.kind=HorizontalPodAutoscaler,involvedObject.name=${autoscaler}`;
  return {
    deployment: `/apis/apps/v1/namespaces/${namespace}/${resource}/${name}`,
    autoscaler: `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/${autoscaler ?? name}`,
    pods: `/api/v1/namespaces/${namespace}/pods${query}`,
    podMetrics: `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods${query}`,
    events:
      `/api/v1/namespaces/${namespace}/events` +
      (autoscaler === undefined ? '' : `?fieldSelector=${encodeURIComponent(fields)}`),
    counters: (pod: string, port: string | number = HTTP_PORT) =>
      `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy${PATHS.metrics}`,
  };
}

/** The port of a pod's metrics, if they do not have the service's. */
const metricsPortOf = ({ spec }: PodObject): string | undefined =>
  spec.containers?.flatMap(({ env = [] }) => env).find(({ name }) => name === ENV.metricsPort)?.value;

interface List<T> {
  readonly items: readonly T[];
}

/** Adds a sample if anything but its time differs from the last sample with this key. */
function addIfChanged<T extends { readonly atMs: number }>(
  last: Map<string, string>,
  key: string,
  sample: T,
  samples: T[],
): void {
  const text = JSON.stringify({ ...sample, atMs: 0 });
  if (last.get(key) === text) return;
  last.set(key, text);
  samples.push(sample);
}

/**
 * Watches one Deployment; each call of the source reads all of it once, but for the pods' own metrics.
 *
 * @param counterIntervalMs shortest time between two reads of a pod's own metrics
 */
export function kubernetesSource(
  readApi: ReadApi,
  watched: Watched,
  counterIntervalMs = COUNTER_INTERVAL_MS,
): Source {
  const { name, hasAutoscaler, autoscaler } = watched;
  const paths = pathsOf(watched);
  const last = new Map<string, string>();
  const seenMetrics = new Set<string>();
  /** Pods of the last read: one that the next read lacks is recorded as gone. */
  let present = new Map<string, PodObject>();
  let countersAtMs = -Infinity;
  return async (atMs, series, failed) => {
    const get = (read: string, path: string, use: (object: unknown) => void) =>
      readApi(path)
        .then((body) => use(JSON.parse(body)))
        .catch((error: unknown) => failed(read, error));
    const readCounters = async (pods: readonly PodObject[]) => {
      const running = pods.filter(({ status }) => status?.phase === 'Running');
      await Promise.all(
        running.map((object) => {
          const pod = object.metadata.name;
          return readApi(paths.counters(pod, metricsPortOf(object)))
            .then((text) => series.counters.push({ atMs, pod, ...countersIn(text) }))
            .catch((error: unknown) => failed(`metrics of ${pod}`, error));
        }),
      );
    };
    let pods: readonly PodObject[] = [];
    await Promise.all([
      get('deployment', paths.deployment, (object) =>
        series.replicas.push(replicaSample(atMs, object as DeploymentObject)),
      ),
      get('pods', paths.pods, (list) => {
        const { items } = list as List<PodObject>;
        pods = items;
        for (const pod of items) addIfChanged(last, pod.metadata.uid, podSample(atMs, pod), series.pods);
        const next = new Map(items.map((pod) => [pod.metadata.uid, pod]));
        for (const [uid, pod] of present) {
          if (!next.has(uid)) series.pods.push({ ...podSample(atMs, pod), phase: 'Gone', ready: false });
        }
        present = next;
      }),
      get('pod metrics', paths.podMetrics, (list) => {
        for (const item of (list as List<PodMetricsObject>).items) {
          const key = `${item.metadata.name} ${item.timestamp} ${item.window}`;
          if (!seenMetrics.has(key)) series.podMetrics.push(podMetricSample(item));
          seenMetrics.add(key);
        }
      }),
      get('events', paths.events, (list) => {
        // The namespace may hold other variants; names of ReplicaSets and pods start with the Deployment's.
        const isOurs = ({ involvedObject }: EventObject) =>
          autoscaler === undefined
            ? involvedObject.name === name || involvedObject.name.startsWith(`${name}-`)
            : involvedObject.name === autoscaler;
        for (const event of (list as List<EventObject>).items.filter(isOurs)) {
          const sample = eventSample(atMs, event);
          addIfChanged(last, `${sample.object} ${sample.reason} ${sample.message}`, sample, series.events);
        }
      }),
      ...(hasAutoscaler
        ? [
            get('autoscaler', paths.autoscaler, (object) =>
              addIfChanged(
                last,
                'autoscaler',
                autoscalerSample(atMs, object as WatchedAutoscaler),
                series.autoscaler,
              ),
            ),
          ]
        : []),
    ]);
    if (autoscaler !== undefined || atMs - countersAtMs < counterIntervalMs) return;
    countersAtMs = atMs;
    await readCounters(pods);
  };
}
