/**
 * The pods of a Deployment as they come and go: created, scheduled, started, ready, deleted, gone.
 *
 * Sources name files of Kubernetes 1.36.3.
 */
import { CPU_QUOTA_PERIOD_MS, PROBES } from '../../infra/construct/deployment-defaults';
import { DRAIN_DELAY_MS } from '../../service/contract';
import { type Random, seededRandom } from '../../statistics/seeded-random';
import type { Agenda } from './agenda';
import type { StoredReadings } from './pod-metrics';
import { podQueue, type PodQueue } from './pod-queue';
import { paceOf } from './pace';
import type { PodFigures, Scenario } from './scenario';

/** From the pod's creation to its container's start: the kubelet's sandbox, image check and container. */
const CONTAINER_START_MS = { min: 300, max: 1_000 } as const;
export const MEAN_CONTAINER_START_MS = (CONTAINER_START_MS.min + CONTAINER_START_MS.max) / 2;
/** kube-proxy waits at least this long between two syncs: `pkg/proxy/apis/config/v1alpha1/defaults.go`. */
const PROXY_SYNC_MS = 1_000;
/** Pods of the start are older than every window of the HPA. */
const OLD_MS = 600_000;

export interface SimulatedPod {
  readonly name: string;
  readonly createdMs: number;
  /** Undefined while it is Pending, for which it has no node. */
  node?: number;
  placedMs: number;
  containerStartMs: number;
  /** When its model is loaded, and when it is ready; Infinity before they are known. */
  loadedMs: number;
  readyMs: number;
  deletedMs: number;
  goneMs: number;
  queue?: PodQueue;
  stored?: StoredReadings;
}

/** Of all pods since a time: those that are gone count until they were. */
export interface FleetUse {
  readonly cpuMs: number;
  /** From each pod's placement on a node, from when on its request is taken there. */
  readonly podMs: number;
}

export interface Fleet {
  /** Every pod that the API server lists. */
  readonly pods: () => readonly SimulatedPod[];
  /** Pods that the Service sends connections to. */
  readonly endpoints: () => readonly SimulatedPod[];
  /** Creates or deletes pods, as the ReplicaSet's controller does. */
  readonly scaleTo: (nowMs: number, replicas: number) => void;
  /** CPU time that a pod has used since its container started. */
  readonly usedCpuMs: (pod: SimulatedPod, nowMs: number) => number;
  /** Sums over all pods that there were until now: the difference of two is what was between them. */
  readonly use: (nowMs: number) => FleetUse;
}

const isActive = (pod: SimulatedPod, nowMs: number) => pod.deletedMs > nowMs;
export const isReady = (pod: SimulatedPod, nowMs: number): boolean =>
  pod.readyMs <= nowMs && isActive(pod, nowMs);

/** Ages in nanoseconds that have the same logarithm to base 2, rounded down, count as equal: logarithmicRankDiff. */
const ageBucket = (ms: number) => (ms > 0 ? Math.floor(Math.log2(ms * 1e6)) : -1);

/**
 * The pods to delete, first to last: unassigned, not ready, on a node with more of them, younger; else at random.
 *
 * Source: `pkg/controller/controller_utils.go` ActivePodsWithRanks.Less.
 */
export function victims(pods: readonly SimulatedPod[], nowMs: number, random: Random): SimulatedPod[] {
  const onNode = new Map<number | undefined, number>();
  for (const { node } of pods) onNode.set(node, (onNode.get(node) ?? 0) + 1);
  const ranked = pods.map((pod) => ({
    pod,
    order: [
      pod.node === undefined ? 0 : 1,
      isReady(pod, nowMs) ? 1 : 0,
      -onNode.get(pod.node)!,
      ageBucket(nowMs - (isReady(pod, nowMs) ? pod.readyMs : pod.createdMs)),
      random.uniform(),
    ],
  }));
  const compare = (a: readonly number[], b: readonly number[]) => {
    const at = a.findIndex((value, i) => value !== b[i]);
    return at < 0 ? 0 : a[at]! - b[at]!;
  };
  return ranked.sort((a, b) => compare(a.order, b.order)).map(({ pod }) => pod);
}

/** CPU time per unit of time that a start may use: one thread, within what the idle service leaves of the limit. */
export const startCores = ({
  cpuLimitMillis,
  idleMillis,
}: Pick<PodFigures, 'cpuLimitMillis' | 'idleMillis'>) => Math.min(1, (cpuLimitMillis - idleMillis) / 1000);

/** Time from a container's start until its pod is ready: the first startup probe after the model is loaded. */
export function readyAfterMs(figures: PodFigures): number {
  const probeMs = 1000 * PROBES.startup.periodSeconds;
  const loadMs = figures.startCpuMs / startCores(figures);
  // Readiness is probed at once after the startup probe: pkg/kubelet/prober/prober_manager.go.
  return Math.ceil(loadMs / probeMs) * probeMs;
}

/**
 * A Deployment's pods, `replicas` of them ready at the start.
 *
 * @param onChange called when a pod becomes ready or is gone
 */
