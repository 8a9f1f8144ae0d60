/**
 * A saved model as a tfjs classifier.
 */
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { fillFromBase } from './base-weights';
import { buildClassifier } from '../architectures/classifier';
import { decodeSafetensors } from './safetensors';
import { readChecksummed, readSavedModel } from './saved-model';
import { setWeights } from './weights';

/**
 * Builds the classifier with its weights: images float32 [b, 224, 224, 3] in [0, 1] to probabilities [b, classes].
 * Runs on the current tfjs backend. The caller disposes the model.
 */
export async function loadClassifier(folder: string): Promise<tf.LayersModel> {
  // Otherwise tfjs advises on stderr to install another backend, whichever one is in use.
  tf.enableProdMode();
  const saved = readSavedModel(folder);
  const { architecture, classes, preprocessing = 'zero-to-one' } = saved;
  const classifier = buildClassifier(architecture, classes.length, { preprocessing });
  await fillFromBase(classifier, saved);
  const source = join(folder, saved.weights.file);
  setWeights(classifier, decodeSafetensors(readChecksummed(folder, saved.weights), source).weights);
  return classifier;
}
