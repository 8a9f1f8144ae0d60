/**
 * The service's counters in Prometheus' text format.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import type { CounterSample } from './timeline-document';

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

/** Precisions of the loaded models, each once; undefined if none is loaded. */
function precisionIn(text: string): string | undefined {
  const labels = [...text.matchAll(/^inference_model_info\{.*\bprecision="([^"]+)"/gm)].map(
    ([, label]) => label!,
  );
  return labels.length === 0 ? undefined : [...new Set(labels)].sort().join(' and ');
}

/** Reads a timeline's counters from a `/metrics` answer. */
export function countersIn(text: string): Omit<CounterSample, 'atMs' | 'pod'> {
  const precision = precisionIn(text);
  return {
    answered: sumOf(text, 'inference_request_duration_seconds_count'),
    rejected: sumOf(text, 'inference_rejected_total'),
    periods: sumOf(text, 'cgroup_cpu_periods_total'),
    throttledPeriods: sumOf(text, 'cgroup_cpu_throttled_periods_total'),
    throttledSeconds: sumOf(text, 'cgroup_cpu_throttled_seconds_total'),
    serverCpuSeconds: sumOf(text, 'process_cpu_seconds_total'),
    ...(precision !== undefined && { precision }),
  };
}
