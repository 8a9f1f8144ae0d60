/** The HPA's controller in the twin: samples, scrapes and syncs at their own times. */
import { EMPTY_MEMORY } from '../autoscaler/memory';
import type { Pod } from '../autoscaler/pods';
import type { Observation } from '../autoscaler/proposal';
import { type Decision, reconcile } from '../autoscaler/reconcile';
import { type Random, seededRandom } from '../../statistics/seeded-random';
import type { Agenda } from './agenda';
import type { Fleet, SimulatedPod } from './fleet';
import { type CpuReading, metricOf, storeReading } from './pod-metrics';
import type { Autoscaler } from './scenario';

/** `housekeepingInterval` of the kubelet; each interval is up to twice as long, at random. */
const HOUSEKEEPING_MS = 10_000;

/** One sync: what the controller saw and decided. */
export interface SimulatedSync {
  readonly seen: Observation;
  readonly decision: Decision;
}

/** Kubernetes keeps its times in whole seconds. */
const wholeSecond = (ms: number) => 1000 * Math.floor(ms / 1000);

/** A pod as the API server shows it. */
function asListed(pod: SimulatedPod, nowMs: number, cpuRequestMillis: number): Pod {
  const hasBeenReady = pod.readyMs <= nowMs;
  return {
    name: pod.name,
    phase: pod.containerStartMs <= nowMs ? 'Running' : 'Pending',
    deleting: pod.deletedMs <= nowMs,
    startedAtMs: wholeSecond(pod.createdMs),
    ready: {
      status: hasBeenReady ? 'True' : 'False',
      changedAtMs: wholeSecond(hasBeenReady ? pod.readyMs : pod.createdMs),
    },
    cpuRequestsMillis: [cpuRequestMillis],
  };
}

/**
 * Samples each container in cAdvisor's rhythm, from when its pod is first seen. Each pod has a stream of its own: from one of
 * all, a pod more would shift the times of all others, and two what-ifs would differ by luck too.
 */
function housekeeping(seed: number, { add }: Pick<Agenda, 'add'>, { usedCpuMs }: Fleet) {
  const latest = new Map<SimulatedPod, CpuReading | undefined>();
  const keepHouse = (pod: SimulatedPod, random: Random) => (atMs: number) => {
    if (pod.goneMs <= atMs) return;
    latest.set(pod, { atMs, usedCpuMs: usedCpuMs(pod, atMs) });
    add(atMs + HOUSEKEEPING_MS * (1 + random.uniform()), keepHouse(pod, random));
  };
  return {
    watch(pod: SimulatedPod): void {
      if (latest.has(pod) || pod.containerStartMs === Infinity) return;
      latest.set(pod, undefined);
      const random = seededRandom(seed, `housekeeping-${pod.name}`);
      const isOld = pod.containerStartMs < 0;
      add(isOld ? HOUSEKEEPING_MS * random.uniform() : pod.containerStartMs, keepHouse(pod, random));
    },
    latestOf: (pod: SimulatedPod) => latest.get(pod),
  };
}

/**
 * Starts scraping and syncing.
 *
 * @param replicasNow present `spec.replicas`
 * @param scaleTo called with each change
 * @param onSync called after each sync
 */
export function startHpa(
  { settings, flags, sampling, metricResolutionMs }: Autoscaler,
  cpuRequestMillis: number,
  seed: number,
  { add }: Pick<Agenda, 'add'>,
  fleet: Fleet,
  replicasNow: () => number,
  scaleTo: (nowMs: number, replicas: number) => void,
  onSync: (sync: SimulatedSync) => void,
): void {
  const phases = seededRandom(seed, 'phases');
  const firstScrapeMs = phases.between(0, metricResolutionMs);
  const firstSyncMs = phases.between(0, flags.syncPeriodMs);
  const house = housekeeping(seed, { add }, fleet);
  const read = (pod: SimulatedPod, atMs: number) => ({ atMs, usedCpuMs: fleet.usedCpuMs(pod, atMs) });
  const store = (pod: SimulatedPod, reading: CpuReading) => {
    pod.stored = storeReading(pod.stored, reading, pod.containerStartMs, metricResolutionMs);
  };
  const watchAll = () => {
    if (sampling === 'housekeeping') for (const pod of fleet.pods()) house.watch(pod);
  };

  function scrape(atMs: number): void {
    for (const pod of fleet.pods()) {
      if (pod.containerStartMs > atMs) continue;
      const reading = sampling === 'on-scrape' ? read(pod, atMs) : house.latestOf(pod);
      if (reading) store(pod, reading);
    }
    add(atMs + metricResolutionMs, scrape);
  }

  let memory = EMPTY_MEMORY;
  function sync(nowMs: number): void {
    const listed = fleet.pods();
    const metrics = listed.flatMap(
      ({ name, stored }) => (stored && metricOf(name, stored, wholeSecond)) ?? [],
    );
    const seen: Observation = {
      nowMs,
      currentReplicas: replicasNow(),
      pods: listed.map((pod) => asListed(pod, nowMs, cpuRequestMillis)),
      metrics: metrics.length === 0 ? undefined : metrics,
    };
    const { decision, memory: remembered } = reconcile(seen, memory, settings, flags);
    memory = remembered;
    onSync({ seen, decision });
    if (decision.replicas !== seen.currentReplicas) scaleTo(nowMs, decision.replicas);
    watchAll();
    add(nowMs + flags.syncPeriodMs, sync);
  }

  // The pods of the start have been idle for long.
  for (const pod of fleet.pods()) {
    store(pod, read(pod, firstScrapeMs - 2 * metricResolutionMs));
    store(pod, read(pod, firstScrapeMs - metricResolutionMs));
  }
  watchAll();
  add(firstScrapeMs, scrape);
  add(firstSyncMs, sync);
}
