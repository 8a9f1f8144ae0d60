/**
 * What the twin simulates: a load, a pod's figures, the nodes' room and who decides the number of replicas. Pure data.
 */
import type { ControllerFlags, Settings } from '../autoscaler/settings';
import type { Connections } from '../load/connections';
import type { Pace } from './pace';

/** One pod of the service. */
export interface PodFigures {
  readonly cpuRequestMillis: number;
  readonly cpuLimitMillis: number;
  /** Model processes that work side by side, each on one image at a time. */
  readonly processes: number;
  /** Mean CPU time of one image that finds its process busy, of the whole pod. */
  readonly cpuMsPerImage: number;
  /** How much more an image takes that finds its process idle, as a share of the mean: its caches are cold. */
  readonly coldShare: number;
  /** Elapsed time per CPU time where the limit does not bite; above 1 if other work shares the cores. */
  readonly stretch: number;
  /** Standard deviation of the logarithm of an image's CPU time; 0 if all images take the same. */
  readonly cpuSpread: number;
  /** CPU use without load, millicores. */
  readonly idleMillis: number;
  /** CPU time from the container's start until the model is loaded, beside that of the idle service. */
  readonly startCpuMs: number;
  /** CPU time of a refused request. */
  readonly refusalCpuMs: number;
}

/**
 * When the kubelet samples a container's CPU.
 *
 * - `housekeeping`: cAdvisor's own rhythm, every 10 to 20 s at random
 * - `on-scrape`: a fresh sample for each scrape of metrics-server, as the nodes of `npm run experiments` give
 *
 * @see https://github.com/google/cadvisor/blob/v0.56.2/manager/container.go (housekeeping, nextHousekeepingInterval)
 */
export type Sampling = 'housekeeping' | 'on-scrape';

/** The HPA with its controller and its metrics. */
export interface Autoscaler {
  readonly kind: 'hpa';
  readonly settings: Settings;
  readonly flags: ControllerFlags;
  readonly sampling: Sampling;
  /** metrics-server's `--metric-resolution`. */
  readonly metricResolutionMs: number;
  /** Replicas at the start; the minimum if it is left out. */
  readonly startReplicas?: number;
}

export interface Scenario {
  /** When each request is due, ascending, milliseconds from the start. */
  readonly arrivalsMs: Float64Array;
  /** Simulated time; requests that are due later are not sent. */
  readonly durationMs: number;
  readonly connections: Connections;
  /** Deadline of an answer, from when its request is due. */
  readonly timeoutMs: number;
  readonly pod: PodFigures;
  /** Where the pods share cores with other work. @default the machine always has the same speed */
  readonly pace?: Pace;
  readonly nodes: number;
  /** Pods for which the nodes have room; more stay Pending. */
  readonly maxPods: number;
  readonly scaling: { readonly kind: 'fixed'; readonly replicas: number } | Autoscaler;
}
