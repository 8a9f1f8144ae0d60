/** CPU time per image of a recorded run, window by window of its CPU samples. Pure. */
import { parseCpuMillis } from '../../infra/quantity';
import { type CpuWindow, cpuWindowsOf } from '../evidence/cpu-windows';
import type { ExperimentRun } from '../evidence/experiment-run';
import type { Pace } from '../twin/pace';

export const limitMillisOf = (run: ExperimentRun): number => parseCpuMillis(run.applied.resources.limits.cpu);

/** A window with fewer images says too little: its edges cut images in two. */
const MIN_IMAGES = 10;

/** Windows in which enough images were answered. */
export const usableWindows = (run: ExperimentRun): CpuWindow[] =>
  cpuWindowsOf(run).filter(({ images }) => images >= MIN_IMAGES);

/** CPU time per image of one run, and how it changed. */
export interface RunCpu {
  readonly cpuMsPerImage: number;
  readonly pace: Pace;
}

/** Share of a window in which a pod's process was busy: its CPU use, of what its limit allows one process. */
export const busyShareOf = ({ cpuMs, pods, fromMs, toMs }: CpuWindow, limitMillis: number): number =>
  Math.min(1, cpuMs / (pods * (toMs - fromMs) * Math.min(1, limitMillis / 1000)));

/** CPU time for images in a window, without what pods use anyway, ms. */
export const imageCpuMs = ({ cpuMs, pods, fromMs, toMs }: CpuWindow, idleMillis: number): number =>
  cpuMs - (pods * (toMs - fromMs) * idleMillis) / 1000;

/**
 * CPU time of an image that finds its process busy, by a run's own CPU samples; undefined without samples.
 *
 * @param coldShare how much more an image takes that finds its process idle
 */
export function runCpuOf(
  windows: readonly CpuWindow[],
  limitMillis: number,
  idleMillis: number,
  coldShare: number,
): RunCpu | undefined {
  const parts = windows.map((window) => ({
    fromMs: window.fromMs,
    cpuMs: imageCpuMs(window, idleMillis),
    busyImages: window.images * (1 + coldShare * (1 - busyShareOf(window, limitMillis))),
  }));
  const sum = (of: (part: (typeof parts)[number]) => number) =>
    parts.reduce((total, each) => total + of(each), 0);
  const cpuMsPerImage = sum(({ cpuMs }) => cpuMs) / sum(({ busyImages }) => busyImages);
  if (!(cpuMsPerImage > 0)) return undefined;
  const steps = parts.map(({ fromMs, cpuMs, busyImages }) => ({
    fromMs,
    factor: cpuMs / busyImages / cpuMsPerImage,
  }));
  return { cpuMsPerImage, pace: { kind: 'measured', steps } };
}
