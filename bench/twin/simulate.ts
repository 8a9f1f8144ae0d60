/**
 * The twin of a deployment under load: arrivals, Service, pods, metrics and the HPA, event by event. What it returns is
 * _simulated_.
 *
 * Each purpose has a random stream of its own, each pod has its own for its start and its samples, and each request draws as
 * often whatever happens to it, so that two scenarios with one seed differ by their settings only.
 */
import { OUTCOMES } from '../load/run-document';
import { seededRandom } from '../../statistics/seeded-random';
import { type Agenda, agenda } from './agenda';
import { router } from './endpoints';
import { type Fleet, fleet, type FleetUse, isReady, type SimulatedPod } from './fleet';
import { type SimulatedSync, startHpa } from './hpa-loop';
import { standardNormal } from './normal';
import type { PodFigures, Scenario } from './scenario';

const codeOf = (outcome: (typeof OUTCOMES)[number]) => OUTCOMES.indexOf(outcome);
const RIGHT = codeOf('right');
const REFUSED = codeOf('refused');
const FAILED = codeOf('failed');
const TIMED_OUT = codeOf('timedOut');
const UNSENT = codeOf('unsent');

/** The number of replicas from a time on. */
export interface ReplicaStep {
  readonly atMs: number;
  readonly desired: number;
  readonly ready: number;
}

export interface Simulated {
  /** Milliseconds from when a request was due to its answer or its deadline, by request; 0 if it was not sent. */
  readonly latencyMs: Float32Array;
  /** Index into `OUTCOMES`, by request. */
  readonly outcome: Uint8Array;
  readonly replicas: readonly ReplicaStep[];
  readonly syncs: readonly SimulatedSync[];
  /** Desired replicas, summed over the simulated time. */
  readonly podSeconds: number;
  /**
   * CPU use of each pod that existed for a whole window of {@link USE_WINDOW_MS}, window by window, millicores. A shorter
   * simulation is one window.
   */
  readonly useMillis: readonly number[];
  /** The highest CPU use over a minute: CPU time of all pods per time that they were on a node, millicores. */
  readonly busiestMillis: number;
}

/** As often as metrics-server takes a sample by default. */
export const USE_WINDOW_MS = 15_000;

/** Reads each pod's CPU use at the end of each window. */
function useLog({ pods, usedCpuMs, use }: Fleet, { add }: Pick<Agenda, 'add'>, durationMs: number) {
  const windowMs = Math.min(USE_WINDOW_MS, durationMs);
  const windowsPerMinute = Math.min(60_000 / USE_WINDOW_MS, Math.floor(durationMs / windowMs));
  const useMillis: number[] = [];
  /** At the ends of the last minute's windows, and at its start. */
  const minute: FleetUse[] = [];
  let busiestMillis = 0;
  let before = new Map<SimulatedPod, number>();
  const read = (nowMs: number): void => {
    const used = new Map(pods().map((pod) => [pod, usedCpuMs(pod, nowMs)]));
    for (const [pod, cpuMs] of used) {
      const from = before.get(pod);
      if (from !== undefined && isReady(pod, nowMs)) useMillis.push((1000 * (cpuMs - from)) / windowMs);
    }
    const now = use(nowMs);
    minute.push(now);
    if (minute.length > windowsPerMinute) {
      const start = minute.shift()!;
      const podMs = now.podMs - start.podMs;
      if (podMs > 0) busiestMillis = Math.max(busiestMillis, (1000 * (now.cpuMs - start.cpuMs)) / podMs);
    }
    before = used;
    add(nowMs + windowMs, read);
  };
  add(0, read);
  return { useMillis, busiestMillis: () => busiestMillis };
}

/** CPU times of images, one per call: log-normal, with the figures' mean. */
function cpuTimes({ cpuMsPerImage, cpuSpread }: PodFigures, seed: number): () => number {
  const random = seededRandom(seed, 'service');
  const scale = cpuMsPerImage * Math.exp(-(cpuSpread ** 2) / 2);
  return () => scale * Math.exp(cpuSpread * standardNormal(random));
}

/** The number of replicas over time, and its sum. */
function replicaLog(startReplicas: number) {
  const steps: ReplicaStep[] = [];
  let [desired, podSeconds, untilMs] = [startReplicas, 0, 0];
  return {
    steps,
    desired: () => desired,
    podSeconds: () => podSeconds,
    setDesired(nowMs: number, replicas: number): void {
      podSeconds += (desired * (nowMs - untilMs)) / 1000;
      [desired, untilMs] = [replicas, nowMs];
    },
    note(nowMs: number, ready: number): void {
      const last = steps.at(-1);
      if (last?.desired !== desired || last.ready !== ready) steps.push({ atMs: nowMs, desired, ready });
    },
  };
}

