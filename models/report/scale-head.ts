/**
 * Writes a temperature into a saved model, so that every engine and every export has it.
 */
import { join } from 'node:path';

import { HEAD_NAME } from '../architectures/classifier';
import { decodeSafetensors } from '../weights/safetensors';
import { readChecksummed, readSavedModel, writeSavedModel } from '../weights/saved-model';

/**
 * Divides the outputs of a saved model's head, before its softmax, by a temperature: kernel and bias are divided by it.
 *
 * @throws Error if a file of the model is missing or damaged
 */
export function scaleHead(folder: string, temperature: number): void {
  const saved = readSavedModel(folder);
  const file = join(folder, saved.weights.file);
  const { weights, metadata } = decodeSafetensors(readChecksummed(folder, saved.weights), file);
  for (const name of ['kernel', 'bias'].map((part) => `${HEAD_NAME}/${part}`)) {
    const { shape, values } = weights.get(name)!;
    weights.set(name, { shape, values: values.map((value) => value / temperature) });
  }
  writeSavedModel(folder, saved, weights, { ...metadata, temperature: String(temperature) });
}
