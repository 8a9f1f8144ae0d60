/**
 * A recorded HPA run, decided again by `bench/autoscaler/`: at each sync it sees the recorded pods and CPU samples, and what
 * it decides is _simulated_. Where both agree, the recording is explained by the controller's rules. Pure.
 */
import { EMPTY_MEMORY } from '../autoscaler/memory';
import type { Pod, PodMetric } from '../autoscaler/pods';
import type { Observation } from '../autoscaler/proposal';
import { type Decision, reconcile } from '../autoscaler/reconcile';
import { type AutoscalerSpec, DEFAULT_FLAGS, type Settings, settingsOf } from '../autoscaler/settings';
import type { AutoscalerSample, TimelineDocument } from '../timeline/timeline-document';
import { METRIC_RESOLUTION_MS } from './cpu-windows';
import type { ExperimentRun } from './experiment-run';
import { loadStartMs, requestMillisOf } from './runs';

/** Steps in which the time of metrics-server's ticks is sought. */
const TICK_STEP_MS = 250;

interface Outcome {
  readonly replicas: number;
  /** CPU use in percent of the request; missing while the HPA has no metrics. */
  readonly percent?: number;
}

export interface ReplayedSync {
  /** Seconds from the start of the load. */
  readonly atSeconds: number;
  readonly recorded: Outcome;
  readonly simulated: Outcome;
  /** What the simulated controller saw, and what it decided from that. */
  readonly seen: Observation;
  readonly decision: Decision;
}

/** A timeline with what a replay needs beside it. */
export interface Recording {
  readonly timeline: TimelineDocument;
  /** A pod's CPU request. */
  readonly cpuRequestMillis: number;
  /** Where the seconds of the replay begin, milliseconds from the start of the recording. */
  readonly originMs: number;
}

/** A sync, and the status that the HPA had after it. */
interface RecordedSync {
  readonly atMs: number;
  readonly status: AutoscalerSample;
}

/**
 * The syncs of a recording. The controller writes the status only when it changes, so a gap of several periods holds syncs
 * that changed nothing. Two syncs are never less than a period apart: the next one is queued when the last has ended
 * (`P/rate_limiters.go`). Where two look nearer by up to an interval of the recording, the first was seen late: taken as it
 * was seen, a scale-up policy of one period would still count its change at the second.
 */
function syncsOf({ autoscaler, intervalMs }: TimelineDocument): RecordedSync[] {
  // A change is seen up to one interval late. The first sample is the status before the recording.
  const seen = autoscaler.slice(1).map((status) => ({ atMs: status.atMs - intervalMs / 2, status }));
  const { syncPeriodMs } = DEFAULT_FLAGS;
  const syncs = seen.flatMap((sync, i) => {
    const gapMs = (seen[i + 1]?.atMs ?? sync.atMs) - sync.atMs;
    const periods = Math.max(1, Math.round(gapMs / syncPeriodMs));
    return Array.from({ length: periods }, (_, k) => ({ ...sync, atMs: sync.atMs + (k * gapMs) / periods }));
  });
  let nextMs = Infinity;
  return syncs
    .toReversed()
    .map((sync) => {
      const latestMs = nextMs - syncPeriodMs;
      const isLate = sync.atMs > latestMs && sync.atMs - latestMs <= intervalMs;
      nextMs = isLate ? latestMs : sync.atMs;
      return { ...sync, atMs: nextMs };
    })
    .reverse();
}

/** The pods as they were at a time, with their own timestamps counted from the start of the recording. */
function podsAt({ pods, startedAt }: TimelineDocument, atMs: number, requestMillis: number): Pod[] {
  const sinceStart = (time: string) => Date.parse(time) - Date.parse(startedAt);
  const latest = new Map(pods.filter((sample) => sample.atMs <= atMs).map((sample) => [sample.uid, sample]));
  return [...latest.values()]
    .filter(({ phase }) => phase !== 'Gone')
    .map(({ pod, phase, ready, deletedAt, startedAt: started, readyChangedAt, cpuRequestsMillis }) => ({
      name: pod,
      phase,
      deleting: deletedAt !== undefined,
      ...(started !== undefined && { startedAtMs: sinceStart(started) }),
      ...(readyChangedAt !== undefined && {
        ready: { status: ready ? 'True' : 'False', changedAtMs: sinceStart(readyChangedAt) },
      }),
      cpuRequestsMillis: cpuRequestsMillis?.map((millis) => millis ?? undefined) ?? [requestMillis],
    }));
}

/** Each sample, and when metrics-server began to serve it: at its first tick after the end of the window. */
function servedMetrics({ podMetrics, startedAt }: TimelineDocument, tickMs: number) {
  return podMetrics
    .map(({ pod, timestamp, windowMs, cpuMillis }) => {
      const atMs = Date.parse(timestamp) - Date.parse(startedAt);
      const ticks = Math.ceil((atMs - tickMs) / METRIC_RESOLUTION_MS);
      return { fromMs: tickMs + ticks * METRIC_RESOLUTION_MS, metric: { pod, atMs, windowMs, cpuMillis } };
    })
    .sort((a, b) => a.metric.atMs - b.metric.atMs);
}

