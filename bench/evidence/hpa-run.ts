/** What an HPA did under a load: windows, replicas, CPU samples, rescales, and how many replicas were needed. Pure. */
import { medianOf } from '../../statistics/median';
import { parseLoad, rateAt } from '../load/load';
import { traceFileOf } from '../load/load-text';
import { OUTCOMES } from '../load/run-document';
import { type Window, windowsOf } from '../timeline/windows';
import type { ExperimentRun } from './experiment-run';
import { TRACE } from './plan';
import { type CpuSample, cpuSamplesOf, loadOf, loadStartMs, requestMillisOf, requestsOf } from './runs';

/** Pods finish what is queued before they are idle. */
const SETTLE_MS = 10_000;

/** A trace's rate at a time is that of the requests in its bin. */
const TRACE_BIN_MS = 1000 * TRACE.binSeconds;

export interface Rescale {
  /** Seconds from the start of the load. */
  readonly atSeconds: number;
  readonly size: number;
  /** The controller's own words. */
  readonly reason: string;
}

/** Replica counts from a time on, seconds from the start of the load. */
export interface ReplicaCounts {
  readonly atSeconds: number;
  readonly desired: number;
  readonly ready: number;
}

export interface HpaRun {
  readonly run: ExperimentRun;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly targetCpuPercent: number;
  readonly loadSeconds: number;
  /** Until the end of the recording, seconds from the start of the load. */
  readonly endSeconds: number;
  /** Windows of 10 s from the start of the recording, with their start in seconds from the start of the load. */
  readonly windows: readonly (Window & { readonly atSeconds: number; readonly lateShare: number })[];
  readonly replicas: readonly ReplicaCounts[];
  readonly cpu: readonly CpuSample[];
  /** What the HPA itself read, percent of the request. */
  readonly reported: readonly { readonly atSeconds: number; readonly percent: number }[];
  readonly rescales: readonly Rescale[];
  /** CPU of a pod after the load, millicores; where it was not recorded, that of another repetition, or 0. */
  readonly idleMillis: number;
  /** CPU time per answer of pods that have started, without what they use when idle. */
  readonly cpuSecondsPerImage: number;
  /** The fewest replicas within the bounds whose mean use is at most the target, by window: to be drawn. */
  readonly needed: readonly { readonly atSeconds: number; readonly replicas: number }[];
  /** The same at each second of the load, as windows begin at any time before it. */
  readonly neededBySecond: readonly number[];
  /** Share of all due requests that were answered right within the objective's limit. */
  readonly inTimeShare: number;
  readonly refusedShare: number;
  readonly due: number;
}

const rescaleOf = (message: string) => {
  const [, size, reason] = /^New size: (\d+); reason: (.+)$/.exec(message) ?? [];
  return size === undefined ? undefined : { size: Number(size), reason: reason! };
};

/** Replica counts where they change. */
function changesOf(run: ExperimentRun, startMs: number): ReplicaCounts[] {
  const counts = run.timeline.replicas.map(({ atMs, desired, ready = 0 }) => ({
    atSeconds: (atMs - startMs) / 1000,
    desired,
    ready,
  }));
  return counts.filter(
    ({ desired, ready }, i) => desired !== counts[i - 1]?.desired || ready !== counts[i - 1]?.ready,
  );
}

/** The rate that the load asks for, by time; a trace's file is not at hand, so its own requests speak. */
function offeredAt(run: ExperimentRun, intendedMs: Float64Array) {
  const { settings, durationMs } = loadOf(run);
  const load = traceFileOf(settings.load) === undefined ? parseLoad(settings.load) : undefined;
  if (load !== undefined && load.kind !== 'closed') return (atSeconds: number) => rateAt(load, atSeconds);
  return (atSeconds: number) => {
    const fromMs = Math.floor((1000 * atSeconds) / TRACE_BIN_MS) * TRACE_BIN_MS;
    const toMs = Math.min(durationMs, fromMs + TRACE_BIN_MS);
    return (1000 * intendedMs.filter((ms) => ms >= fromMs && ms < toMs).length) / (toMs - fromMs);
  };
}

/** CPU of a pod after the load, millicores; undefined where it was not recorded. */
export function idleMillisOf(run: ExperimentRun, cpu = cpuSamplesOf(run)): number | undefined {
  const endMs = loadOf(run).durationMs + SETTLE_MS;
  const idle = cpu.filter(({ fromMs }) => fromMs >= endMs);
  return idle.length === 0 ? undefined : medianOf(idle.map(({ cpuMillis }) => cpuMillis));
}

/** When each pod was first ready, milliseconds from the start of the load. */
function readyAtMs(run: ExperimentRun, startMs: number): ReadonlyMap<string, number> {
  const ready = new Map<string, number>();
  for (const { pod, atMs, ready: isReady } of run.timeline.pods) {
    if (isReady) ready.set(pod, Math.min(atMs - startMs, ready.get(pod) ?? Infinity));
  }
  return ready;
}

/**
 * CPU time per answer, seconds. Samples of pods that still start are left out: their start may use more CPU than the
 * images. The answers count by the share of the ready pods' time that the other samples cover.
 */
