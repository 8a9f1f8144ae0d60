/**
 * Synthetic runs for tests: a queue of pods that was simulated, never measured. Their image digest and machine say so.
 */
import { scaleVariant } from './synthetic-scale';
import {
  EXPERIMENT_SCHEMA,
  EXPERIMENT_VERSION,
  type ExperimentRun,
} from '../../../bench/evidence/experiment-run';
import { documentOf } from '../../../bench/load/documents';
import { durationSeconds, type OpenLoad, parseLoad } from '../../../bench/load/load';
import { OUTCOMES, type Requests } from '../../../bench/load/run-document';
import { drawSchedule } from '../../../bench/load/schedule';
import {
  type AutoscalerSample,
  type CounterSample,
  type EventSample,
  type PodMetricSample,
  type PodSample,
  type ReplicaSample,
  TIMELINE_SCHEMA,
  TIMELINE_VERSION,
} from '../../../bench/timeline/timeline-document';
import { parseCpuMillis } from '../../../infra/quantity';
import { type Variant, VARIANTS } from '../../../infra/variants';
import { seededRandom } from '../../../statistics/seeded-random';

const START = '2026-01-01T00:00:00.000Z';
const QUEUE_MS = 2_000;
const METRIC_MS = 15_000;
const SYNC_MS = 15_000;
const START_POD_MS = 8_000;

export interface SyntheticOptions {
  readonly variant: string;
  readonly experiment?: string;
  readonly repetition?: number;
  readonly load: string;
  readonly idleSeconds?: number;
  /** The recording begins this long before the load. @default 4 seconds */
  readonly leadMs?: number;
  /** CPU time of one answer; the pod works at its CPU limit. */
  readonly cpuSecondsPerImage: number;
  readonly cpuFactor: number;
  readonly limitMs: number;
}

interface Pod {
  readonly name: string;
  readonly readyMs: number;
  goneMs: number;
  freeMs: number;
  answered: number;
  rejected: number;
  /** CPU milliseconds by second of the run. */
  readonly cpuMs: number[];
}

