/**
 * Checkpoints: everything that resuming a training needs, in one file that is written atomically after each epoch.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

import { abbreviated } from '../../files/abbreviated';
import { writeFileAtomic } from '../../files/write';
import { type Recipe, type StageName, STAGES } from '../recipes';
import { decodeSafetensors, encodeSafetensors } from '../weights/safetensors';
import type { WeightArray } from '../weights/weights';

/** Name of the file in the folder of a training. */
export const CHECKPOINT_NAME = 'checkpoint.safetensors';

/** Path of the checkpoint of a stage's best epoch. */
export const bestFileOf = (folder: string, stage: StageName): string =>
  join(folder, `${stage}-best.safetensors`);

/** The checkpoints in the folder of a training. */
export interface KeptCheckpoints {
  /** Names of the files: of the last epoch, and of each stage's best one. */
  readonly names: readonly string[];
  /** Their size together. */
  readonly bytes: number;
}

/** What a finished training keeps beside its model, so that it can go on or end with other weights. */
export function keptCheckpoints(folder: string): KeptCheckpoints {
  const files = [join(folder, CHECKPOINT_NAME), ...STAGES.map((stage) => bestFileOf(folder, stage))].filter(
    (file) => existsSync(file),
  );
  return {
    names: files.map((file) => basename(file)),
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
  };
}

/** The best epoch of a stage so far, by validation accuracy, then loss. */
export interface BestEpoch {
  readonly epoch: number;
  readonly accuracy: number;
  readonly loss: number;
}

/** Whether an epoch is better than the best so far; any epoch is better than none. */
export function isBetter(candidate: BestEpoch, best: BestEpoch | undefined): boolean {
  if (best === undefined || candidate.accuracy > best.accuracy) return true;
  return candidate.accuracy === best.accuracy && candidate.loss < best.loss;
}

/** The progress of a training. */
export interface TrainingState {
  readonly stage: StageName;
  /** Completed epochs of the stage. */
  readonly epochsDone: number;
  /** Steps that the optimizer has taken in the stage. */
  readonly optimizerStep: number;
  /** The best epoch of the stage; absent without validation images. */
  readonly best?: BestEpoch | undefined;
  /** The epoch with the lowest validation loss, from which early stopping counts. */
  readonly lowestLoss?: { readonly epoch: number; readonly loss: number } | undefined;
  /** True once early stopping has ended the stage. */
  readonly stopped: boolean;
}

/** Everything that decides the result of a training, as JSON values by field. */
export type Fingerprint = Readonly<Record<string, unknown>>;

/** The contents of a checkpoint file. */
export interface Checkpoint {
  readonly state: TrainingState;
  /** Only the training with the same fingerprint may resume from it. */
  readonly fingerprint: Fingerprint;
  /** Trained weights by `layer/weight`, and the moments of the optimizer as `createAdam` names them. */
  readonly tensors: ReadonlyMap<string, WeightArray>;
}

/** Writes a checkpoint atomically. */
export function writeCheckpoint(file: string, { state, fingerprint, tensors }: Checkpoint): void {
  const metadata = { state: JSON.stringify(state), fingerprint: JSON.stringify(fingerprint) };
  writeFileAtomic(
    file,
    encodeSafetensors(new Map(tensors), () => 'F32', metadata),
  );
}

const shown = (json: string | undefined) => (json === undefined ? 'none' : abbreviated(json));

const fieldsOf = (value: unknown): Fingerprint | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fingerprint) : undefined;

/** One sentence per innermost field in which two fingerprints differ. */
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
      `${file} must be a complete checkpoint, received a damaged one: choose another --out to start over`,
      { cause },
    );
  }
}

/**
 * A checkpoint's fingerprint with what the resumed training may change. A stage that no later one builds on may have more
 * epochs: the epochs that are done stay as they are; those to come follow the longer curve if the learning rate falls along
 * a cosine. A stage that had no epochs has taken nothing from its options, so that they may be others.
 */
function withAddedEpochs({ fingerprint, state }: Checkpoint, wanted: Fingerprint): Fingerprint {
  const [before, now] = [fingerprint, wanted].map((each) => each['recipe'] as Recipe | undefined);
  if (before === undefined || now === undefined) return fingerprint;
  const open = STAGES.slice(STAGES.indexOf(state.stage));
  const added = open.filter((stage) => now[stage].epochs > before[stage].epochs);
  const stages = added.map((stage) => [
    stage,
    before[stage].epochs === 0 ? now[stage] : { ...before[stage], epochs: now[stage].epochs },
  ]);
  return {
    ...fingerprint,
    ...(before.fineTune.epochs === 0 ? { batchNorm: wanted['batchNorm'] } : {}),
    recipe: { ...before, ...Object.fromEntries(stages) },
  };
}

/**
 * Reads a checkpoint. The training that resumes from it may have more epochs than it had.
 *
 * @returns undefined if the file does not exist
 * @throws RangeError if the file is damaged, or belongs to another training; then the error names the fields that differ
 */
export function readCheckpoint(file: string, fingerprint: Fingerprint): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const checkpoint = decodeCheckpoint(file);
  const different = differences(withAddedEpochs(checkpoint, fingerprint), fingerprint);
  if (different.length > 0) {
    throw new RangeError(
      `${file} belongs to another training: ${different.join('; ')}: resume with the original options, or choose another --out`,
    );
  }
  return checkpoint;
}
