/**
 * How far a whole comparison is. Pure: work is estimated in millions of multiply-adds, so that a step of a large
 * architecture counts for more.
 */
import type { Precision } from '../engines/engine';

/** The steps of one candidate, in their order. */
export const STEPS = ['features', 'head', 'calibration', 'fp32', 'int8'] as const;
export type Step = (typeof STEPS)[number];

/** What is done in a step, in text. */
export const STEP_TITLES: Readonly<Record<Step, string>> = {
  features: 'features',
  head: 'head',
  calibration: 'calibrating int8',
  fp32: 'measuring at fp32',
  int8: 'measuring at int8',
};

/** The size of a candidate's steps. */
export interface WorkSize {
  /** Of one image. */
  readonly multiplyAdds: number;
  readonly trainImages: number;
  readonly calibrationImages: number;
  readonly measuredImages: number;
}

/** Millions of multiply-adds that take as long as the head's epochs do per image, and as measuring the cost does. */
const HEAD_MILLIONS = 100;
const COST_MILLIONS = 100_000;
/** How often calibration runs an image, and how long an image takes at int8 beside fp32. */
const CALIBRATION_RUNS = 8;
const RELATIVE_TIME: Readonly<Partial<Record<Precision, number>>> = { fp32: 1, int8: 0.6 };

/** Estimated work of each step, millions of multiply-adds. */
export function workOf(size: WorkSize): Readonly<Record<Step, number>> {
  const millions = size.multiplyAdds / 1e6;
  const measuring = (precision: Precision) =>
    size.measuredImages * millions * RELATIVE_TIME[precision]! + COST_MILLIONS;
  return {
    features: size.trainImages * millions,
    head: size.trainImages * HEAD_MILLIONS,
    calibration: size.calibrationImages * millions * CALIBRATION_RUNS,
    fp32: measuring('fp32'),
    int8: measuring('int8'),
  };
}

/** The progress of a step and of the whole. */
export interface CompareRecord {
  /** The candidate and the step, in text. */
  readonly task: string;
  /** Images or epochs of the step. */
  readonly done: number;
  readonly total: number;
  /** Of the whole, in the unit of {@link workOf}. */
  readonly workDone: number;
  /** The part of `workDone` that an earlier run had done. */
  readonly workSkipped: number;
  readonly workTotal: number;
}

/** Where a step is. */
export interface StepProgress {
  readonly candidate: string;
  readonly step: Step;
  readonly done: number;
  readonly total: number;
  /** Whether what is done was there before this run. */
  readonly skipped?: boolean;
}

/**
 * Adds up the steps of a comparison.
 *
 * @param works of each candidate's steps, by its id
 * @param report called after each change
 */
export function wholeWork(
  works: ReadonlyMap<string, Readonly<Record<Step, number>>>,
  report: (record: CompareRecord) => void,
): (progress: StepProgress) => void {
  const done = new Map<string, number>();
  const skipped = new Map<string, number>();
  const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
  const workTotal = sum([...works.values()].flatMap((steps) => Object.values(steps)));
  return (progress) => {
    const { candidate, step, total } = progress;
    const key = `${candidate}/${step}`;
    const share = total === 0 ? 1 : progress.done / total;
    const work = share * works.get(candidate)![step];
    if (progress.skipped === true) skipped.set(key, work);
    done.set(key, work);
    report({
      task: `${candidate}: ${STEP_TITLES[step]}`,
      done: progress.done,
      total,
      workTotal,
      workDone: sum(done.values()),
      workSkipped: sum(skipped.values()),
    });
  };
}

/** Estimated seconds that the rest takes; undefined until this run has done some work. */
export function secondsLeft(
  { workDone, workSkipped, workTotal }: CompareRecord,
  seconds: number,
): number | undefined {
  const own = workDone - workSkipped;
  return own > 0 ? (seconds / own) * (workTotal - workDone) : undefined;
}
