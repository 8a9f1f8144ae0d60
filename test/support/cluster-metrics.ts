/**
 * The metrics of cAdvisor and kube-state-metrics that the dashboard asks for, with their labels, of one pod and its
 * autoscaler.
 *
 * @see https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics
 * @see https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
 */
import { CONTAINER_NAME } from '../../infra/construct/deployment-defaults';

const POD = { namespace: 'tandem', pod: 'latency-hpa-1', container: CONTAINER_NAME };
const AUTOSCALER = { namespace: 'tandem', horizontalpodautoscaler: 'latency-hpa' };
const CPU = { resource: 'cpu', unit: 'core' };
const MEMORY = { resource: 'memory', unit: 'byte' };
const TARGET = { metric_name: 'cpu', metric_target_type: 'utilization' };
const hpa = (name: string) => `kube_horizontalpodautoscaler_${name}`;

/** Name, labels and value of each series; a value that is a function of the scrape's number is a counter. */
export const CLUSTER_SERIES: readonly (readonly [
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number | ((scrape: number) => number),
])[] = [
  ['container_cpu_usage_seconds_total', POD, (scrape) => 0.2 * scrape],
  ['container_memory_working_set_bytes', POD, 120e6],
  ['kube_pod_container_resource_requests', { ...POD, ...CPU }, 0.405],
  ['kube_pod_container_resource_limits', { ...POD, ...CPU }, 1.4],
  ['kube_pod_container_resource_requests', { ...POD, ...MEMORY }, 443e6],
  ['kube_pod_container_resource_limits', { ...POD, ...MEMORY }, 1175e6],
  [hpa('status_current_replicas'), AUTOSCALER, 2],
  [hpa('status_desired_replicas'), AUTOSCALER, 3],
  [hpa('spec_min_replicas'), AUTOSCALER, 2],
  [hpa('spec_max_replicas'), AUTOSCALER, 8],
  [hpa('status_target_metric'), { ...AUTOSCALER, ...TARGET }, 61],
  [hpa('spec_target_metric'), { ...AUTOSCALER, ...TARGET }, 50],
];

/** A scrape's text. */
export const clusterMetrics = (scrape: number): string =>
  CLUSTER_SERIES.map(([name, labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    return `${name}{${pairs.join(',')}} ${typeof value === 'number' ? value : value(scrape)}\n`;
  }).join('');