/**
 * Simulates a scenario. The cost grows with the number of requests, and with pods times simulated time.
 *
 * @param seed of everything but the arrivals, which are the scenario's
 * @throws RangeError if the CPU limit leaves nothing for images
 */
export function simulate(scenario: Scenario, seed: number): Simulated {
  const { arrivalsMs, durationMs, connections, timeoutMs, pod: figures, scaling } = scenario;
  const { add, runUntil } = agenda();
  const log = replicaLog(
    scaling.kind === 'fixed' ? scaling.replicas : (scaling.startReplicas ?? scaling.settings.minReplicas),
  );
  const syncs: SimulatedSync[] = [];
  const pods = fleet(scenario, log.desired(), seed, { add }, note);
  function note(nowMs: number): void {
    log.note(nowMs, pods.pods().filter((pod) => isReady(pod, nowMs)).length);
  }
  function scaleTo(nowMs: number, replicas: number): void {
    log.setDesired(nowMs, replicas);
    pods.scaleTo(nowMs, replicas);
  }
  note(0);
  const use = useLog(pods, { add }, durationMs);
  if (scaling.kind === 'hpa') {
    const { cpuRequestMillis } = figures;
    startHpa(scaling, cpuRequestMillis, seed, { add }, pods, log.desired, scaleTo, (sync) =>
      syncs.push(sync),
    );
  }

  const count = arrivalsMs.length;
  const latencyMs = new Float32Array(count);
  const outcome = new Uint8Array(count).fill(UNSENT);
  const route = router<SimulatedPod>(connections);
  const choice = seededRandom(seed, 'endpoints');
  const nextCpuMs = cpuTimes(figures, seed);

  /** Sends a request now; returns when to try again if no connection is free. */
  function send(nowMs: number, index: number, uniform: number, cpuMs: number): number | undefined {
    const dueMs = arrivalsMs[index]!;
    // The client gives up a request that waited for a connection until its deadline.
    if (nowMs - dueMs >= timeoutMs) {
      outcome[index] = TIMED_OUT;
      latencyMs[index] = timeoutMs;
      return undefined;
    }
    const way = route(nowMs, pods.endpoints(), uniform);
    if (way !== undefined && 'waitUntilMs' in way) return way.waitUntilMs;
    if (way === undefined) {
      outcome[index] = FAILED;
      latencyMs[index] = nowMs - dueMs;
      return undefined;
    }
    const endMs = way.pod.queue!.offer(nowMs, cpuMs);
    const isRefused = Number.isNaN(endMs);
    const answeredMs = isRefused ? nowMs + figures.refusalCpuMs : endMs;
    way.answered(answeredMs);
    const isLate = answeredMs - dueMs > timeoutMs;
    latencyMs[index] = Math.min(timeoutMs, answeredMs - dueMs);
    outcome[index] = isLate ? TIMED_OUT : isRefused ? REFUSED : RIGHT;
    return undefined;
  }

  /** Requests that wait for a connection, first come first. */
  const waiting: { readonly index: number; readonly uniform: number; readonly cpuMs: number }[] = [];
  function retry(nowMs: number): void {
    while (waiting.length > 0) {
      const { index, uniform, cpuMs } = waiting[0]!;
      const againMs = send(nowMs, index, uniform, cpuMs);
      if (againMs !== undefined) {
        add(againMs, retry);
        return;
      }
      waiting.shift();
    }
  }

  for (let index = 0; index < count && arrivalsMs[index]! < durationMs; index++) {
    const nowMs = arrivalsMs[index]!;
    runUntil(nowMs);
    const [uniform, cpuMs] = [choice.uniform(), nextCpuMs()];
    if (waiting.length > 0) {
      waiting.push({ index, uniform, cpuMs });
      continue;
    }
    const againMs = send(nowMs, index, uniform, cpuMs);
    if (againMs === undefined) continue;
    waiting.push({ index, uniform, cpuMs });
    add(againMs, retry);
  }
  runUntil(durationMs);
  log.setDesired(durationMs, log.desired());
  return {
    ...{ latencyMs, outcome, replicas: log.steps, syncs, podSeconds: log.podSeconds() },
    ...{ useMillis: use.useMillis, busiestMillis: use.busiestMillis() },
  };
}