function secondsPerImage(
  run: ExperimentRun,
  cpu: readonly CpuSample[],
  { intendedMs, outcome }: ReturnType<typeof requestsOf>,
  idleMillis: number,
): number {
  const ready = readyAtMs(run, loadStartMs(run));
  const readyMs = (pod: string) => ready.get(pod) ?? Infinity;
  // Windows of the metrics tile a pod's life, so their sum is its CPU time.
  const underLoad = cpu.filter(({ fromMs, toMs }) => fromMs >= 0 && toMs <= loadOf(run).durationMs);
  const started = underLoad.filter(({ pod, fromMs }) => fromMs >= readyMs(pod));
  const lengthMs = ({ fromMs, toMs }: CpuSample) => toMs - fromMs;
  const coreSeconds = started.reduce(
    (sum, sample) => sum + ((sample.cpuMillis - idleMillis) * lengthMs(sample)) / 1e6,
    0,
  );
  const coveredFromMs = Math.min(...underLoad.map(({ fromMs }) => fromMs));
  const coveredToMs = Math.max(...underLoad.map(({ toMs }) => toMs));
  const answered = intendedMs.filter(
    (ms, i) => outcome[i]! <= OUTCOMES.indexOf('wrong') && ms >= coveredFromMs && ms <= coveredToMs,
  ).length;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const share =
    sum(started.map(lengthMs)) / sum(underLoad.map((each) => readyPartMs(each, readyMs(each.pod))));
  return coreSeconds / (answered * share);
}

/** The part of a sample's window in which its pod was ready, milliseconds. */
const readyPartMs = ({ fromMs, toMs }: CpuSample, readyMs: number) =>
  Math.max(0, toMs - Math.max(fromMs, readyMs));

/** The analysis of all repetitions of one experiment: what only one of them recorded counts for each. */
export function analyseHpa(runs: readonly ExperimentRun[]): HpaRun[] {
  const idleMillis = runs.map((run) => idleMillisOf(run)).find((millis) => millis !== undefined);
  return runs.map((run) => hpaRun(run, idleMillis));
}

/**
 * The analysis of one run.
 *
 * @param otherIdleMillis CPU of an idle pod in another repetition, for a run that did not record it
 * @throws RangeError if the variant has no HPA
 */
export function hpaRun(run: ExperimentRun, otherIdleMillis = 0): HpaRun {
  const { scaling } = run.applied;
  if (scaling.kind !== 'hpa') {
    throw new RangeError(`${run.experiment} must be scaled by an HPA, received ${scaling.kind}`);
  }
  const { minReplicas, maxReplicas, targetCpuPercent } = scaling;
  const startMs = loadStartMs(run);
  const loadSeconds = loadOf(run).durationMs / 1000;
  const requests = requestsOf(run);
  const { latencyMs, outcome, intendedMs } = requests;
  const right = OUTCOMES.indexOf('right');
  const isLate = (i: number) => outcome[i] !== right || latencyMs[i]! > run.slo.limitMs;
  const windows = windowsOf(run.timeline).map((window) => {
    const [from, to] = [window.fromMs - startMs, window.fromMs + window.lengthMs - startMs];
    const late = intendedMs.reduce((sum, ms, i) => sum + (ms >= from && ms < to && isLate(i) ? 1 : 0), 0);
    return { ...window, atSeconds: from / 1000, lateShare: late / window.due };
  });
  const cpu = cpuSamplesOf(run);
  const idleMillis = idleMillisOf(run, cpu) ?? otherIdleMillis;
  const cpuSecondsPerImage = secondsPerImage(run, cpu, requests, idleMillis);
  const targetMillis = (targetCpuPercent / 100) * requestMillisOf(run);
  // Nothing is left for images where an idle pod is at the target.
  const atTargetPerSecond = Math.max(0, targetMillis - idleMillis) / 1000 / cpuSecondsPerImage;
  const rate = offeredAt(run, intendedMs);
  const neededAt = (atSeconds: number) => {
    const offered = atSeconds < 0 || atSeconds >= loadSeconds ? 0 : rate(atSeconds);
    const wanted = offered === 0 ? 0 : Math.ceil(offered / atTargetPerSecond);
    return Math.min(maxReplicas, Math.max(minReplicas, wanted));
  };
  const due = outcome.length;
  const count = (isCounted: (i: number) => boolean) => [...outcome.keys()].filter(isCounted).length;
  return {
    ...{ run, minReplicas, maxReplicas, targetCpuPercent, loadSeconds, windows, cpu, due },
    ...{ idleMillis, cpuSecondsPerImage },
    endSeconds: (Date.parse(run.timeline.finishedAt) - Date.parse(run.timeline.startedAt) - startMs) / 1000,
    replicas: changesOf(run, startMs),
    reported: run.timeline.autoscaler.flatMap(({ atMs, cpuPercent }) =>
      cpuPercent === undefined ? [] : [{ atSeconds: (atMs - startMs) / 1000, percent: cpuPercent }],
    ),
    rescales: run.timeline.events.flatMap(({ reason, message, lastAt }) => {
      const rescale = reason === 'SuccessfulRescale' ? rescaleOf(message) : undefined;
      const atSeconds = (Date.parse(lastAt) - Date.parse(loadOf(run).startedAt)) / 1000;
      return rescale === undefined ? [] : [{ atSeconds, ...rescale }];
    }),
    needed: windows.map(({ atSeconds, lengthMs }) => ({
      atSeconds,
      replicas: neededAt(atSeconds + lengthMs / 2000),
    })),
    neededBySecond: Array.from({ length: Math.floor(loadSeconds) }, (_, second) => neededAt(second)),
    inTimeShare: 1 - count(isLate) / due,
    refusedShare: count((i) => outcome[i] === OUTCOMES.indexOf('refused')) / due,
  };
}
