/**
 * The facts of a trained model that its card tells and that `evaluation.json` holds.
 */
import { basename } from 'node:path';

import type { Base } from '../weights/saved-model';
import type { ArchitectureId, ModelId, Preprocessing } from '../catalog';
import type { Evaluation, Mistake } from '../evaluation/evaluation';
import type { SplitName } from '../data/dataset-files';
import type { Augmentation, BatchNormMode, StageName } from '../recipes';

/** One stage as it was trained. */
export interface StageFacts {
  readonly stage: StageName;
  readonly epochsPlanned: number;
  readonly epochsDone: number;
  /** At the stage's start. */
  readonly learningRate: number;
  readonly schedule: 'constant' | 'cosine';
  /** How many of the backbone's last layers were un-frozen; 0 in the head's stage. */
  readonly layersUnfrozen: number;
  /** The epoch whose weights were kept, where that was not the last. */
  readonly keptEpoch?: number;
  /** Time that the stage took. */
  readonly seconds: number;
}

/** What was measured on a split, and with what. */
export interface MeasuredSplit {
  readonly split: Exclude<SplitName, 'train'>;
  /** The engine's kind and version. */
  readonly engine: string;
  readonly evaluation: Evaluation;
}

/** A mistake and the image it was made on, relative to the data set's folder. */
export interface NamedMistake extends Mistake {
  readonly file: string;
}

/** All that a model card says; `evaluation.json` holds it as it is. */
export interface ModelCardFacts {
  readonly model: ModelId;
  readonly architecture: ArchitectureId;
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[];
  readonly base: {
    readonly kind: 'imagenet' | 'file' | 'demo' | 'seed';
    /** Checksum of the base's weight file; a seed has none. */
    readonly sha256?: string;
    /** Where the file came from, or which seed. */
    readonly origin: string;
  };
  /** The input values that the network was trained on. */
  readonly preprocessing: Preprocessing;
  /** Checksum of the saved tensors. */
  readonly weightsSha256: string;
  readonly data: {
    readonly name: string;
    /**
     * Checksum over every image's bytes and path. The path has the class and, where folders split the set, the split;
     * where the seed does, the split follows from it and the bytes.
     */
    readonly sha256: string;
    /** What decides an image's split: the folder it lies in, or the training's seed. */
    readonly splitBy: 'folders' | 'seed';
    /** Images of each class, by split. */
    readonly counts: Readonly<Partial<Record<SplitName, readonly number[]>>>;
  };
  readonly seed: number;
  readonly stages: readonly StageFacts[];
  readonly batchSize: number;
  /** Weight of each class in the loss; left out where all are 1. */
  readonly classWeights?: readonly number[];
  readonly labelSmoothing: number;
  readonly augmentation?: Augmentation;
  readonly batchNorm: BatchNormMode;
  /** Versions of what it was made with: tandem, tfjs, onnxruntime, node. */
  readonly versions: Readonly<Record<string, string>>;
  readonly measured: readonly MeasuredSplit[];
  /** The most confident mistakes on the {@link mainSplit}, worst first. */
  readonly mistakes: readonly NamedMistake[];
  /** Names of the image files beside the card. */
  readonly charts: Readonly<Partial<Record<'training' | 'confusion' | 'reliability' | 'mistakes', string>>>;
  /** The command that measures the figures again. */
  readonly command: string;
}

/** A word as a POSIX shell takes it. */
const shellWord = (text: string) =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/**
 * The command that measures a training's figures again: with its seed where that decides the splits, and allowed to go
 * on where images of one split are in another.
 */
export function evaluateCommand(
  { name, splitBy }: Pick<ModelCardFacts['data'], 'name' | 'splitBy'>,
  { seed, leakage }: { readonly seed: number; readonly leakage: boolean },
): string {
  return [
    `npx tandem evaluate FOLDER --data ${shellWord(name)}`,
    ...(splitBy === 'seed' ? [`--seed ${seed}`] : []),
    ...(leakage ? ['--allow-leakage'] : []),
  ].join(' ');
}

/** The split that the card's details are of: the test split where it was measured. */
export function mainSplit({ measured }: Pick<ModelCardFacts, 'measured'>): MeasuredSplit {
  const main = measured.find(({ split }) => split === 'test') ?? measured[0];
  if (main === undefined)
    throw new RangeError('a model card needs a measured split, received none: evaluate val or test first');
  return main;
}

/** What a model card says of a base: nothing of this machine's paths. */
export function baseFacts(base: Base): ModelCardFacts['base'] {
  if (base.kind === 'seed') return { kind: 'seed', origin: `seed ${base.seed}` };
  return { kind: base.kind, sha256: base.sha256, origin: basename(base.file) };
}
