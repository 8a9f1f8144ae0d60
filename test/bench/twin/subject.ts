/** A small deployment for the twin's tests. */
import { HPA_BEHAVIOR } from '../../../infra/construct/deployment-defaults';
import { DEFAULT_FLAGS, settingsOf } from '../../../bench/autoscaler/settings';
import { type OpenLoad, parseLoad } from '../../../bench/load/load';
import { drawSchedule } from '../../../bench/load/schedule';
import type { Autoscaler, PodFigures, Scenario } from '../../../bench/twin/scenario';

export const POD: PodFigures = {
  ...{ cpuRequestMillis: 400, cpuLimitMillis: 1000, processes: 1 },
  ...{
    cpuMsPerImage: 20,
    cpuSpread: 0,
    coldShare: 0,
    stretch: 1,
    idleMillis: 10,
    startCpuMs: 1_500,
    refusalCpuMs: 0.25,
  },
};

export const hpa = (targetPercent: number, minReplicas = 2, maxReplicas = 8): Autoscaler => ({
  ...{ kind: 'hpa', flags: DEFAULT_FLAGS, sampling: 'housekeeping', metricResolutionMs: 15_000 },
  settings: settingsOf(
    {
      ...{ minReplicas, maxReplicas, behavior: HPA_BEHAVIOR },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: targetPercent } } },
      ],
    },
    DEFAULT_FLAGS,
  ),
});

export const scenario = (load: string, seconds: number, more: Partial<Scenario> = {}): Scenario => ({
  arrivalsMs: drawSchedule(parseLoad(load) as OpenLoad, 1),
  durationMs: 1000 * seconds,
  connections: { kind: 'fresh' },
  ...{ timeoutMs: 10_000, pod: POD, nodes: 3, maxPods: 100, scaling: { kind: 'fixed', replicas: 1 } },
  ...more,
});
