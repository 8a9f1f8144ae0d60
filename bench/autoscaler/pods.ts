/**
 * What the controller sees of pods and their CPU use, and which pods it counts. Pure functions.
 *
 * Sources name files and functions of Kubernetes 1.36.3; `P` stands for `pkg/controller/podautoscaler`.
 */
import type { ControllerFlags } from './settings';

/** A pod as the API server shows it. Its times are whole seconds there. */
export interface Pod {
  readonly name: string;
  readonly phase: string;
  /** Whether `metadata.deletionTimestamp` is set. */
  readonly deleting: boolean;
  /** `status.startTime`. */
  readonly startedAtMs?: number;
  /** The condition Ready, with its `lastTransitionTime`. */
  readonly ready?: { readonly status: 'True' | 'False' | 'Unknown'; readonly changedAtMs: number };
  /**
   * Requests of the containers and of the init containers that restart, undefined where one states none; or, of a pod that
   * requests something itself, its one request.
   */
  readonly cpuRequestsMillis: readonly (number | undefined)[];
}

/** The CPU use of one pod over one window, as the metrics API answers it. */
export interface PodMetric {
  readonly pod: string;
  /** End of the window. */
  readonly atMs: number;
  readonly windowMs: number;
  readonly cpuMillis: number;
}

/**
 * The CPU use of a pod from that of its containers in nanocores, each rounded up to millicores; undefined if a container
 * has no sample: the pod then counts as one without metrics.
 *
 * Source: `P/metrics/client.go` getPodMetrics.
 */
export function podCpuMillis(containersNanos: readonly (number | undefined)[]): number | undefined {
  if (containersNanos.length === 0) return undefined;
  let sumMillis = 0;
  for (const nanos of containersNanos) {
    if (nanos === undefined) return undefined;
    sumMillis += Math.ceil(nanos / 1e6);
  }
  return sumMillis;
}

export type PodClass = 'ignored' | 'unready' | 'missing' | 'ready';

/**
 * How a pod counts.
 *
 * Source: `P/replica_calculator.go` groupPods. The order of the rules matters.
 */
export function classify(
  pod: Pod,
  metric: PodMetric | undefined,
  nowMs: number,
  flags: ControllerFlags,
): PodClass {
  if (pod.deleting || pod.phase === 'Failed') return 'ignored';
  if (pod.phase === 'Pending') return 'unready';
  if (metric === undefined) return 'missing';
  const { startedAtMs, ready } = pod;
  if (ready === undefined || startedAtMs === undefined) return 'unready';
  const isUnready = ready.status === 'False';
  if (startedAtMs + flags.cpuInitializationPeriodMs > nowMs) {
    const sampledBeforeChange = metric.atMs < ready.changedAtMs + metric.windowMs;
    return isUnready || sampledBeforeChange ? 'unready' : 'ready';
  }
  const wasNeverReady = startedAtMs + flags.initialReadinessDelayMs > ready.changedAtMs;
  return isUnready && wasNeverReady ? 'unready' : 'ready';
}

/**
 * The CPU request of a pod in millicores; undefined if one is not stated.
 *
 * Source: `P/replica_calculator.go` calculateRequests.
 */
export function podRequestMillis({ cpuRequestsMillis }: Pod): number | undefined {
  let sumMillis = 0;
  for (const millis of cpuRequestsMillis) {
    if (millis === undefined) return undefined;
    sumMillis += millis;
  }
  return sumMillis;
}
