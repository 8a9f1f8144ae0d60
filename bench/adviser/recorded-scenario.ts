/** A recorded run as the twin's scenario: the same requests, connections, pods and autoscaler. Pure. */
import { medianOf } from '../../statistics/median';
import { type AutoscalerSpec, DEFAULT_FLAGS, settingsOf } from '../autoscaler/settings';
import { METRIC_RESOLUTION_MS } from '../evidence/cpu-windows';
import type { ExperimentRun } from '../evidence/experiment-run';
import { loadOf, loadStartMs, requestsOf } from '../evidence/runs';
import { parseConnections } from '../load/connections';
import type { TimelineDocument } from '../timeline/timeline-document';
import type { Pace } from '../twin/pace';
import type { PodFigures, Sampling, Scenario } from '../twin/scenario';

/** Windows of cAdvisor's own rhythm differ by seconds; those of samples taken at the scrape by less than this. */
const SAME_WINDOW_MS = 500;
/** Nodes of a recording have room for all pods that ran in it. */
const ROOM_FOR_ALL = 1_000;

/** How the CPU of a recording was sampled, from its windows. */
export function samplingOf({ podMetrics }: Pick<TimelineDocument, 'podMetrics'>): Sampling {
  const off = podMetrics.map(({ windowMs }) => Math.abs(windowMs - METRIC_RESOLUTION_MS));
  return off.length > 0 && medianOf(off) < SAME_WINDOW_MS ? 'on-scrape' : 'housekeeping';
}

/** Pods that were ready when the load began. */
function readyAtStart(run: ExperimentRun): number {
  const startMs = loadStartMs(run);
  const { replicas } = run.timeline;
  return (replicas.findLast(({ atMs }) => atMs <= startMs) ?? replicas[0])?.ready ?? 0;
}

/** Who decided the number of replicas. */
export function recordedScaling(run: ExperimentRun): Scenario['scaling'] {
  const { autoscalerSpec } = run.timeline.subject;
  if (autoscalerSpec === null || autoscalerSpec === undefined) {
    return { kind: 'fixed', replicas: readyAtStart(run) };
  }
  return {
    kind: 'hpa',
    settings: settingsOf(autoscalerSpec as AutoscalerSpec, DEFAULT_FLAGS),
    flags: DEFAULT_FLAGS,
    sampling: samplingOf(run.timeline),
    metricResolutionMs: METRIC_RESOLUTION_MS,
    startReplicas: readyAtStart(run),
  };
}

/** Until the end of the recording; time counts from the start of the load. */
export const recordedEndMs = (run: ExperimentRun): number =>
  Date.parse(run.timeline.finishedAt) - Date.parse(run.timeline.startedAt) - loadStartMs(run);

/**
 * The scenario of a recorded run with a pod of these figures.
 *
 * @param pace how the machine's speed changed; undefined if it did not
 */
export const recordedScenario = (run: ExperimentRun, pod: PodFigures, pace?: Pace): Scenario => ({
  arrivalsMs: requestsOf(run).intendedMs,
  durationMs: recordedEndMs(run),
  connections: parseConnections(loadOf(run).settings.connections),
  timeoutMs: loadOf(run).settings.timeoutMs,
  pod,
  ...(pace && { pace }),
  nodes: Math.max(1, run.timeline.subject.nodes.length),
  maxPods: ROOM_FOR_ALL,
  scaling: recordedScaling(run),
});
