/**
 * The progress that a training reports while it runs; `cli/progress` shows it.
 */
import type { StageName } from '../recipes';

/** Images that are read or measured. */
export interface CountRecord {
  /** What is being done to them, such as `reading`. */
  readonly task: string;
  readonly done: number;
  readonly total: number;
}

/** Means over the epoch so far. */
export interface StepRecord {
  readonly stage: StageName;
  readonly epoch: number;
  readonly step: number;
  /** Steps per epoch. */
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
}

/**
 * The figures of an epoch. Training figures are means over the epoch, while the model changed; validation figures are
 * measured at its end.
 */
export interface EpochRecord {
  readonly stage: StageName;
  /** Counted from 1 in each stage. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly valLoss?: number;
  readonly valAccuracy?: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
  readonly seconds: number;
}

/** Receives the progress of a training and of the work before and after it. */
export interface ProgressReporter {
  /** Called after each image or batch; `done` equals `total` in the last call. */
  readonly onCount: (record: CountRecord) => void;
  readonly onStep: (record: StepRecord) => void;
  readonly onEpoch: (record: EpochRecord) => void;
  /** A message in a sentence: where a training resumes, what is being measured. */
  readonly note: (sentence: string) => void;
}
