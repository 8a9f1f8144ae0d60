/**
 * The two-stage recipe of each model and the augmentation both share. Pure data.
 *
 * @see docs/reference.md#models
 */
import type { ModelId, Preprocessing } from './catalog';

/** One stage of training; the optimizer is Adam. */
export interface Stage {
  readonly epochs: number;
  readonly learningRate: number;
  /** How the rate goes on within the stage. @default 'constant' */
  readonly schedule?: 'constant' | 'cosine';
}

/** Head first, on a frozen backbone; then the backbone's last layers too. */
export interface Recipe {
  readonly head: Stage;
  readonly fineTune: Stage & {
    /** How many of the backbone's last layers are un-frozen. */
    readonly layersUnfrozen: number;
  };
  /** What the model makes of inputs in [0, 1]; the reference trains on these as they are. */
  readonly preprocessing: Preprocessing;
  /** Images a step. The reference does not state it; this is Keras' default. */
  readonly batchSize: number;
  /** Share of each target that is spread evenly over the classes. @default 0 */
  readonly labelSmoothing?: number;
}

/** The reference's recipes: what `train` follows unless told otherwise. */
export const RECIPES: Readonly<Record<ModelId, Recipe>> = {
  accuracy: {
    head: { epochs: 39, learningRate: 0.01 },
    fineTune: { epochs: 50, learningRate: 0.0005, layersUnfrozen: 8 },
    preprocessing: 'zero-to-one',
    batchSize: 32,
  },
  latency: {
    head: { epochs: 30, learningRate: 0.001 },
    fineTune: { epochs: 100, learningRate: 0.0005, layersUnfrozen: 5 },
    preprocessing: 'zero-to-one',
    batchSize: 32,
  },
};

/**
 * Recipes that did better on photographs than the reference's, where that was measured: docs/training.md has the gain.
 * Inputs in the range that ImageNet's weights were made on; the last three blocks and not one convolution, at a rate that
 * falls to nothing; smoothed labels; fewer epochs.
 */
export const TUNED_RECIPES: Readonly<Partial<Record<ModelId, Recipe>>> = {
  latency: {
    head: { epochs: 10, learningRate: 0.001, schedule: 'cosine' },
    fineTune: { epochs: 30, learningRate: 0.0002, schedule: 'cosine', layersUnfrozen: 29 },
    preprocessing: 'minus-one-to-one',
    batchSize: 32,
    labelSmoothing: 0.1,
  },
};

/** Names of the tables above, as `train --recipe` takes them. */
export const RECIPE_NAMES = ['reference', 'tuned'] as const;
export type RecipeName = (typeof RECIPE_NAMES)[number];

/** Arguments of Keras' `ImageDataGenerator`; `rescale` is the catalog's. */
export interface Augmentation {
  /** Largest rotation either way, degrees. */
  readonly rotationRangeDegrees: number;
  /** Zoom factors are drawn from [1 - zoomRange, 1 + zoomRange], for height and width apart. */
  readonly zoomRange: number;
  /** Largest shift either way, as a share of the width or height. */
  readonly widthShiftRange: number;
  readonly heightShiftRange: number;
  /** Largest shear either way, degrees. */
  readonly shearRangeDegrees: number;
  readonly horizontalFlip: boolean;
  readonly verticalFlip: boolean;
  readonly fillMode: 'nearest';
  readonly brightnessRange: readonly [number, number];
  /** Largest shift of an image's values either way, grey levels. */
  readonly channelShiftRange: number;
}

/** The reference's augmentation, the same for both models. */
export const AUGMENTATION: Augmentation = {
  rotationRangeDegrees: 10,
  zoomRange: 0.1,
  widthShiftRange: 0.1,
  heightShiftRange: 0.1,
  shearRangeDegrees: 0.1,
  horizontalFlip: true,
  verticalFlip: true,
  fillMode: 'nearest',
  brightnessRange: [0.8, 1.2],
  channelShiftRange: 20,
};

/** The recipe's stages, in their order. */
export const STAGES = ['head', 'fineTune'] as const;
/** A stage of the recipe; histories and checkpoints carry it. */
export type StageName = (typeof STAGES)[number];

/** The stages' names in text. */
export const STAGE_TITLES: Readonly<Record<StageName, string>> = { head: 'head', fineTune: 'fine-tuning' };

/**
 * What un-frozen BatchNorm does in training. `inference`: it normalises by its moving statistics, which stay, and learns
 * scale and offset alone, as Keras' guide to transfer learning advises. `batch`: it normalises by the batch and moves
 * its statistics, as a Keras model does whose backbone was not called with `training=False`. In Keras 3 a functional
 * model does so in `fit` even if it was; only a `call` of one's own holds it.
 *
 * @see https://keras.io/guides/transfer_learning/
 * @see https://github.com/keras-team/keras/issues/20285
 */
export const BATCH_NORM_MODES = ['inference', 'batch'] as const;
/** One of {@link BATCH_NORM_MODES}. */
export type BatchNormMode = (typeof BATCH_NORM_MODES)[number];

/** Seed of a training where none is given, and of an evaluation's splits where no training's seed is known. */
export const DEFAULT_SEED = 1;