type Served = ReturnType<typeof servedMetrics>;

/** The pods at a time and the newest sample of each that was served by then. */
function observed({ timeline, cpuRequestMillis }: Recording, served: Served, atMs: number) {
  const pods = podsAt(timeline, atMs, cpuRequestMillis);
  const names = new Set(pods.map(({ name }) => name));
  const visible = served.filter(({ fromMs, metric }) => fromMs <= atMs && names.has(metric.pod));
  const latest = new Map<string, PodMetric>(visible.map(({ metric }) => [metric.pod, metric]));
  return { nowMs: atMs, pods, metrics: latest.size === 0 ? undefined : [...latest.values()] };
}

/** What a sync at the end of a recording would see: every sample that was read had been served. */
export function seenAtEnd(recording: Recording): Observation {
  const { startedAt, finishedAt, replicas } = recording.timeline;
  const served = servedMetrics(recording.timeline, 0).map((each) => ({ ...each, fromMs: -Infinity }));
  return {
    ...observed(recording, served, Date.parse(finishedAt) - Date.parse(startedAt)),
    currentReplicas: replicas.at(-1)!.desired,
  };
}

function replayWith(recording: Recording, settings: Settings, tickMs: number): ReplayedSync[] {
  const { timeline, originMs } = recording;
  const served = servedMetrics(timeline, tickMs);
  let memory = EMPTY_MEMORY;
  return syncsOf(timeline).map(({ atMs, status }) => {
    const seen = { ...observed(recording, served, atMs), currentReplicas: status.currentReplicas };
    const next = reconcile(seen, memory, settings, DEFAULT_FLAGS);
    memory = next.memory;
    const { decision } = next;
    return {
      ...{ seen, decision, atSeconds: (atMs - originMs) / 1000 },
      recorded: {
        replicas: status.desiredReplicas,
        ...(status.cpuPercent !== undefined && { percent: status.cpuPercent }),
      },
      simulated: {
        replicas: decision.replicas,
        ...(decision.rule === 'metrics' && { percent: decision.proposal.utilizationPercent }),
      },
    };
  });
}

export const hasSamePercent = ({ recorded, simulated }: ReplayedSync): boolean =>
  recorded.percent === simulated.percent;

export const hasSameReplicas = ({ recorded, simulated }: ReplayedSync): boolean =>
  recorded.replicas === simulated.replicas;

/** Other settings, at the same syncs. */
export interface ChangedSettings {
  readonly settings: Settings;
  /** Of each pod; undefined where it stays as recorded. */
  readonly cpuRequestMillis?: number;
}

/** A recording whose pods request another amount. A pod with a container that requests none stays without: the HPA fails on it. */
const withRequest = (recording: Recording, cpuRequestMillis: number): Recording => ({
  ...{ ...recording, cpuRequestMillis },
  timeline: {
    ...recording.timeline,
    pods: recording.timeline.pods.map((pod) =>
      pod.cpuRequestsMillis?.includes(null) ? pod : { ...pod, cpuRequestsMillis: [cpuRequestMillis] },
    ),
  },
});

/**
 * Replays a recording; undefined if it has no HPA. The recording does not say when metrics-server ticked, so the time of its
 * ticks is the one with which most syncs read the recorded utilization. Nothing else is fitted.
 *
 * @param changed decides with these settings instead, from the recorded pods and samples; the ticks stay those of the record
 */
export function replayRecording(
  recording: Recording,
  changed?: ChangedSettings,
): readonly ReplayedSync[] | undefined {
  const { autoscalerSpec } = recording.timeline.subject;
  if (autoscalerSpec === null || autoscalerSpec === undefined) return undefined;
  const settings = settingsOf(autoscalerSpec as AutoscalerSpec, DEFAULT_FLAGS);
  const ticks = Array.from({ length: METRIC_RESOLUTION_MS / TICK_STEP_MS }, (_, i) => i * TICK_STEP_MS);
  const replays = ticks.map((tickMs) => replayWith(recording, settings, tickMs));
  const same = replays.map((replay) => replay.filter(hasSamePercent).length);
  const best = same.indexOf(Math.max(...same));
  if (changed === undefined) return replays[best];
  const { settings: others, cpuRequestMillis } = changed;
  return replayWith(
    cpuRequestMillis === undefined ? recording : withRequest(recording, cpuRequestMillis),
    others,
    ticks[best]!,
  );
}

/** A run of an experiment as a recording. */
export const recordingOf = (run: ExperimentRun): Recording => ({
  timeline: run.timeline,
  cpuRequestMillis: requestMillisOf(run),
  originMs: loadStartMs(run),
});

/** Replays a run of an experiment; undefined if it has no HPA. */
export const replayHpa = (run: ExperimentRun): readonly ReplayedSync[] | undefined =>
  replayRecording(recordingOf(run));
