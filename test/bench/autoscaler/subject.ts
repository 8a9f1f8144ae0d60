import type { Pod, PodMetric } from '../../../bench/autoscaler/pods';
import { EMPTY_MEMORY } from '../../../bench/autoscaler/memory';
import { type Decision, reconcile } from '../../../bench/autoscaler/reconcile';
import { type AutoscalerSpec, DEFAULT_FLAGS, settingsOf } from '../../../bench/autoscaler/settings';

export const REQUEST_MILLIS = 400;
export const SYNC_MS = DEFAULT_FLAGS.syncPeriodMs;
/** Long after every pod's start. */
export const NOW_MS = 3_600_000;

export const pod = (name: string, changes: Partial<Pod> = {}): Pod => ({
  name,
  phase: 'Running',
  deleting: false,
  startedAtMs: 0,
  ready: { status: 'True', changedAtMs: 5_000 },
  cpuRequestsMillis: [REQUEST_MILLIS],
  ...changes,
});

export const metric = (name: string, percent: number, changes: Partial<PodMetric> = {}): PodMetric => ({
  pod: name,
  atMs: NOW_MS,
  windowMs: SYNC_MS,
  cpuMillis: (REQUEST_MILLIS * percent) / 100,
  ...changes,
});

export const spec = (targetPercent: number, changes: Partial<AutoscalerSpec> = {}): AutoscalerSpec => ({
  minReplicas: 2,
  maxReplicas: 10,
  metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: targetPercent } } }],
  ...changes,
});

/** Pods at the same CPU use, `p1` to `pN`, with a metric each. */
export function busy(count: number, percent: number): { pods: Pod[]; metrics: PodMetric[] } {
  const names = Array.from({ length: count }, (_, i) => `p${i + 1}`);
  return { pods: names.map((name) => pod(name)), metrics: names.map((name) => metric(name, percent)) };
}

/** One sync after another, 15 s apart: at each, the ready pods share the demand in percent of one pod's request. */
export function decisionsUnder(
  demandPercent: (sync: number) => number,
  { hpa, syncs, replicas: first }: { hpa: AutoscalerSpec; syncs: number; replicas: number },
): Decision[] {
  const settings = settingsOf(hpa, DEFAULT_FLAGS);
  const decisions: Decision[] = [];
  let memory = EMPTY_MEMORY;
  let currentReplicas = first;
  for (let sync = 0; sync < syncs; sync++) {
    const seen = busy(currentReplicas, demandPercent(sync) / currentReplicas);
    const nowMs = NOW_MS + sync * SYNC_MS;
    const next = reconcile({ ...seen, nowMs, currentReplicas }, memory, settings, DEFAULT_FLAGS);
    memory = next.memory;
    currentReplicas = next.decision.replicas;
    decisions.push(next.decision);
  }
  return decisions;
}
