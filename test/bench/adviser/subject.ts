/** Synthetic recordings for the adviser's tests: their load was simulated by the tests' own queue, never measured. */
import type { Evidence } from '../../../bench/evidence/evidence';
import { evidenceOf } from '../../../bench/evidence/evidence';
import type { ExperimentRun } from '../../../bench/evidence/experiment-run';
import { MACHINE_SCHEMA, MACHINE_VERSION, type MachineDocument } from '../../../bench/evidence/machine';
import { HPA_BEHAVIOR } from '../../../infra/construct/deployment-defaults';
import { syntheticRun } from '../evidence/synthetic-run';

const COMMON = { cpuSecondsPerImage: 0.02, cpuFactor: 0.2, limitMs: 400 } as const;

const single = syntheticRun({ variant: 'latency-single-pod', load: 'steps:4,8,14,20:40s', ...COMMON });
const fleet = syntheticRun({ variant: 'latency-max-size', load: 'steps:8,16,28:40s', ...COMMON });

const recordedHpa = syntheticRun({
  ...{ variant: 'latency-hpa', experiment: 'latency-hpa-steps', load: 'steps:1,8,1:60s', idleSeconds: 60 },
  ...{ ...COMMON, cpuFactor: 0.1 },
});

/** The run behind the HPA, with the settings and the pods' own times that a real recording has. */
export const HPA_RUN: ExperimentRun = {
  ...recordedHpa,
  timeline: {
    ...recordedHpa.timeline,
    subject: {
      ...recordedHpa.timeline.subject,
      autoscalerSpec: {
        ...{ minReplicas: 2, maxReplicas: 8, behavior: HPA_BEHAVIOR },
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 50 } } }],
      },
    },
    pods: recordedHpa.timeline.pods.map((pod) => ({
      ...pod,
      startedAt: pod.createdAt,
      readyChangedAt: new Date(Date.parse(pod.createdAt) + 8_000).toISOString(),
    })),
  },
};

export const MACHINE: MachineDocument = {
  ...{ schema: MACHINE_SCHEMA, version: MACHINE_VERSION, form: 'quick', commit: 'synthetic', seed: 1 },
  ...{ startedAt: '2026-01-01T00:00:00.000Z', finishedAt: '2026-01-01T00:00:00.000Z' },
  machine: single.timeline.subject.machine,
  cpuPerImage: [
    {
      ...{
        model: 'latency',
        engine: 'onnxruntime',
        precision: 'fp32',
        isDefault: true,
        threads: 1,
        limitMillis: 1000,
      },
      ...{ cpuSecondsPerImage: [0.02], images: [100], idleCpuMillis: 5 },
    },
  ],
  printedPods: [],
};

export const EVIDENCE: Evidence = evidenceOf([single, fleet, HPA_RUN], MACHINE);
