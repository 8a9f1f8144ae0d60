/**
 * Makes a saved model from one of Keras' published classifiers: the published file is its base, and the head is stored.
 */
import { basename, join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { buildClassifier, HEAD_NAME } from '../architectures/classifier';
import { makeFolder } from '../../files/write';
import type { ImagenetClassifier } from './imagenet-classifiers';
import { type ImagenetFile, weightsCacheDir } from './imagenet-weights';
import { readKerasWeights } from './keras-h5';
import { expectedLayers } from './keras-weight-layouts';
import { obtain, type ObtainOptions, publishedName } from './obtain';
import { readSavedModel, type SavedModel, writeSavedModel } from './saved-model';

/** Where the files come from and where they go. */
export interface PullOptions extends ObtainOptions {
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[];
  /** Folder of the saved model, which is created. */
  readonly folder: string;
  /** Called with the weight file once it is in the cache. */
  readonly onFile?: (found: ImagenetFile) => void;
}

/**
 * Downloads a classifier's weights to the cache unless they are there, reads every layer, and writes the saved model. Its
 * inputs are rescaled to [-1, 1], the range that Keras' weights were trained on. Repeating it writes the same bytes.
 *
 * @throws Error naming the URL or file, the fault and the remedy; RangeError naming the layer if the file holds another
 *   architecture
 */
export async function pullClassifier(
  { model, architecture, weights: published }: ImagenetClassifier,
  { classes, folder, onFile, ...options }: PullOptions,
): Promise<SavedModel> {
  const file = join(weightsCacheDir(), publishedName(published));
  const found = { file, ...(await obtain(published, file, options)) };
  onFile?.(found);
  // Otherwise tfjs prints a greeting to stderr.
  tf.enableProdMode();
  const preprocessing = 'minus-one-to-one';
  const classifier = buildClassifier(architecture, classes.length, { preprocessing });
  const layers = expectedLayers(classifier);
  classifier.dispose();
  const weights = await readKerasWeights(file, layers);
  const head = new Map([...weights].filter(([name]) => name.startsWith(`${HEAD_NAME}/`)));
  const { bytes, sha256 } = found;
  makeFolder(folder);
  writeSavedModel(
    folder,
    {
      model,
      architecture,
      preprocessing,
      classes,
      demo: false,
      base: { kind: 'imagenet', file: basename(file), bytes, sha256 },
    },
    head,
    { source: published.url },
  );
  return readSavedModel(folder);
}
