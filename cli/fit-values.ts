/**
 * Reads the values that `tandem fit` is given.
 */
import { existsSync } from 'node:fs';

import { InvalidArgumentError } from 'commander';

import { shellWord } from '../files/shell-word';
import { parseMemoryBytes } from '../infra/quantity';
import { VARIANTS } from '../infra/variants';

/**
 * Reads the memory of a node in bytes.
 *
 * @throws InvalidArgumentError with examples of valid quantities
 */
export function nodeMemory(text: string): number {
  let bytes = 0;
  try {
    bytes = parseMemoryBytes(text);
  } catch {
    // The error below gives examples of valid quantities.
  }
  if (bytes > 0) return bytes;
  throw new InvalidArgumentError('It must be a quantity above 0, such as 8050000Ki, 4Gi or 4294967296.');
}

/** What `fit` places without `--file`. */
export const VARIANT_NAMES: readonly string[] = VARIANTS.map(({ name }) => name);

/** What else than a variant a word may mean: a model of the reference, files of manifests. */
function meaningOf(text: string): string {
  const ofModel = VARIANTS.filter(({ model }) => model === text).map(({ name }) => name);
  if (ofModel.length > 0) return `The variants of the model ${text} are ${ofModel.join(', ')}. `;
  return existsSync(text) ? `For the pods of manifests, write --file ${shellWord(text)}. ` : '';
}

/**
 * Reads the name of a variant.
 *
 * @throws InvalidArgumentError with the names, and what else the reader may want
 */
export function variantName(text: string): string {
  if (VARIANT_NAMES.includes(text)) return text;
  throw new InvalidArgumentError(
    `It must be one of ${VARIANT_NAMES.join(', ')}: fit places the pods of a variant and reads no images or models. ` +
      `${meaningOf(text)}A model of your own runs in the variants of its recipe: name one of them.`,
  );
}
