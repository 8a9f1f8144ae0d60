/** A small recording of an HPA with two pods of two containers, without a load. */
import { recordingOfTimeline } from '../../../bench/adviser/recorded-file';
import type { Recording } from '../../../bench/evidence/hpa-replay';
import { thisMachine } from '../../../bench/timeline/recorder';
import {
  type AutoscalerSample,
  TIMELINE_SCHEMA,
  TIMELINE_VERSION,
  type TimelineDocument,
} from '../../../bench/timeline/timeline-document';
import { HPA_BEHAVIOR } from '../../../infra/construct/deployment-defaults';
import { spec } from '../autoscaler/subject';

const START_MS = Date.parse('2026-11-28T10:00:00.000Z');
const iso = (seconds: number) => new Date(START_MS + 1000 * seconds).toISOString();

/** Each pod requests 400m and uses so much of it in the window that ends at 0 s. */
const USED_PERCENT = 66;
const PODS = ['p1', 'p2'];

const status = (seconds: number, desiredReplicas: number): AutoscalerSample => ({
  ...{ atMs: 1000 * seconds + 500, currentReplicas: 2, desiredReplicas, cpuPercent: USED_PERCENT },
  conditions: [{ type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message: 'it computes' }],
});

/** @param desired what the HPA decided at 5 s and at 20 s, above a target of 50 % */
export function watchedHpa(
  desired: readonly [number, number] = [3, 3],
  changes: Partial<TimelineDocument> = {},
): Recording {
  return recordingOfTimeline({
    ...{ schema: TIMELINE_SCHEMA, version: TIMELINE_VERSION, intervalMs: 1000, complete: true },
    ...{ startedAt: iso(0), finishedAt: iso(30), counters: [], failures: [] },
    subject: {
      ...{ variant: 'shop/web', deploymentSpec: {}, machine: thisMachine(), nodes: [] },
      autoscalerSpec: spec(50, { behavior: HPA_BEHAVIOR }),
    },
    replicas: [{ atMs: 0, desired: 2, current: 2, ready: 2 }],
    pods: PODS.map((pod) => ({
      ...{ atMs: 0, pod, uid: pod, phase: 'Running', ready: true, createdAt: iso(-900) },
      ...{ startedAt: iso(-900), readyChangedAt: iso(-890), cpuRequestsMillis: [300, 100] },
    })),
    podMetrics: PODS.map((pod) => ({
      ...{ pod, timestamp: iso(0), windowMs: 15_000, cpuMillis: 4 * USED_PERCENT, memoryBytes: 1 },
    })),
    autoscaler: [status(0, 2), status(5, desired[0]), status(20, desired[1])],
    events: [],
    ...changes,
  });
}
