/**
 * What a training reports while it runs; `cli/progress` shows it.
 */
import type { EpochRecord, StepRecord } from './train-classifier';

/** Images that are read or measured. */
export interface CountRecord {
  /** What is done to them, such as `reading`. */
  readonly task: string;
  readonly done: number;
  readonly total: number;
}

/** Takes what `trainClassifier` reports, and the work before and behind it. */
export interface ProgressReporter {
  /** Called after each image, or a few; the last call has `done` equal to `total`. */
  readonly onCount: (record: CountRecord) => void;
  readonly onStep: (record: StepRecord) => void;
  readonly onEpoch: (record: EpochRecord) => void;
  /** A sentence of its own: where a training goes on from, what a stage is doing. */
  readonly note: (sentence: string) => void;
}
