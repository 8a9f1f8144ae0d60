/**
 * CPU time and images of the same windows: metrics-server states the CPU time of a window, and the pods' own counters, read
 * every few seconds, how many images fell into it. Pure.
 */
import type { CounterSample } from '../timeline/timeline-document';
import type { ExperimentRun } from './experiment-run';
import { cpuSamplesOf, loadStartMs } from './runs';

/** `--metric-resolution` of the metrics-server of `npm run experiments`, as in Kubernetes' own manifest of it. */
export const METRIC_RESOLUTION_MS = 15_000;

/** All pods in one window of metrics-server. */
export interface CpuWindow {
  /** Milliseconds from the start of the load. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly pods: number;
  /** CPU time of the pods, milliseconds. */
  readonly cpuMs: number;
  readonly images: number;
}

/** Windows of one scrape end within this of each other. */
const SAME_SCRAPE_MS = 1_000;

/** Images that a pod had answered at a time, between two readings in proportion; undefined outside its readings. */
function answeredAt(readings: readonly CounterSample[], atMs: number): number | undefined {
  const after = readings.findIndex((reading) => reading.atMs >= atMs);
  if (after < 0) return undefined;
  const b = readings[after]!;
  if (b.atMs === atMs) return b.answered;
  if (after === 0) return undefined;
  const a = readings[after - 1]!;
  if (a.answered === undefined || b.answered === undefined) return undefined;
  return a.answered + ((atMs - a.atMs) / (b.atMs - a.atMs)) * (b.answered - a.answered);
}

/** The windows of a run in their order; those without counters at both ends are left out. */
export function cpuWindowsOf(run: ExperimentRun): CpuWindow[] {
  const startMs = loadStartMs(run);
  const readings = new Map<string, CounterSample[]>();
  for (const reading of run.timeline.counters) {
    readings.set(reading.pod, [...(readings.get(reading.pod) ?? []), reading]);
  }
  const windows: CpuWindow[] = [];
  for (const { pod, fromMs, toMs, cpuMillis } of cpuSamplesOf(run).sort((a, b) => a.toMs - b.toMs)) {
    const own = readings.get(pod) ?? [];
    const [before, after] = [answeredAt(own, startMs + fromMs), answeredAt(own, startMs + toMs)];
    if (before === undefined || after === undefined) continue;
    const last = windows.at(-1);
    const isSame = last !== undefined && toMs - last.toMs < SAME_SCRAPE_MS;
    if (isSame) windows.pop();
    windows.push({
      ...(isSame ? { fromMs: last.fromMs, toMs: last.toMs } : { fromMs, toMs }),
      pods: (isSame ? last.pods : 0) + 1,
      cpuMs: (isSame ? last.cpuMs : 0) + (cpuMillis * (toMs - fromMs)) / 1000,
      images: (isSame ? last.images : 0) + after - before,
    });
  }
  return windows;
}