export function fleet(
  { pod: figures, nodes, maxPods, pace }: Pick<Scenario, 'pod' | 'nodes' | 'maxPods' | 'pace'>,
  replicas: number,
  seed: number,
  { add }: Pick<Agenda, 'add'>,
  onChange: (nowMs: number) => void,
): Fleet {
  let pods: SimulatedPod[] = [];
  let endpoints: SimulatedPod[] = [];
  let created = 0;
  let goneUse: FleetUse = { cpuMs: 0, podMs: 0 };
  const deletion = seededRandom(seed, 'deletion');
  const paceAt = pace && paceOf(pace, seed);
  const randomOf = (pod: SimulatedPod) => seededRandom(seed, pod.name);

  function usedCpuMs({ containerStartMs, loadedMs, queue }: SimulatedPod, nowMs: number): number {
    const ageMs = nowMs - containerStartMs;
    if (!(ageMs > 0)) return 0;
    const startingMs = Math.min(nowMs, loadedMs) - containerStartMs;
    return (
      startingMs * startCores(figures) + (figures.idleMillis / 1000) * ageMs + (queue?.usedCpuMs(nowMs) ?? 0)
    );
  }
  const withUse = ({ cpuMs, podMs }: FleetUse, pod: SimulatedPod, nowMs: number): FleetUse => ({
    cpuMs: cpuMs + usedCpuMs(pod, nowMs),
    podMs: podMs + Math.max(0, nowMs - pod.placedMs),
  });

  const isPlaced = ({ node }: SimulatedPod) => node !== undefined;
  function freeNode(): number | undefined {
    const placed = pods.filter(isPlaced);
    if (placed.length >= maxPods) return undefined;
    const counts = Array.from(
      { length: nodes },
      (_, node) => placed.filter((pod) => pod.node === node).length,
    );
    return counts.indexOf(Math.min(...counts));
  }

  function serve(pod: SimulatedPod, random: Random): void {
    pod.queue = podQueue(
      figures,
      pod.readyMs + random.between(0, CPU_QUOTA_PERIOD_MS) - CPU_QUOTA_PERIOD_MS,
      paceAt,
    );
    endpoints = [...endpoints, pod];
  }

  function start(pod: SimulatedPod, nowMs: number): void {
    const node = freeNode();
    if (node === undefined) return;
    const random = randomOf(pod);
    [pod.node, pod.placedMs] = [node, nowMs];
    pod.containerStartMs = nowMs + random.between(CONTAINER_START_MS.min, CONTAINER_START_MS.max);
    const factor = paceAt?.(pod.containerStartMs) ?? 1;
    const start = { ...figures, startCpuMs: factor * figures.startCpuMs };
    pod.loadedMs = pod.containerStartMs + start.startCpuMs / startCores(start);
    const readyMs = pod.containerStartMs + readyAfterMs(start);
    add(readyMs, (atMs) => {
      if (!isActive(pod, atMs)) return;
      pod.readyMs = atMs;
      onChange(atMs);
      add(atMs + random.between(0, PROXY_SYNC_MS), (at) => {
        if (isActive(pod, at)) serve(pod, random);
      });
    });
  }

  function create(nowMs: number): SimulatedPod {
    created++;
    const pod: SimulatedPod = {
      ...{ name: `pod-${created}`, createdMs: nowMs, placedMs: Infinity, containerStartMs: Infinity },
      ...{ loadedMs: Infinity, readyMs: Infinity, deletedMs: Infinity, goneMs: Infinity },
    };
    pods.push(pod);
    return pod;
  }

  function remove(pod: SimulatedPod, nowMs: number): void {
    pod.deletedMs = nowMs;
    add(nowMs + deletion.between(0, PROXY_SYNC_MS), () => {
      endpoints = endpoints.filter((each) => each !== pod);
    });
    // A pod that never started has nothing to drain.
    pod.goneMs = nowMs + (pod.readyMs <= nowMs ? DRAIN_DELAY_MS : 0);
    add(pod.goneMs, (atMs) => {
      goneUse = withUse(goneUse, pod, atMs);
      pods = pods.filter((each) => each !== pod);
      for (const waiting of pods.filter((each) => !isPlaced(each) && isActive(each, atMs)))
        start(waiting, atMs);
    });
    onChange(nowMs);
  }

  for (let i = 0; i < replicas; i++) {
    const pod = create(-OLD_MS);
    const node = freeNode();
    if (node === undefined) continue;
    pod.node = node;
    pod.placedMs = pod.containerStartMs = pod.loadedMs = pod.readyMs = -OLD_MS;
    serve(pod, randomOf(pod));
  }
  return {
    pods: () => pods,
    endpoints: () => endpoints,
    scaleTo(nowMs, wanted) {
      const active = pods.filter((pod) => isActive(pod, nowMs));
      for (let i = active.length; i < wanted; i++) start(create(nowMs), nowMs);
      const surplus = Math.max(0, active.length - wanted);
      for (const pod of victims(active, nowMs, deletion).slice(0, surplus)) remove(pod, nowMs);
      onChange(nowMs);
    },
    usedCpuMs,
    use: (nowMs) => pods.reduce((use, pod) => withUse(use, pod, nowMs), goneUse),
  };
}
