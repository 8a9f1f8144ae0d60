/**
 * Trains a head on features, with the training of the first stage.
 */
import { buildHead } from '../architectures/classifier';
import { epochOrder } from '../data/input-pipeline';
import { type Recipe, RECIPES } from '../recipes';
import type { Batch, BatchSource } from '../training/activation-source';
import type { Fingerprint } from '../training/checkpoint';
import { trainClassifier } from '../training/train-classifier';
import type { Weights } from '../weights/weights';

/** A recipe without the input range, which features have behind them. */
export type HeadRecipe = Omit<Recipe, 'preprocessing'>;

/** How heads are trained: the head of the latency recipe, the same for every base. */
export const HEAD_RECIPE: HeadRecipe = {
  head: RECIPES.latency.head,
  fineTune: { ...RECIPES.latency.fineTune, epochs: 0, layersUnfrozen: 0 },
  batchSize: RECIPES.latency.batchSize,
};

/** Features with their classes. */
export interface LabelledFeatures {
  /** float32 [images, channels] */
  readonly features: Float32Array;
  readonly channels: number;
  /** Class index of each image. */
  readonly labels: readonly number[];
}

/** The features as batches of images of one pixel, shuffled by epoch as images are. */
function sourceOf(
  { features, channels, labels }: LabelledFeatures,
  { seed, batchSize }: { readonly seed: number; readonly batchSize: number },
): BatchSource {
  return {
    stepsPerEpoch: Math.ceil(labels.length / batchSize),
    async *epoch(epoch): AsyncGenerator<Batch> {
      const order = epochOrder(labels.length, seed, epoch);
      for (let start = 0; start < order.length; start += batchSize) {
        const indices = order.slice(start, start + batchSize);
        const images = new Float32Array(indices.length * channels);
        indices.forEach((index, row) =>
          images.set(features.subarray(index * channels, (index + 1) * channels), row * channels),
        );
        const classes = Int32Array.from(indices, (index) => labels[index]!);
        yield await Promise.resolve({ images, labels: classes, size: indices.length });
      }
    },
  };
}

/** Where a head is trained, and how. */
export interface HeadOptions {
  readonly classCount: number;
  readonly seed: number;
  /** Folder of the checkpoint, from which the training resumes. */
  readonly folder: string;
  readonly fingerprint: Fingerprint;
  /** @default HEAD_RECIPE */
  readonly recipe?: HeadRecipe;
  /** Called after each epoch. */
  readonly onEpoch?: (epoch: number) => void;
}

/**
 * Trains a head, or the rest of it after a checkpoint.
 *
 * @returns its kernel and bias by `layer/weight`
 * @throws RangeError if the loss becomes NaN, or the checkpoint has another fingerprint
 */
export async function trainHead(labelled: LabelledFeatures, options: HeadOptions): Promise<Weights> {
  const { classCount, seed, folder, fingerprint, recipe = HEAD_RECIPE, onEpoch } = options;
  const { batchSize } = recipe;
  const head = buildHead(labelled.channels, classCount);
  try {
    return await trainClassifier({
      classifier: head,
      // The features are computed: nothing rescales them.
      recipe: { ...recipe, preprocessing: 'zero-to-one' },
      batchNorm: 'inference',
      train: sourceOf(labelled, { seed, batchSize }),
      seed,
      threads: 1,
      folder,
      fingerprint,
      resume: true,
      keep: 'last',
      onEpoch: ({ epoch }) => onEpoch?.(epoch),
    });
  } finally {
    head.dispose();
  }
}
