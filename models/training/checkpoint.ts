/**
 * The state of a training between two epochs: everything that going on needs, in one file that is never half written.
 */
import { existsSync, readFileSync } from 'node:fs';

import { writeFileAtomic } from '../../files/write';
import type { StageName } from '../recipes';
import { decodeSafetensors, encodeSafetensors } from '../weights/safetensors';
import type { WeightArray } from '../weights/weights';

/** Name of the file in a training's folder. */
export const CHECKPOINT_NAME = 'checkpoint.safetensors';

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

/** All that decides a training's outcome, by field, as JSON takes it. */
export type Fingerprint = Readonly<Record<string, unknown>>;

/** What a file of {@link writeCheckpoint} holds. */
export interface Checkpoint {
  readonly state: TrainingState;
  /** A training goes on only from its own checkpoint. */
  readonly fingerprint: Fingerprint;
  /** Trained weights by `layer/weight`, and the optimizer's moments. */
  readonly tensors: ReadonlyMap<string, WeightArray>;
}

/** Writes a checkpoint as a whole or not at all. */
export function writeCheckpoint(file: string, { state, fingerprint, tensors }: Checkpoint): void {
  const metadata = { state: JSON.stringify(state), fingerprint: JSON.stringify(fingerprint) };
  writeFileAtomic(
    file,
    encodeSafetensors(new Map(tensors), () => 'F32', metadata),
  );
}

/** Characters of a value in a message: names of classes can be many. */
const MOST_SHOWN = 80;

const shown = (json: string | undefined) =>
  json === undefined ? 'none' : json.length > MOST_SHOWN ? `${json.slice(0, MOST_SHOWN)}…` : json;

const fieldsOf = (value: unknown): Fingerprint | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fingerprint) : undefined;

/** Sentences on the innermost fields in which two fingerprints differ. */
function differences(saved: unknown, wanted: unknown, path: readonly string[] = []): string[] {
  const [before, now] = [fieldsOf(saved), fieldsOf(wanted)];
  if (before !== undefined && now !== undefined) {
    const names = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...names].flatMap((name) => differences(before[name], now[name], [...path, name]));
  }
  const [expected, received] = [saved, wanted].map((value) => JSON.stringify(value) as string | undefined);
  if (expected === received) return [];
  return [`${path.join('.')} must be ${shown(expected)}, received ${shown(received)}`];
}

function decodeCheckpoint(file: string): Checkpoint {
  try {
    const { weights, metadata } = decodeSafetensors(readFileSync(file), file);
    return {
      state: JSON.parse(metadata['state']!) as TrainingState,
      fingerprint: JSON.parse(metadata['fingerprint']!) as Fingerprint,
      tensors: weights,
    };
  } catch (cause) {
    throw new RangeError(
      `${file} must be a whole checkpoint, received a damaged one: choose another --out to train anew`,
      { cause },
    );
  }
}

/**
 * Reads a checkpoint.
 *
 * @returns undefined where there is none
 * @throws RangeError naming the fields where it belongs to another training, or saying that it is damaged
 */
export function readCheckpoint(file: string, fingerprint: Fingerprint): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const checkpoint = decodeCheckpoint(file);
  const different = differences(checkpoint.fingerprint, fingerprint);
  if (different.length > 0) {
    throw new RangeError(
      `${file} is of another training: ${different.join('; ')}: go on with what it was begun with, or choose another --out`,
    );
  }
  return checkpoint;
}
