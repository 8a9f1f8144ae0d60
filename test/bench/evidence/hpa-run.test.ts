import { analyseHpa, hpaRun } from '../../../bench/evidence/hpa-run';
import { reactionOf } from '../../../bench/evidence/reaction';
import { syntheticRun } from './synthetic-run';

const run = (load: string, leadMs?: number) =>
  syntheticRun({
    ...{ variant: 'latency-hpa', experiment: 'latency-hpa-steps', load, idleSeconds: 345 },
    ...(leadMs !== undefined && { leadMs }),
    ...{ cpuSecondsPerImage: 0.026, cpuFactor: 0.098, limitMs: 500 },
  });
const hpa = hpaRun(run('steps:1.15,2.7,5,7.6:60s'));

test('times count from the start of the load', () => {
  expect(hpa.loadSeconds).toBe(240);
  expect(hpa.endSeconds).toBe(585);
  expect(hpa.windows[0]!.atSeconds).toBe(-4);
});

test('rescales have the controller’s own time, size and reason', () => {
  expect(hpa.rescales.length).toBeGreaterThan(1);
  expect(hpa.rescales.at(-1)).toEqual({ atSeconds: 540, size: 2, reason: 'All metrics below target' });
  expect(hpa.rescales[0]!.reason).toContain('above target');
});

test('the needed replicas keep the mean CPU use at the target, within the bounds', () => {
  // 26 ms per image; a pod at 50 % of 40m takes 0.77 images per second.
  expect(hpa.cpuSecondsPerImage).toBeCloseTo(0.026, 2);
  const at = (atSeconds: number) => hpa.needed.findLast((each) => each.atSeconds <= atSeconds)!.replicas;
  expect([at(20), at(90), at(150), at(220), at(400)]).toEqual([2, 4, expect.any(Number), 8, 2]);
  expect([6, 7]).toContain(at(150));
});

test('what an idle pod uses is no image’s: a pod that is idle at half its target needs twice the pods', () => {
  const plain = run('steps:1.5:120s');
  const samples = plain.timeline.podMetrics.map((sample) => ({
    ...sample,
    cpuMillis: sample.cpuMillis + 10,
  }));
  const busy = hpaRun({ ...plain, timeline: { ...plain.timeline, podMetrics: samples } });
  expect(hpaRun(plain).idleMillis).toBe(0);
  expect(busy.idleMillis).toBe(10);
  expect(busy.cpuSecondsPerImage).toBeCloseTo(hpaRun(plain).cpuSecondsPerImage, 9);
  const most = ({ needed }: typeof busy) => Math.max(...needed.map(({ replicas }) => replicas));
  expect([most(hpaRun(plain)), most(busy)]).toEqual([2, 4]);
});

test('the CPU time that a new pod uses for its start is no image’s', () => {
  const plain = run('steps:1.15,2.7,5,7.6:60s');
  const { podMetrics } = plain.timeline;
  const added = podMetrics.findLast(
    (sample, i) => podMetrics.findIndex(({ pod }) => pod === sample.pod) === i,
  )!;
  const start = {
    ...added,
    timestamp: new Date(Date.parse(added.timestamp) - added.windowMs).toISOString(),
    cpuMillis: 900,
  };
  const starting = { ...plain, timeline: { ...plain.timeline, podMetrics: [...podMetrics, start] } };
  // With the start it would be half as much again.
  expect(hpaRun(starting).cpuSecondsPerImage / hpaRun(plain).cpuSecondsPerImage).toBeCloseTo(1, 1);
});

test('a repetition without a recorded idle pod takes the CPU of one from another repetition', () => {
  const idle = run('steps:1.5:120s');
  const busy = syntheticRun({
    ...{ variant: 'latency-hpa', experiment: 'latency-hpa-steps', load: 'steps:1.5:120s', idleSeconds: 0 },
    ...{ cpuSecondsPerImage: 0.026, cpuFactor: 0.098, limitMs: 500 },
  });
  const podMetrics = idle.timeline.podMetrics.map((sample) => ({
    ...sample,
    cpuMillis: sample.cpuMillis + 10,
  }));
  const both = analyseHpa([busy, { ...idle, timeline: { ...idle.timeline, podMetrics } }]);
  expect(both.map(({ idleMillis }) => idleMillis)).toEqual([10, 10]);
});

test('the reaction is counted from the highest need to as many pods, and from the end of the load to the minimum', () => {
  const { highestNeed, toDesired, toReady, toMinimum, mostReady } = reactionOf(hpa);
  expect(highestNeed).toBe(8);
  expect(toReady! - toDesired!).toBe(8);
  expect(toMinimum).toBe(300);
  expect(mostReady).toBe(8);
});

