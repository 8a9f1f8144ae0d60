import { busyShareOf, runCpuOf } from '../../../bench/adviser/run-cpu';
import type { CpuWindow } from '../../../bench/evidence/cpu-windows';

const window = (fromMs: number, cpuMs: number, images: number): CpuWindow => ({
  ...{ fromMs, toMs: fromMs + 15_000, pods: 2 },
  ...{ cpuMs, images },
});
/** 20 ms, then 30 ms for an image, and 10 millicores of each pod without load. */
const WINDOWS = [window(0, 300 + 4_000, 200), window(15_000, 300 + 6_000, 200)];

test('a run’s CPU time per image has the factor of each window beside it', () => {
  const { cpuMsPerImage, pace } = runCpuOf(WINDOWS, 500, 10, 0)!;
  expect(cpuMsPerImage).toBe(25);
  expect(pace).toEqual({
    kind: 'measured',
    steps: [
      { fromMs: 0, factor: 0.8 },
      { fromMs: 15_000, factor: 1.2 },
    ],
  });
});

test('an image that finds its process idle counts more of the samples’ CPU time', () => {
  const cold = runCpuOf(WINDOWS, 500, 10, 0.4)!.cpuMsPerImage;
  expect(cold).toBeLessThan(25);
  expect(cold).toBeGreaterThan(25 / 1.4);
});

test('a limited pod is busy as often as it uses what one process may', () => {
  expect(busyShareOf(window(0, 7_500, 1), 500)).toBe(0.5);
  expect(busyShareOf(window(0, 7_500, 1), 2_000)).toBe(0.25);
  expect(busyShareOf(window(0, 90_000, 1), 500)).toBe(1);
});

test('a run without samples has no CPU time per image', () => {
  expect(runCpuOf([], 500, 10, 0)).toBeUndefined();
});
