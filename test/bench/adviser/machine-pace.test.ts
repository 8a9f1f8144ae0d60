import { drawnPace, machinePaceOf } from '../../../bench/adviser/machine-pace';
import type { ExperimentRun } from '../../../bench/evidence/experiment-run';
import { rateCurve } from '../../../bench/evidence/rate-curve';
import { syntheticRun } from '../evidence/synthetic-run';

const runOf = (repetition: number) =>
  syntheticRun({
    ...{ variant: 'latency-single-pod', load: 'steps:5,5:60s', cpuSecondsPerImage: 0.02 },
    ...{ cpuFactor: 0.2, limitMs: 400, repetition },
  });

const RUNS = [1, 2, 3, 4].map(runOf);

/** The run as a machine gives it that takes so many times the CPU time in each of its samples. */
function atSpeed(run: ExperimentRun, factorOf: (sample: number) => number): ExperimentRun {
  const { timeline } = run;
  return {
    ...run,
    timeline: {
      ...timeline,
      podMetrics: timeline.podMetrics.map((sample, i) => ({
        ...sample,
        cpuMillis: sample.cpuMillis * factorOf(i),
      })),
    },
  };
}

const paceWith = (factorOf: (repetition: number, sample: number) => number) =>
  machinePaceOf([rateCurve(RUNS.map((run) => atSpeed(run, (i) => factorOf(run.repetition, i))))], () => 0)!;

test('a machine that is slower in some runs spreads between runs', () => {
  const even = paceWith(() => 1);
  const uneven = paceWith((repetition) => (repetition % 2 === 0 ? 1.3 : 1 / 1.3));
  expect(even.runSpread).toBeLessThan(0.1);
  expect(Math.abs(uneven.runSpread / (Math.log(1.3) * Math.sqrt(4 / 3)) - 1)).toBeLessThan(0.25);
  expect(uneven.spellSpread).toBeCloseTo(even.spellSpread, 3);
  expect(even.source).toBe('CPU samples of 4 runs, 6 windows each (median)');
});

test('a machine that is slower for a while spreads between windows of a run', () => {
  const uneven = paceWith((_, sample) => (sample % 2 === 0 ? 1.3 : 1 / 1.3));
  expect(uneven.spellSpread).toBeGreaterThan(0.2);
  expect(drawnPace(uneven)).toEqual({
    kind: 'drawn',
    runSpread: uneven.runSpread,
    spellSpread: uneven.spellSpread,
  });
});

test('a model that ran once does not say how much its machine changes', () => {
  expect(machinePaceOf([rateCurve(RUNS.slice(0, 1))], () => 0)).toBeUndefined();
  expect(drawnPace(undefined)).toBeUndefined();
});
