/**
 * How far a whole training is, and how long it still takes. Pure functions.
 */
import { type StageName, STAGES } from '../models/recipes';
import type { EpochRecord } from '../models/training/progress';

/** Epochs of both stages together. */
export interface WholeProgress {
  readonly done: number;
  readonly total: number;
  /** Estimated; an epoch of a stage that has not begun is taken to be as long as one of the present stage. */
  readonly secondsLeft: number;
}

/** Latest epochs of a stage whose mean duration is the estimate. */
const TIMED_EPOCHS = 5;

/** Mean seconds of a stage's latest epochs; its first one, which includes loading, counts only if it is alone. */
function epochSeconds(finished: readonly EpochRecord[], stage: StageName): number | undefined {
  const own = finished.filter((record) => record.stage === stage).map(({ seconds }) => seconds);
  const timed = own.length > 1 ? own.slice(1).slice(-TIMED_EPOCHS) : own;
  return timed.length === 0 ? undefined : timed.reduce((sum, seconds) => sum + seconds, 0) / timed.length;
}

/**
 * The progress after the epochs that this process has finished; undefined before the first, or if no epochs were planned.
 *
 * @param epochs planned, per stage
 * @param finished in their order; a resumed training begins with a later epoch
 */
export function wholeProgress(
  epochs: Readonly<Record<StageName, number>>,
  finished: readonly EpochRecord[],
): WholeProgress | undefined {
  const last = finished.at(-1);
  if (last === undefined || epochs[last.stage] === 0) return undefined;
  const at = STAGES.indexOf(last.stage);
  const before = STAGES.slice(0, at).reduce((sum, stage) => sum + epochs[stage], 0);
  const present = epochSeconds(finished, last.stage)!;
  const left = STAGES.slice(at).map((stage) => epochs[stage] - (stage === last.stage ? last.epoch : 0));
  return {
    done: before + last.epoch,
    total: STAGES.reduce((sum, stage) => sum + epochs[stage], 0),
    secondsLeft: left.reduce((sum, count) => sum + count * present, 0),
  };
}
