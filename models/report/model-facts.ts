/**
 * The facts of a trained model, which its card states and `evaluation.json` holds.
 */
import { basename } from 'node:path';

import { shellWord } from '../../files/shell-word';
import type { Base } from '../weights/saved-model';
import type { ArchitectureId, ModelName, Preprocessing } from '../catalog';
import type { Evaluation, Mistake } from '../evaluation/evaluation';
import { DEFAULT_SHARES, formatShares, sameShares, type SplitShares } from '../data/dataset-splits';
import type { SplitName } from '../data/split-folders';
import type { Augmentation, BatchNormMode, StageName } from '../recipes';

/** One stage of the training. */
export interface StageFacts {
  readonly stage: StageName;
  readonly epochsPlanned: number;
  readonly epochsDone: number;
  /** Learning rate at the start of the stage. */
  readonly learningRate: number;
  readonly schedule: 'constant' | 'cosine';
  /** How many of the last backbone layers were un-frozen; 0 in the head stage. */
  readonly layersUnfrozen: number;
  /** The epoch whose weights were kept; absent if the last epoch's were. */
  readonly keptEpoch?: number;
  /** Whether early stopping, by the loss on val, ended the stage. */
  readonly stoppedEarly?: true;
  /** Duration of the stage. */
  readonly seconds: number;
}

/** The figures of one split. */
export interface MeasuredSplit {
  readonly split: Exclude<SplitName, 'train'>;
  /** Kind and version of the engine that was used. */
  readonly engine: string;
  readonly evaluation: Evaluation;
}

/** Temperature scaling, and the figures that it changed. */
export interface TemperatureFacts {
  /** The head's outputs are divided by it. */
  readonly value: number;
  /** Figures at temperature 1. */
  readonly before: readonly (Pick<MeasuredSplit, 'split'> &
    Pick<Evaluation, 'expectedCalibrationError' | 'logLoss'>)[];
}

/** A mistake and its image. */
export interface NamedMistake extends Mistake {
  /** Path of the image, relative to the folder of the data set. */
  readonly file: string;
}

/** All facts of a model card; `evaluation.json` holds them unchanged. */
export interface ModelCardFacts {
  readonly model: ModelName;
  readonly architecture: ArchitectureId;
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[];
  readonly base: {
    readonly kind: 'imagenet' | 'file' | 'demo' | 'seed';
    /** SHA-256 of the base's weight file; absent for a seed. */
    readonly sha256?: string;
    /** Name of the weight file, or the seed. */
    readonly origin: string;
  };
  /** The input range that the network was trained with. */
  readonly preprocessing: Preprocessing;
  /** SHA-256 of the saved tensors. */
  readonly weightsSha256: string;
  readonly data: {
    readonly name: string;
    /**
     * SHA-256 of the bytes and path of every image. The path contains the class and, if folders split the data set, the
     * split; if the seed splits it, the split follows from seed and bytes.
     */
    readonly sha256: string;
    /** The same checksum of the images of each split. Older figures lack it. */
    readonly splitSha256?: Readonly<Record<SplitName, string>>;
    /** What decides the split of an image: its folder, or the seed of the training. */
    readonly splitBy: 'folders' | 'seed';
    /**
     * Shares of the splits that the seed drew; of folders without val, those by which the seed drew val from train. Older
     * figures lack it.
     */
    readonly splitShares?: SplitShares;
    /** Number of images of each class, by split. */
    readonly counts: Readonly<Partial<Record<SplitName, readonly number[]>>>;
  };
  readonly seed: number;
  readonly stages: readonly StageFacts[];
  readonly batchSize: number;
  /** Weight of each class in the loss; absent if all are 1. */
  readonly classWeights?: readonly number[];
  readonly labelSmoothing: number;
  readonly augmentation?: Augmentation;
  readonly batchNorm: BatchNormMode;
  /** Versions of tandem, tfjs, onnxruntime and node that made it. */
  readonly versions: Readonly<Record<string, string>>;
  readonly measured: readonly MeasuredSplit[];
  /** Absent if the temperature was not scaled. */
  readonly temperature?: TemperatureFacts;
  /** The most confident mistakes on the {@link mainSplit}, worst first. */
  readonly mistakes: readonly NamedMistake[];
  /** Names of the chart files beside the card. */
  readonly charts: Readonly<Partial<Record<'training' | 'confusion' | 'reliability' | 'mistakes', string>>>;
  /** The command that repeats the measurement. */
  readonly command: string;
}

/**
 * The command that repeats the measurement of a training: with `--seed` if the seed drew what is measured, and with
 * `--allow-leakage` if images lie in two splits.
 */
export function evaluateCommand(
  { name, splitBy, splitShares }: Pick<ModelCardFacts['data'], 'name' | 'splitBy' | 'splitShares'>,
  {
    seed,
    leakage,
    hasTest = true,
  }: {
    readonly seed: number;
    readonly leakage: boolean;
    /** @default true */
    readonly hasTest?: boolean;
  },
): string {
  // A set without a folder for val has one for test, which is measured.
  const isDrawn = splitBy === 'seed';
  return [
    `npx tandem evaluate FOLDER --data ${shellWord(name)}`,
    ...(hasTest ? [] : ['--split val']),
    ...(isDrawn ? [`--seed ${seed}`] : []),
    ...(!isDrawn || splitShares === undefined || sameShares(splitShares, DEFAULT_SHARES)
      ? []
      : [`--split-shares ${formatShares(splitShares)}`]),
    ...(leakage ? ['--allow-leakage'] : []),
  ].join(' ');
}

/**
 * The split that the card details: test if it was measured.
 *
 * @throws RangeError if no split was measured
 */
export function mainSplit({ measured }: Pick<ModelCardFacts, 'measured'>): MeasuredSplit {
  const main = measured.find(({ split }) => split === 'test') ?? measured[0];
  if (main === undefined)
    throw new RangeError('a model card needs a measured split, received none: evaluate val or test first');
  return main;
}

/** The facts of a base, without paths of this machine. */
export function baseFacts(base: Base): ModelCardFacts['base'] {
  if (base.kind === 'seed') return { kind: 'seed', origin: `seed ${base.seed}` };
  return { kind: base.kind, sha256: base.sha256, origin: basename(base.file) };
}
