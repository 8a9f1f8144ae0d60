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
  /** Learning rate schedule within the stage. @default 'constant' */
  readonly schedule?: 'constant' | 'cosine';
}

/** First the head on a frozen backbone, then the last layers of the backbone too. */
export interface Recipe {
  readonly head: Stage;
  readonly fineTune: Stage & {
    /** Number of last backbone layers to un-freeze. */
    readonly layersUnfrozen: number;
  };
  /** Range that the model maps inputs in [0, 1] to. The reference trains on [0, 1]. */
  readonly preprocessing: Preprocessing;
  /** Images per step. The reference does not state it; this is Keras' default. */
  readonly batchSize: number;
  /** Share of each target to spread evenly over all classes. @default 0 */
  readonly labelSmoothing?: number;
}

/** The reference's recipes, the default of `train`. */
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
 * Recipes that measured better than the reference's: `latency` as a whole on photographs, of `accuracy` the head alone, on
 * the features of the demo's base. docs/training.md has the gains and their limits.
 *
 * `latency` differs in the input range (that of the ImageNet weights), in un-freezing the last three blocks instead of one
 * convolution, in a learning rate that decays to zero, in smoothed labels and in fewer epochs. `accuracy` differs in the
 * one change that could be measured without its ImageNet weights: the head's learning rate decays to zero.
 */
export const TUNED_RECIPES: Readonly<Record<ModelId, Recipe>> = {
  accuracy: {
    ...RECIPES.accuracy,
    head: { ...RECIPES.accuracy.head, schedule: 'cosine' },
  },
  latency: {
    head: { epochs: 10, learningRate: 0.001, schedule: 'cosine' },
    fineTune: { epochs: 30, learningRate: 0.0002, schedule: 'cosine', layersUnfrozen: 29 },
    preprocessing: 'minus-one-to-one',
    batchSize: 32,
    labelSmoothing: 0.1,
  },
};

/** Names of the tables above, for `train --recipe`. */
export const RECIPE_NAMES = ['reference', 'tuned'] as const;
export type RecipeName = (typeof RECIPE_NAMES)[number];

/** Arguments of Keras' `ImageDataGenerator`; `rescale` is in the catalog. */
export interface Augmentation {
  /** Largest rotation either way, degrees. */
  readonly rotationRangeDegrees: number;
  /** Zoom factors of height and width are drawn separately from [1 - zoomRange, 1 + zoomRange]. */
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

/** Which epoch's weights can be kept: the last one's, or those with the best validation accuracy. */
export const KEPT_EPOCHS = ['last', 'best'] as const;
export type KeptEpoch = (typeof KEPT_EPOCHS)[number];

/**
 * How un-frozen BatchNorm trains. `inference`: it normalises by its moving statistics, keeps them, and learns only scale
 * and offset, as Keras' guide to transfer learning advises. `batch`: it normalises by the batch and moves its statistics,
 * like a Keras model whose backbone was not called with `training=False`. In Keras 3, `fit` of a functional model does
 * this even with `training=False`; only a subclassed `call` prevents it.
 *
 * @see https://keras.io/guides/transfer_learning/
 * @see https://github.com/keras-team/keras/issues/20285
 */
export const BATCH_NORM_MODES = ['inference', 'batch'] as const;
/** One of {@link BATCH_NORM_MODES}. */
export type BatchNormMode = (typeof BATCH_NORM_MODES)[number];

/** Default seed of a training, and of an evaluation's splits if no training's seed is known. */
export const DEFAULT_SEED = 1;
