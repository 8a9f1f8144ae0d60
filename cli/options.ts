/**
 * Readers of the commands' options. Commander adds the option's name and value to what they throw.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { InvalidArgumentError, Option } from 'commander';

import { MODEL_IDS } from '../models/catalog';
import { ENGINE_KINDS, type EngineKind, PRECISIONS_OF } from '../models/engines/engine';
import { MANIFEST_NAME } from '../models/weights/saved-model';

/** Settings of the service that the commands use too. */
export interface Defaults {
  /** Threads of one inference. */
  readonly threads: number;
  /** Folder of saved models, each in a folder named by its model id. */
  readonly modelsDir: string;
  /** Folder of exported graphs. */
  readonly onnxCacheDir: string;
}

const MAX_INT32 = 2 ** 31 - 1;

/** Reads a number from `min` to `max`. */
export const numberFrom =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max))
      throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
    return value;
  };

/** Reads a whole number from `min` to `max`. */
export const wholeNumberFrom =
  (min: number, max = MAX_INT32) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    return value;
  };

/** Reads a whole number whose upper limit depends on other options. */
export const wholeNumberOfAtLeast =
  (min: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < min)
      throw new InvalidArgumentError(`It must be a whole number of at least ${min}.`);
    return value;
  };

/** Reads the path of a file or folder. Refuses an empty path, as from an unset variable: it would be the working directory. */
export function path(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must be a path.');
  return text;
}

/** The option that chooses the engine. */
export const engineOption = () =>
  new Option('--engine <kind>', 'engine to run the model with')
    .choices(ENGINE_KINDS)
    .default('onnxruntime' satisfies EngineKind);

/** The option that chooses the precision of a graph; the caller adds its default. */
export const precisionOption = (meaning: string) =>
  new Option('--precision <precision>', meaning).choices(PRECISIONS_OF.onnxruntime);

/** Help text of an argument that {@link modelFolder} reads. */
export const MODEL_ARGUMENT = `folder of a saved model, or a model id (${MODEL_IDS.join(', ')}) in MODELS_DIR (default: the demo)`;

/**
 * The folder of a saved model, given as such or as the id of a served model.
 *
 * @throws RangeError naming the ids
 */
export function modelFolder(text: string, { modelsDir }: Pick<Defaults, 'modelsDir'>): string {
  if (existsSync(join(text, MANIFEST_NAME))) return text;
  const id = MODEL_IDS.find((known) => known === text);
  if (id === undefined) {
    throw new RangeError(
      `the model must be one of ${MODEL_IDS.join(', ')}, or a folder with a ${MANIFEST_NAME}, received ${text}`,
    );
  }
  return join(modelsDir, id);
}

export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Prints a remark about the work to stderr: stdout is for results only. */
export const note = (sentence: string): void => console.error(sentence);