test('a base that needs more than the minimum does not start the clock: the spike does', () => {
  const spike = hpaRun(run('steps:2,7.6:60s'));
  expect(spike.neededBySecond[0]).toBeGreaterThan(spike.minReplicas);
  const { toDesired } = reactionOf(spike);
  expect(60 + toDesired!).toBe(spike.rescales.find(({ size }) => size === 8)!.atSeconds);
});

test('an HPA that is at its maximum before the highest need had no delay', () => {
  const before = [{ atSeconds: 0, desired: 8, ready: 8 }];
  expect(reactionOf({ ...hpa, replicas: before })).toMatchObject({ toDesired: 0, toReady: 0 });
});

test('an HPA that returns to its minimum and leaves it again is not back', () => {
  const counts = [2, 4, 2, 4].map((desired, i) => ({ atSeconds: 50 * i, desired, ready: desired }));
  expect(reactionOf({ ...hpa, replicas: counts })).not.toHaveProperty('toMinimum');
});

test.each([2222, 4000, 10_000])(
  'a recording that starts %i ms before its load changes nothing of the reaction, as the need begins with a step',
  (leadMs) => {
    const reaction = reactionOf(hpaRun(run('steps:0.8,5:60s', leadMs)));
    // The synthetic HPA decides every 15 s from the start of the load; its pods are ready 8 s later.
    expect(reaction.toDesired! % 15).toBe(0);
    expect(reaction.toReady! - reaction.toDesired!).toBe(8);
    expect(reaction).toEqual(reactionOf(hpaRun(run('steps:0.8,5:60s'))));
  },
);

test('a load that needs more pods from its start is counted from 0 s, not from the next window', () => {
  const early = hpaRun(run('steps:5:120s', 2222));
  expect(early.windows.map(({ atSeconds }) => atSeconds)).not.toContain(0);
  expect(early.neededBySecond[0]).toBeGreaterThan(2);
  const { toDesired, highestNeed } = reactionOf(early);
  expect(toDesired).toBe(early.rescales.find(({ size }) => size >= highestNeed)!.atSeconds);
});

test('a trace that needs more pods from its start is counted from 0 s too', () => {
  const { timeline, ...rest } = run('steps:5:120s', 2222);
  const load = timeline.load!;
  const settings = { ...load.settings, load: 'trace:/images/no-such.csv:day:peak=8:1-4' };
  const traced = hpaRun({ ...rest, timeline: { ...timeline, load: { ...load, settings } } });
  const { toDesired, highestNeed } = reactionOf(traced);
  expect(toDesired).toBe(traced.rescales.find(({ size }) => size >= highestNeed)!.atSeconds);
});

test('a trace needs no pods before the minute in which its rate rises', () => {
  const { timeline, ...rest } = run('steps:1.15,7.6:60s');
  const load = timeline.load!;
  const settings = { ...load.settings, load: 'trace:/images/no-such.csv:day:peak=8:1-2' };
  const { neededBySecond } = hpaRun({ ...rest, timeline: { ...timeline, load: { ...load, settings } } });
  expect(new Set(neededBySecond.slice(0, 60))).toEqual(new Set([2]));
  expect(Math.min(...neededBySecond.slice(60))).toBeGreaterThan(2);
});

test('an HPA that has no reason to scale has no reaction', () => {
  const still = reactionOf(hpaRun(run('steps:0.3:60s')));
  expect(still).toMatchObject({ mostReady: 2, mostDesired: 2, highestNeed: 2, toDesired: 0, toReady: 0 });
  expect(still).not.toHaveProperty('toMinimum');
});

test('requests that were refused are not in time', () => {
  const overloaded = hpaRun(run('steps:30:60s'));
  expect(overloaded.refusedShare).toBeGreaterThan(0.2);
  expect(overloaded.inTimeShare).toBeLessThanOrEqual(1 - overloaded.refusedShare);
  expect(overloaded.windows.some(({ lateShare }) => lateShare > 0.05)).toBe(true);
});

test('a trace, whose file is not at hand, is read from its own windows', () => {
  const { timeline, ...rest } = run('steps:1.15,2.7,5,7.6:60s');
  const load = timeline.load!;
  const settings = { ...load.settings, load: 'trace:/images/no-such.csv:day:peak=8:1-4' };
  const traced = hpaRun({ ...rest, timeline: { ...timeline, load: { ...load, settings } } });
  expect(Math.max(...traced.needed.map(({ replicas }) => replicas))).toBe(8);
  expect(traced.needed.at(-1)!.replicas).toBe(2);
});

test('a deployment without an HPA is refused by name', () => {
  const single = syntheticRun({
    ...{ variant: 'latency-single-pod', load: 'steps:1:60s' },
    ...{ cpuSecondsPerImage: 0.026, cpuFactor: 0.1, limitMs: 500 },
  });
  expect(() => hpaRun(single)).toThrow('latency-single-pod must be scaled by an HPA, received fixed');
});
