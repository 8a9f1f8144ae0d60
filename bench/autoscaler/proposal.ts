/**
 * How many replicas the CPU use of the pods asks for, before windows, policies and bounds. Pure functions.
 *
 * Sources name files and functions of Kubernetes 1.36.3; `P` stands for `pkg/controller/podautoscaler`.
 */
import { classify, type Pod, type PodClass, type PodMetric, podRequestMillis } from './pods';
import type { ControllerFlags, Settings } from './settings';

/** What one sync sees. */
export interface Observation {
  readonly nowMs: number;
  /** `spec.replicas` of the scale target. */
  readonly currentReplicas: number;
  /** Every pod that the selector matches, in any phase. */
  readonly pods: readonly Pod[];
  /** Undefined if the metrics API failed or listed nothing. */
  readonly metrics: readonly PodMetric[] | undefined;
}

/** Which rule of `P/replica_calculator.go` GetResourceReplicas made a proposal. */
export type ProposalRule =
  'within-tolerance' | 'ratio' | 'adjusted-within-tolerance' | 'turned' | 'contradicts' | 'adjusted-ratio';

/** How a proposal came about. */
export interface ProposalBasis {
  readonly rule: ProposalRule;
  readonly pods: Readonly<Record<PodClass, number>>;
  /** Use over target, of the pods that count as ready. */
  readonly ratio: number;
  /** The same with the pods that are not ready or have no metrics, where they count. */
  readonly adjusted?: { readonly ratio: number; readonly pods: number };
}

/** The replicas that the metric asks for, or why it cannot be used, in the controller's words. */
export type Proposal =
  | {
      readonly error?: undefined;
      readonly replicas: number;
      /** Whole percent of the request, over the pods that count as ready. */
      readonly utilizationPercent: number;
      readonly averageCpuMillis: number;
      readonly basis: ProposalBasis;
    }
  | { readonly error: string };

const NO_METRICS = 'unable to get metrics for resource cpu: no metrics returned from resource metrics API';

interface Utilization {
  readonly percent: number;
  readonly ratio: number;
  readonly averageMillis: number;
}

/**
 * Use over request, in whole percent rounded down, and its ratio to the target; undefined if no metric has a request. A
 * metric of a pod that is not listed counts for nothing here.
 *
 * Source: `P/metrics/utilization.go` GetResourceUtilizationRatio.
 */
function utilizationOf(
  usageMillis: ReadonlyMap<string, number>,
  requestsMillis: ReadonlyMap<string, number>,
  targetPercent: number,
): Utilization | undefined {
  let usedMillis = 0;
  let requestedMillis = 0;
  let count = 0;
  for (const [pod, millis] of usageMillis) {
    const requestMillis = requestsMillis.get(pod);
    if (requestMillis === undefined) continue;
    usedMillis += millis;
    requestedMillis += requestMillis;
    count++;
  }
  if (requestedMillis === 0) return undefined;
  const percent = Math.trunc((usedMillis * 100) / requestedMillis);
  return { percent, ratio: percent / targetPercent, averageMillis: Math.trunc(usedMillis / count) };
}

/** `P/replica_calculator.go` Tolerances.isWithin: both ends belong to it. */
const isWithin = ({ up, down }: Settings['tolerance'], ratio: number) => 1 - down <= ratio && ratio <= 1 + up;

/** `P/replica_calculator.go` calculateRequests, or the first container without a request. */
function requestsOf(pods: readonly Pod[]): ReadonlyMap<string, number> | { error: string } {
  const requestsMillis = new Map<string, number>();
  for (const pod of pods) {
    const millis = podRequestMillis(pod);
    if (millis === undefined) return { error: `missing request for cpu in a container of Pod ${pod.name}` };
    requestsMillis.set(pod.name, millis);
  }
  return requestsMillis;
}

/**
 * Source: `P/replica_calculator.go` GetResourceReplicas.
 *
 * A pod without metrics counts as idle when the others ask for more, and as fully used when they ask for less; a pod that
 * is not ready counts as idle when the others ask for more, and not at all when they ask for less. If that turns the
 * direction, nothing changes.
 */
export function propose(seen: Observation, settings: Settings, flags: ControllerFlags): Proposal {
  const { nowMs, currentReplicas, pods, metrics } = seen;
  const { targetPercent, tolerance } = settings;
  if (metrics === undefined) return { error: NO_METRICS };
  if (pods.length === 0) return { error: 'no pods returned by selector while calculating replica count' };

  const metricOf = new Map(metrics.map((metric) => [metric.pod, metric]));
  const names: Record<PodClass, string[]> = { ignored: [], unready: [], missing: [], ready: [] };
  for (const pod of pods) names[classify(pod, metricOf.get(pod.name), nowMs, flags)].push(pod.name);

  const usageMillis = new Map(metrics.map(({ pod, cpuMillis }) => [pod, cpuMillis]));
  for (const name of [...names.ignored, ...names.unready]) usageMillis.delete(name);
  if (usageMillis.size === 0) {
    return { error: 'did not receive metrics for targeted pods (pods might be unready)' };
  }
  const requestsMillis = requestsOf(pods);
  if ('error' in requestsMillis) return requestsMillis;
  const used = utilizationOf(usageMillis, requestsMillis, targetPercent);
  if (used === undefined) return { error: 'no metrics returned matched known pods' };

  const proposed = (
    rule: ProposalRule,
    replicas: number,
    adjusted?: NonNullable<ProposalBasis['adjusted']>,
  ): Proposal => ({
    replicas,
    utilizationPercent: used.percent,
    averageCpuMillis: used.averageMillis,
    basis: {
      ...{ rule, ratio: used.ratio },
      pods: {
        ignored: names.ignored.length,
        unready: names.unready.length,
        missing: names.missing.length,
        ready: names.ready.length,
      },
      ...(adjusted && { adjusted }),
    },
  });
  const unreadyCountAsIdle = names.unready.length > 0 && used.ratio > 1;
  if (!unreadyCountAsIdle && names.missing.length === 0) {
    return isWithin(tolerance, used.ratio)
      ? proposed('within-tolerance', currentReplicas)
      : proposed('ratio', Math.ceil(used.ratio * names.ready.length));
  }

  for (const name of used.ratio === 1 ? [] : names.missing) {
    const fullMillis = Math.trunc((requestsMillis.get(name)! * Math.max(100, targetPercent)) / 100);
    usageMillis.set(name, used.ratio < 1 ? fullMillis : 0);
  }
  for (const name of unreadyCountAsIdle ? names.unready : []) usageMillis.set(name, 0);

  const { ratio } = utilizationOf(usageMillis, requestsMillis, targetPercent)!;
  const adjusted = { ratio, pods: usageMillis.size };
  if (isWithin(tolerance, ratio)) return proposed('adjusted-within-tolerance', currentReplicas, adjusted);
  const turned = (used.ratio < 1 && ratio > 1) || (used.ratio > 1 && ratio < 1);
  if (turned) return proposed('turned', currentReplicas, adjusted);
  const replicas = Math.ceil(ratio * usageMillis.size);
  const contradicts = (ratio < 1 && replicas > currentReplicas) || (ratio > 1 && replicas < currentReplicas);
  return contradicts
    ? proposed('contradicts', currentReplicas, adjusted)
    : proposed('adjusted-ratio', replicas, adjusted);
}
