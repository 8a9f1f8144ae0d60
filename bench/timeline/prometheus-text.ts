/**
 * The service's counters in Prometheus' text format.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import type { CounterSample } from './timeline-document';

/** The service's metric of each count. */
const METRICS = {
  answered: 'inference_request_duration_seconds_count',
  rejected: 'inference_rejected_total',
  periods: 'cgroup_cpu_periods_total',
  throttledPeriods: 'cgroup_cpu_throttled_periods_total',
  throttledSeconds: 'cgroup_cpu_throttled_seconds_total',
  serverCpuSeconds: 'process_cpu_seconds_total',
} as const;

/** Sum of a metric over all its labels; 0 if the text does not have it. */
export function sumOf(text: string, name: string): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    const rest = line.slice(name.length);
    if (!/^[{ ]/.test(rest)) continue;
    sum += Number(
      rest
        .slice(rest.lastIndexOf('}') + 1)
        .trim()
        .split(' ')[0],
    );
  }
  return sum;
}

/** Whether a server has a metric. One with labels has a type from the start, and samples only once it counted. */
const has = (text: string, name: string): boolean =>
  new RegExp(`^(${name}[{ ]|# TYPE ${name.replace(/_count$/, '')} )`, 'm').test(text);

/** Precisions of the loaded models, each once; undefined if none is loaded. */
function precisionIn(text: string): string | undefined {
  const labels = [...text.matchAll(/^inference_model_info\{.*\bprecision="([^"]+)"/gm)].map(
    ([, label]) => label!,
  );
  return labels.length === 0 ? undefined : [...new Set(labels)].sort().join(' and ');
}

/** Reads a timeline's counters from a `/metrics` answer; those that it does not have are absent. */
export function countersIn(text: string): Omit<CounterSample, 'atMs' | 'pod'> {
  const precision = precisionIn(text);
  const counters = Object.entries(METRICS)
    .filter(([, metric]) => has(text, metric))
    .map(([name, metric]) => [name, sumOf(text, metric)] as const);
  return {
    ...(Object.fromEntries(counters) as { readonly [Name in keyof typeof METRICS]?: number }),
    ...(precision !== undefined && { precision }),
  };
}
