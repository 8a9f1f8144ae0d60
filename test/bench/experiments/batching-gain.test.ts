import { type BatchRun, gainOf, largestGain } from '../../../bench/experiments/batching-gain';

const run = (changes: Partial<BatchRun>): BatchRun => ({
  ...{ model: 'latency', threads: 1, batch: 1, wallMs: [10], cpuMs: [8] },
  ...changes,
});

test('with one thread CPU time decides, whatever a busy machine does to the time', () => {
  const runs = [
    run({}),
    run({ batch: 2, wallMs: [5], cpuMs: [7.9, 8, 100] }),
    run({ batch: 4, cpuMs: [10] }),
  ];
  expect(largestGain(runs)).toBe(0);
});

test('with several threads the time decides, since CPU time does not show that they run side by side', () => {
  const runs = [run({ threads: 2 }), run({ threads: 2, batch: 8, wallMs: [8], cpuMs: [8] })];
  expect(largestGain(runs)).toBeCloseTo(0.25);
});

test('a batch is compared with single images of its own model and threads', () => {
  const runs = [
    run({ model: 'accuracy', cpuMs: [100] }),
    run({ model: 'accuracy', batch: 2, cpuMs: [125] }),
    run({}),
    run({ batch: 2 }),
  ];
  expect(runs.map((each) => gainOf(each, runs))).toEqual([0, expect.closeTo(-0.2), 0, 0]);
  expect(largestGain(runs)).toBe(0);
});

test('single images are not a batch, and must be there', () => {
  expect(largestGain([run({}), run({ batch: 2, cpuMs: [16] })])).toBeCloseTo(-0.5);
  expect(() => largestGain([run({ batch: 2 })])).toThrow(
    'the runs must have batch 1 of latency with 1 threads, received none',
  );
});
