/**
 * The wait in the queue as a metric for autoscalers: how Prometheus computes it, and the rule by which prometheus-adapter
 * offers it to a HorizontalPodAutoscaler. Pure functions.
 */

/** Name of the metric, whose unit is seconds. */
export const QUEUE_WAIT_METRIC = 'inference_queue_wait_seconds';

/** The service's histogram of it. */
export const QUEUE_HISTOGRAM = 'inference_queue_duration_seconds';

/** Two scrapes, which a rate needs, at Prometheus' default interval of a minute. */
const WINDOW = '2m';

/** Bounds the rate of requests from below, requests per second: without requests the mean is 0 instead of 0 / 0. */
const MIN_RATE = 0.001;

/**
 * PromQL of the mean wait, seconds.
 *
 * @param labels which series to take
 * @param by what to group them by. @default one mean of all
 */
export function meanWaitQuery(labels: string, by = ''): string {
  const rate = (series: string) => `sum(rate(${QUEUE_HISTOGRAM}_${series}{${labels}}[${WINDOW}]))${by}`;
  return `${rate('sum')} / clamp_min(${rate('count')}, ${MIN_RATE})`;
}

/** Most characters of the hash of a Deployment's ReplicaSet: the digits of 32 bits. */
const MAX_HASH_LENGTH = 10;

/** What the API server keeps of a ReplicaSet's name and a dash before it adds random characters, and how many it adds. */
const MAX_GENERATED_LENGTH = 58;
const RANDOM_LENGTH = 5;

/**
 * The names of a Deployment's pods, as a regular expression: `NAME-HASH-RANDOM`, of which a long name leaves out the end
 * of all but `RANDOM`. Two Deployments whose names share 55 characters or more may not be told apart.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apiserver/pkg/storage/names/generate.go
 */
function podNames(name: string): string {
  const whole = `${name}-[a-z0-9]+-[a-z0-9]{${RANDOM_LENGTH}}`;
  const owner = `${name}-`;
  if (owner.length + MAX_HASH_LENGTH + 1 <= MAX_GENERATED_LENGTH) return whole;
  const kept = owner.slice(0, MAX_GENERATED_LENGTH);
  return `${whole}|${kept}[a-z0-9]{${MAX_GENERATED_LENGTH + RANDOM_LENGTH - kept.length}}`;
}

/** The series of a Deployment's pods. Prometheus matches the whole name of a pod. */
export const podSeries = (name: string, namespace: string | undefined): string =>
  [...(namespace === undefined ? [] : [`namespace="${namespace}"`]), `pod=~"${podNames(name)}"`].join(',');

/**
 * Values of prometheus-adapter's chart that offer the metric.
 *
 * @see https://github.com/kubernetes-sigs/prometheus-adapter
 */
export const ADAPTER_VALUES = {
  rules: {
    custom: [
      {
        seriesQuery: `${QUEUE_HISTOGRAM}_count{namespace!="",pod!=""}`,
        resources: { overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } } },
        name: { as: QUEUE_WAIT_METRIC },
        metricsQuery: meanWaitQuery('<<.LabelMatchers>>', ' by (<<.GroupBy>>)'),
      },
    ],
  },
} as const;