/** A run of a simulated queue: Poisson arrivals, random pods, refusal beyond 2 s of work, and an HPA where there is one. */
export function syntheticRun(options: SyntheticOptions): ExperimentRun {
  const { load: text, cpuSecondsPerImage, cpuFactor, limitMs, repetition = 1, idleSeconds = 0 } = options;
  const { leadMs = 4_000 } = options;
  const printed = VARIANTS.find(({ name }) => name === options.variant)!;
  const applied = scaleVariant(printed, cpuFactor);
  const load = parseLoad(text) as OpenLoad;
  const intendedMs = drawSchedule(load, repetition);
  const random = seededRandom(repetition, 'service');
  const seconds = durationSeconds(load) + idleSeconds;
  const limitMillis = parseCpuMillis(applied.resources.limits.cpu);
  const requestMillis = parseCpuMillis(applied.resources.requests.cpu);
  const { scaling } = applied;
  const pods: Pod[] = [];
  const addPod = (readyMs: number) =>
    pods.push({
      name: `${applied.name}-${pods.length + 1}`,
      ...{ readyMs, goneMs: Infinity, freeMs: 0, answered: 0, rejected: 0, cpuMs: [] },
    });
  const minimum = scaling.kind === 'hpa' ? scaling.minReplicas : scaling.replicas;
  for (let i = 0; i < minimum; i++) addPod(-leadMs);

  const replicas: ReplicaSample[] = [];
  const podMetrics: PodMetricSample[] = [];
  const autoscaler: AutoscalerSample[] = [];
  const events: EventSample[] = [];
  const counters: CounterSample[] = [];
  const requests: Requests = {
    intendedMs,
    lagMs: new Float32Array(intendedMs.length).fill(0.3),
    latencyMs: new Float32Array(intendedMs.length),
    outcome: new Uint8Array(intendedMs.length),
    status: new Uint16Array(intendedMs.length).fill(200),
  };
  let desired = minimum;
  let low: { wantedMs: number; wanted: number }[] = [];
  const readyAt = (ms: number) => pods.filter(({ readyMs, goneMs }) => readyMs <= ms && ms < goneMs);
  const iso = (ms: number) => new Date(Date.parse(START) + leadMs + ms).toISOString();

  const autoscale = (ms: number) => {
    if (scaling.kind !== 'hpa' || ms % SYNC_MS !== 0 || ms < METRIC_MS) return;
    const ready = readyAt(ms - METRIC_MS);
    const used = ready.map(({ cpuMs }) =>
      cpuMs.slice(Math.max(0, (ms - METRIC_MS) / 1000), ms / 1000).reduce((sum, each) => sum + each, 0),
    );
    const millis = used.reduce((sum, each) => sum + each, 0) / (METRIC_MS / 1000) / ready.length;
    const percent = Math.trunc((100 * millis) / requestMillis);
    const ratio = percent / scaling.targetCpuPercent;
    const raw = Math.abs(ratio - 1) <= 0.1 ? desired : Math.ceil(ratio * ready.length);
    low = [...low, { wantedMs: ms, wanted: raw }].filter(({ wantedMs }) => wantedMs > ms - 300_000);
    const held = raw > desired ? raw : Math.min(desired, Math.max(...low.map(({ wanted }) => wanted)));
    const want = Math.min(scaling.maxReplicas, Math.max(scaling.minReplicas, held));
    if (want !== desired) {
      for (let i = desired; i < want; i++) addPod(ms + START_POD_MS);
      pods
        .filter(({ goneMs }) => goneMs === Infinity)
        .slice(want)
        .forEach((pod) => (pod.goneMs = ms));
      const above = want > desired;
      desired = want;
      const reason = above
        ? 'cpu resource utilization (percentage of request) above target'
        : 'All metrics below target';
      events.push({
        ...{
          atMs: ms + leadMs,
          object: `HorizontalPodAutoscaler/${applied.name}`,
          count: 1,
          lastAt: iso(ms),
        },
        ...{ reason: 'SuccessfulRescale', message: `New size: ${want}; reason: ${reason}` },
      });
    }
    const sample = { currentReplicas: readyAt(ms).length, desiredReplicas: want, cpuPercent: percent };
    autoscaler.push({ atMs: ms + leadMs, ...sample, conditions: [] });
  };

  let next = 0;
  for (let second = 0; second < seconds; second++) {
    const ms = 1000 * second;
    autoscale(ms);
    while (next < intendedMs.length && intendedMs[next]! < ms + 1000) {
      const at = intendedMs[next]!;
      const ready = readyAt(at);
      const pod = ready[Math.floor(random.uniform() * ready.length)]!;
      const waitMs = Math.max(0, pod.freeMs - at);
      if (waitMs > QUEUE_MS) {
        pod.rejected++;
        requests.outcome[next] = OUTCOMES.indexOf('refused');
        requests.latencyMs[next] = 2;
      } else {
        const cpuMs = 1000 * cpuSecondsPerImage * (0.9 + 0.2 * random.uniform());
        pod.freeMs = Math.max(pod.freeMs, at) + (1000 * cpuMs) / limitMillis;
        const from = Math.floor(Math.max(at, pod.freeMs - 1) / 1000);
        pod.cpuMs[from] = (pod.cpuMs[from] ?? 0) + cpuMs;
        pod.answered++;
        requests.latencyMs[next] = pod.freeMs - at;
      }
      next++;
    }
    replicas.push({ atMs: ms + leadMs, desired, current: desired, ready: readyAt(ms).length });
    for (const pod of readyAt(ms)) {
      counters.push({
        ...{ atMs: ms + leadMs + 900, pod: pod.name, answered: pod.answered, rejected: pod.rejected },
        ...{ periods: 10 * second, throttledPeriods: 0, throttledSeconds: 0, serverCpuSeconds: 0 },
        precision: 'int8',
      });
      for (let i = 0; i <= second; i++) pod.cpuMs[i] ??= 0;
      const phase = (1000 * (pods.indexOf(pod) * 4)) % METRIC_MS;
      if (ms >= METRIC_MS && ms % METRIC_MS === phase && ms - METRIC_MS >= pod.readyMs) {
        const used = pod.cpuMs.slice((ms - METRIC_MS) / 1000, second).reduce((sum, each) => sum + each, 0);
        podMetrics.push({
          ...{ pod: pod.name, timestamp: iso(ms), windowMs: METRIC_MS, memoryBytes: 2e8 },
          cpuMillis: Math.ceil(used / (METRIC_MS / 1000)),
        });
      }
    }
  }
  const durationMs = 1000 * durationSeconds(load);
  const samplesOf = (pod: Pod, index: number): PodSample[] => {
    const base = {
      pod: pod.name,
      uid: `uid-${pod.name}`,
      node: `node-${(index % 3) + 1}`,
      phase: 'Running',
      createdAt: iso(pod.readyMs - START_POD_MS),
    };
    const gone = { ...base, atMs: pod.goneMs + leadMs, ready: false };
    return [
      { ...base, atMs: Math.max(0, pod.readyMs + leadMs), ready: true },
      ...(pod.goneMs < Infinity ? [gone] : []),
    ];
  };
  const figures = (variant: Variant) => ({ resources: variant.resources, scaling: variant.scaling });
  const machine = { cpuModel: 'SYNTHETIC', cores: 2, memoryBytes: 8e9 };
  const software = { nodeVersion: 'v22.0.0', platform: 'linux' };
  return {
    schema: EXPERIMENT_SCHEMA,
    version: EXPERIMENT_VERSION,
    experiment: options.experiment ?? applied.name,
    ...{ repetition, form: 'full', model: printed.model, kind: printed.kind },
    ...{ printed: figures(printed), applied: figures(applied), cpuFactor },
    slo: { percentile: 0.95, limitMs },
    imageDigest: `sha256:${'5'.repeat(64)}`,
    deviations: ['Synthetic: a simulated queue, nothing was measured.'],
    timeline: {
      schema: TIMELINE_SCHEMA,
      version: TIMELINE_VERSION,
      subject: {
        ...{ variant: applied.name, deploymentSpec: {}, autoscalerSpec: null, commit: 'c'.repeat(40) },
        machine: { ...machine, ...software },
        nodes: [1, 2, 3].map((n) => ({ name: `node-${n}`, cpu: '2', memory: '8Gi' })),
      },
      startedAt: START,
      finishedAt: iso(1000 * seconds),
      ...{ intervalMs: 1000, complete: true, replicas, podMetrics, autoscaler, events, counters },
      pods: pods.flatMap(samplesOf),
      failures: [],
      load: documentOf({
        settings: {
          ...{ url: 'http://synthetic/', load: text, connections: 'fresh', timeoutMs: 10_000 },
          ...{ seed: repetition, images: [] },
        },
        generators: [
          {
            ...{ cpuModel: machine.cpuModel, cores: machine.cores, ...software },
            ...{ shard: { index: 1, count: 1 }, startedAt: iso(0), finishedAt: iso(durationMs) },
            ...{ cpuShare: 0.1, clockDriftMs: 0, elapsedMs: durationMs },
          },
        ],
        ...{ startedAt: iso(0), durationMs, complete: true, failures: {}, requests },
      }),
    },
  };
}
