import { cpuWindowsOf } from '../../../bench/evidence/cpu-windows';
import type { ExperimentRun } from '../../../bench/evidence/experiment-run';
import { syntheticRun } from './synthetic-run';

const run = syntheticRun({
  ...{ variant: 'latency-max-size', load: 'poisson:10:60s', cpuSecondsPerImage: 0.02 },
  ...{ cpuFactor: 0.2, limitMs: 400 },
});
const { timeline } = run;
const seconds = (second: number) =>
  new Date(Date.parse(timeline.load!.startedAt) + 1000 * second).toISOString();
const leadMs = Date.parse(timeline.load!.startedAt) - Date.parse(timeline.startedAt);

function withSamples(
  counters: readonly { pod: string; second: number; answered: number }[],
  samples: readonly { pod: string; second: number; cpuMillis: number }[],
): ExperimentRun {
  return {
    ...run,
    timeline: {
      ...timeline,
      counters: counters.map(({ pod, second, answered }) => ({
        ...timeline.counters[0]!,
        ...{ pod, answered, atMs: leadMs + 1000 * second },
      })),
      podMetrics: samples.map(({ pod, second, cpuMillis }) => ({
        ...{ pod, cpuMillis, timestamp: seconds(second), windowMs: 15_000, memoryBytes: 1 },
      })),
    },
  };
}

test('images of a window are those that the counters gained in it, in proportion between two readings', () => {
  const counters = [
    { pod: 'a', second: -1, answered: 0 },
    { pod: 'a', second: 1, answered: 10 },
    { pod: 'a', second: 15, answered: 47 },
  ];
  expect(cpuWindowsOf(withSamples(counters, [{ pod: 'a', second: 15, cpuMillis: 100 }]))).toEqual([
    { fromMs: 0, toMs: 15_000, pods: 1, cpuMs: 1_500, images: 42 },
  ]);
});

test('pods that were sampled by one scrape share a window', () => {
  const counters = ['a', 'b'].flatMap((pod) => [
    { pod, second: 0, answered: 0 },
    { pod, second: 15, answered: 20 },
  ]);
  const samples = ['a', 'b'].map((pod) => ({ pod, second: 15, cpuMillis: 200 }));
  expect(cpuWindowsOf(withSamples(counters, samples))).toEqual([
    { fromMs: 0, toMs: 15_000, pods: 2, cpuMs: 6_000, images: 40 },
  ]);
});

test('a window without counters at both ends is left out', () => {
  const counters = [
    { pod: 'a', second: 5, answered: 0 },
    { pod: 'a', second: 20, answered: 20 },
  ];
  expect(cpuWindowsOf(withSamples(counters, [{ pod: 'a', second: 15, cpuMillis: 200 }]))).toEqual([]);
});

test('a run’s own windows give back its CPU time per image', () => {
  const windows = cpuWindowsOf(run);
  const sum = (of: (window: (typeof windows)[number]) => number) =>
    windows.reduce((total, each) => total + of(each), 0);
  expect(windows.length).toBeGreaterThan(1);
  expect(Math.abs(sum(({ cpuMs }) => cpuMs) / sum(({ images }) => images) / 20 - 1)).toBeLessThan(0.1);
});
