/**
 * Prometheus queries of the Grafana dashboard, from the metrics of the service, cAdvisor and kube-state-metrics.
 *
 * @see https://github.com/kubernetes/kube-state-metrics/tree/main/docs
 */
import { CONTAINER_NAME } from '../infra/construct/deployment-defaults';

/** The instances that the dashboard's variable chooses. */
export const OURS = '{instance=~"$instance"}';
const PERIOD = '[$__rate_interval]';
const CONTAINER = `namespace=~"$namespace", container="${CONTAINER_NAME}"`;
/** What the panels about pods and autoscalers need. */
export const CLUSTER_NEEDS =
  'Needs the metrics of cAdvisor and kube-state-metrics, which kube-prometheus-stack brings.';

/** Increase of a counter per second. */
export const rate = (metric: string, labels = OURS) => `rate(${metric}${labels}${PERIOD})`;
/** Sum by labels. */
export const by = (labels: string, expr: string) => `sum by (${labels}) (${expr})`;
/** Quantile of a histogram by model. */
export const quantile = (share: number, metric: string) =>
  `histogram_quantile(${share}, ${by('le, model', rate(`${metric}_bucket`))})`;
/** Mean of a histogram by model. */
export const mean = (metric: string) =>
  `${by('model', rate(`${metric}_sum`))} / ${by('model', rate(`${metric}_count`))}`;

/** Answers per second. */
export const ANSWERS = rate('inference_request_duration_seconds_count');
const FAILURES = rate('inference_rejected_total', '{instance=~"$instance", reason!="CLIENT_GONE"}');
/** Failures per second together; without a failure there is no series yet. */
export const ALL_FAILURES = `(sum(${FAILURES}) or vector(0))`;

/** Cores that each pod uses. */
export const CPU_USED = by('namespace, pod', rate('container_cpu_usage_seconds_total', `{${CONTAINER}}`));
/** Working set of each pod, bytes. */
export const MEMORY_USED = by('namespace, pod', `container_memory_working_set_bytes{${CONTAINER}}`);
/** CPU or memory that each pod requests, or may use. */
export const figure = (kind: 'requests' | 'limits', resource: 'cpu' | 'memory') =>
  by('namespace, pod', `kube_pod_container_resource_${kind}{${CONTAINER}, resource="${resource}"}`);
/** A metric of the autoscalers; `labels` begins with a comma. */
export const hpa = (metric: string, labels = '') =>
  `kube_horizontalpodautoscaler_${metric}{namespace=~"$namespace"${labels}}`;
/** The CPU in percent of the request. */
export const CPU_TARGET = ', metric_name="cpu", metric_target_type="utilization"';

/** Percentiles of a latency: name and share. */
export const TIMES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;
/** Steps of a request: name and histogram. */
export const STEPS = [
  ['queue', 'inference_queue_duration_seconds'],
  ['decoding', 'inference_decode_duration_seconds'],
  ['inference', 'inference_duration_seconds'],
] as const;
