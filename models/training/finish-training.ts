/**
 * Ends a training before its last epoch: takes the weights that its checkpoints hold.
 */
import { join } from 'node:path';

import type { KeptEpoch } from '../recipes';
import type { Weights } from '../weights/weights';
import { isMoment } from './adam';
import { bestFileOf, CHECKPOINT_NAME, type Checkpoint, type Fingerprint, readCheckpoint } from './checkpoint';

/** What a training ends with. */
export interface FinishedTraining {
  /** The weights that training may have changed, by `layer/weight`. */
  readonly weights: Weights;
  /** The progress at the last checkpoint. */
  readonly state: Checkpoint['state'];
}

/**
 * Reads the weights that a training in `folder` ends with.
 *
 * @throws Error if there is no such epoch; RangeError as {@link readCheckpoint} does
 */
export function finishedTraining(
  folder: string,
  finish: KeptEpoch,
  fingerprint: Fingerprint,
): FinishedTraining {
  const last = readCheckpoint(join(folder, CHECKPOINT_NAME), fingerprint);
  const bestFile = last === undefined ? undefined : bestFileOf(folder, last.state.stage);
  const kept = bestFile === undefined || finish === 'last' ? last : readCheckpoint(bestFile, fingerprint);
  if (last === undefined || kept === undefined) {
    const remedy = last === undefined ? 'continue it with --resume' : 'choose --finish last';
    throw new Error(
      `--finish ${finish} needs a complete epoch${last === undefined ? '' : ' with validation'} in ${folder}, received none: ${remedy}`,
    );
  }
  const [wanted, held] = [last, kept].map(({ state }) => state.best?.epoch);
  if (wanted !== held) {
    throw new Error(
      `${bestFile} must hold epoch ${wanted}, the best so far, received epoch ${held}, in which the training was stopped: continue it with --resume, or choose --finish last`,
    );
  }
  return { weights: new Map([...kept.tensors].filter(([name]) => !isMoment(name))), state: last.state };
}
