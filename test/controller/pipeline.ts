/**
 * CPU use on its way to the metrics API as `bench/twin/` has it: pods share a demand, cAdvisor samples each container every
 * 10 to 20 s at random, and metrics-server scrapes every 15 s.
 */
import { type CpuReading, type StoredReadings, storeReading } from '../../bench/twin/pod-metrics';
import { seededRandom } from '../../statistics/seeded-random';
import type { Subject } from './subjects';

/** A pod as the plant needs it. */
export interface PlantPod {
  readonly name: string;
  /** Name of its subject. */
  readonly app: string;
  readonly startedAtMs: number;
  readonly isReady: boolean;
}

/** CPU use between two samples. */
export interface ServedUse {
  readonly atMs: number;
  readonly windowMs: number;
  readonly nanos: number;
}

export interface Pipeline {
  /** Moves on to a time, at which these pods exist. */
  readonly advance: (nowMs: number, pods: readonly PlantPod[]) => void;
  /** Undefined while a pod has one sample only. */
  readonly useOf: (pod: string) => ServedUse | undefined;
}

interface Container {
  readonly startedAtMs: number;
  usedCpuMs: number;
  nextSampleMs: number;
  sample?: CpuReading;
  stored?: StoredReadings;
}

const RESOLUTION_MS = 15_000;
const HOUSEKEEPING_MS = 10_000;
const IDLE_MILLIS = 5;
/** CPU time of a container's start. */
const START_CPU_MS = 1_500;
const NANOS_PER_MILLI = 1e6;

/** A pipeline that begins now. */
export function pipeline(subjects: readonly Subject[], startMs: number, seed: number): Pipeline {
  const random = seededRandom(seed, 'housekeeping');
  const containers = new Map<string, Container>();
  let [lastMs, nextScrapeMs] = [startMs, startMs + random.between(0, RESOLUTION_MS)];

  function use(pods: readonly PlantPod[], nowMs: number): void {
    for (const { name, demandMillis } of subjects) {
      const ready = pods.filter(({ app, isReady }) => app === name && isReady);
      const millis = demandMillis((nowMs - startMs) / 1000) / ready.length;
      for (const pod of ready) containers.get(pod.name)!.usedCpuMs += (millis * (nowMs - lastMs)) / 1000;
    }
    for (const container of containers.values()) {
      container.usedCpuMs += (IDLE_MILLIS * (nowMs - lastMs)) / 1000;
      if (container.nextSampleMs > nowMs) continue;
      container.sample = { atMs: nowMs, usedCpuMs: container.usedCpuMs };
      container.nextSampleMs = nowMs + HOUSEKEEPING_MS * (1 + random.uniform());
    }
  }

  return {
    advance(nowMs, pods) {
      const names = new Set(pods.map(({ name }) => name));
      for (const name of containers.keys()) if (!names.has(name)) containers.delete(name);
      for (const { name, startedAtMs } of pods) {
        if (containers.has(name)) continue;
        containers.set(name, { startedAtMs, usedCpuMs: START_CPU_MS, nextSampleMs: nowMs });
      }
      use(pods, nowMs);
      lastMs = nowMs;
      if (nowMs < nextScrapeMs) return;
      nextScrapeMs += RESOLUTION_MS;
      for (const container of containers.values()) {
        const { sample, stored, startedAtMs } = container;
        if (sample) container.stored = storeReading(stored, sample, startedAtMs, RESOLUTION_MS);
      }
    },
    useOf(pod) {
      const { last, previous } = containers.get(pod)?.stored ?? {};
      if (last === undefined || previous === undefined) return undefined;
      const windowMs = last.atMs - previous.atMs;
      const millis = (1000 * (last.usedCpuMs - previous.usedCpuMs)) / windowMs;
      return { atMs: last.atMs, windowMs, nanos: Math.round(NANOS_PER_MILLI * millis) };
    },
  };
}
