/**
 * The state of a training between two epochs: everything that going on needs, in one file that is never half written.
 */
import { existsSync, readFileSync } from 'node:fs';

import { writeFileAtomic } from '../files';
import { decodeSafetensors, encodeSafetensors } from '../weights/safetensors';
import type { WeightArray } from '../weights/weights';

/** Name of the file in a training's folder. */
export const CHECKPOINT_NAME = 'checkpoint.safetensors';

/** The recipe's stages, in their order. */
export const STAGES = ['head', 'fineTune'] as const;
export type StageName = (typeof STAGES)[number];

/** The best epoch of a stage so far, by validation accuracy, then loss. */
export interface BestEpoch {
  readonly epoch: number;
  readonly accuracy: number;
  readonly loss: number;
}

/** Whether an epoch is better than the best so far. */
export function isBetter(found: BestEpoch, best: BestEpoch | undefined): boolean {
  if (best === undefined || found.accuracy > best.accuracy) return true;
  return found.accuracy === best.accuracy && found.loss < best.loss;
}

/** Where a training stands. */
export interface TrainingState {
  readonly stage: StageName;
  /** Epochs of the stage that are complete. */
  readonly epochsDone: number;
  /** Steps that the stage's optimizer has taken. */
  readonly optimizerStep: number;
  readonly best?: BestEpoch | undefined;
  /** The epoch of the lowest validation loss, which early stopping counts from. */
  readonly lowestLoss?: { readonly epoch: number; readonly loss: number } | undefined;
  /** True once early stopping has ended the stage. */
  readonly stopped: boolean;
}

export interface Checkpoint {
  readonly state: TrainingState;
  /** SHA-256 over all that decides the outcome; a training goes on only from its own checkpoint. */
  readonly fingerprint: string;
  /** Trained weights by `layer/weight`, and the optimizer's moments. */
  readonly tensors: ReadonlyMap<string, WeightArray>;
}

/** Writes a checkpoint as a whole or not at all. */
export function writeCheckpoint(file: string, { state, fingerprint, tensors }: Checkpoint): void {
  const metadata = { state: JSON.stringify(state), fingerprint };
  writeFileAtomic(
    file,
    encodeSafetensors(new Map(tensors), () => 'F32', metadata),
  );
}

/**
 * Reads a checkpoint.
 *
 * @returns undefined where there is none
 * @throws RangeError where it belongs to another training
 */
export function readCheckpoint(file: string, fingerprint: string): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const { weights, metadata } = decodeSafetensors(readFileSync(file), file);
  if (metadata['fingerprint'] !== fingerprint) {
    throw new RangeError(
      `${file} must be of this training, with the same data, base, recipe and seed, received another's: choose another --out, or train without --resume`,
    );
  }
  return { state: JSON.parse(metadata['state']!) as TrainingState, fingerprint, tensors: weights };
}
