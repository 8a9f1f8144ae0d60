import { idleCpu, startCpu } from '../../../bench/adviser/model-profile';
import type { ExperimentRun } from '../../../bench/evidence/experiment-run';
import { PROBES } from '../../../infra/construct/deployment-defaults';
import { MEAN_CONTAINER_START_MS, readyAfterMs, startCores } from '../../../bench/twin/fleet';
import { POD } from '../twin/subject';
import { HPA_RUN } from './subject';

/** A run whose pods take this long from their start until they are ready. */
const withStartsOf = (tookMs: number, cpuLimitMillis: number): ExperimentRun => ({
  ...HPA_RUN,
  applied: {
    ...HPA_RUN.applied,
    resources: { ...HPA_RUN.applied.resources, limits: { cpu: `${cpuLimitMillis}m`, memory: '1Gi' } },
  },
  timeline: {
    ...HPA_RUN.timeline,
    pods: HPA_RUN.timeline.pods.map((pod) => ({
      ...pod,
      readyChangedAt: new Date(Date.parse(pod.startedAt!) + tookMs).toISOString(),
    })),
  },
});

test.each([
  [137, 1_000],
  [137, 1_233],
  [137, 1_400],
  [250, 1_650],
  [2_000, 3_500],
])('the CPU time of a start at %d millicores, %d ms, is what the twin took for it', (limit, startCpuMs) => {
  const figures = { ...POD, cpuLimitMillis: limit, startCpuMs };
  const took = readyAfterMs(figures) + MEAN_CONTAINER_START_MS;
  const { value } = startCpu([withStartsOf(took, limit)], figures.idleMillis)!;
  const halfProbeMs = 500 * PROBES.startup.periodSeconds;
  expect(Math.abs(value - startCpuMs)).toBeLessThanOrEqual(halfProbeMs * startCores(figures) + 1e-9);
});

test('the CPU of a pod without load is that of its samples after the load', () => {
  const podMetrics = HPA_RUN.timeline.podMetrics.map((sample) => ({
    ...sample,
    cpuMillis: sample.cpuMillis + 7,
  }));
  const { value, source } = idleCpu([{ ...HPA_RUN, timeline: { ...HPA_RUN.timeline, podMetrics } }])!;
  expect(value).toBeCloseTo(7, 6);
  expect(source).toBe('latency-hpa-steps-1: median of the pods’ samples after the load');
  expect(idleCpu([])).toBeUndefined();
});
