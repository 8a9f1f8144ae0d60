import { evidenceOf } from '../../../bench/evidence/evidence';
import type { ExperimentRun } from '../../../bench/evidence/experiment-run';
import { syntheticRun } from './synthetic-run';

const run = (repetition: number, options: { load?: string; cpuFactor?: number; limitMs?: number } = {}) =>
  syntheticRun({
    ...{ variant: 'latency-single-pod', load: 'steps:2,4:20s', cpuSecondsPerImage: 0.025 },
    ...{ cpuFactor: 0.19, limitMs: 250, repetition, ...options },
  });
const onMachine = ({ timeline, ...rest }: ExperimentRun, cores: number): ExperimentRun => {
  const { subject } = timeline;
  const machine = { ...subject.machine, cores };
  return { ...rest, timeline: { ...timeline, subject: { ...subject, machine } } };
};
const withLoad = ({ timeline, ...rest }: ExperimentRun, text: string): ExperimentRun => {
  const load = timeline.load!;
  return {
    ...rest,
    timeline: { ...timeline, load: { ...load, settings: { ...load.settings, load: text } } },
  };
};
const hpaRun = (repetition: number) =>
  syntheticRun({
    ...{ variant: 'latency-hpa', experiment: 'latency-hpa-trace', load: 'steps:2,4:20s', repetition },
    ...{ cpuSecondsPerImage: 0.025, cpuFactor: 0.1, limitMs: 250 },
  });

test('repetitions that were measured alike are taken together', () => {
  expect(evidenceOf([run(1), run(2)]).curves.get('latency-single-pod')!.repetitions).toHaveLength(2);
});

test.each([
  ['load steps:2,4:20s in %1 and steps:2,5:20s in %2', run(2, { load: 'steps:2,5:20s' })],
  ['objective p95=250ms in %1 and p95=300ms in %2', run(2, { limitMs: 300 })],
  ['figures {', run(2, { cpuFactor: 0.2 })],
  ['machine 2 cores of SYNTHETIC in %1 and 4 cores of SYNTHETIC in %2', onMachine(run(2), 4)],
])('repetitions that differ are refused, with their files: %s', (difference, other) => {
  const words = difference
    .replace('%1', 'latency-single-pod-1.json.gz')
    .replace('%2', 'latency-single-pod-2.json.gz');
  expect(() => evidenceOf([other, run(1)])).toThrow(
    `repetitions of latency-single-pod must have the same load, objective, figures and machine, received ${words}`,
  );
  expect(() => evidenceOf([other, run(1)])).toThrow(
    /: delete latency-single-pod-2\.json\.gz or measure it again$/,
  );
});

test('all repetitions that differ from the first are named', () => {
  const others = [2, 3].map((repetition) => run(repetition, { limitMs: 300 }));
  expect(() => evidenceOf([run(1), ...others])).toThrow(
    /: delete latency-single-pod-2\.json\.gz and latency-single-pod-3\.json\.gz or measure them again$/,
  );
});

test('one trace in two folders is one load', () => {
  const trace = (folder: string) => `trace:${folder}/a.csv:day:peak=8:1-4`;
  const runs = [withLoad(hpaRun(1), trace('/images')), withLoad(hpaRun(2), trace('/other'))];
  expect(evidenceOf(runs).hpaRuns).toHaveLength(2);
});
