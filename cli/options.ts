/**
 * Readers of the commands' options. Commander adds the option's name and value to what they throw.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { InvalidArgumentError, Option } from 'commander';

import { isModelName, MODEL_NAME_FORM, type ModelName } from '../models/catalog';
import { DEFAULT_SHARES, formatShares, parseShares, type SplitShares } from '../models/data/dataset-splits';
import { ENGINE_KINDS, type EngineKind, type Precision, PRECISIONS_OF } from '../models/engines/engine';
import { MANIFEST_NAME } from '../models/weights/saved-model';

/** Settings of the service that the commands use too. */
export interface Defaults {
  /** Threads of one inference. */
  readonly threads: number;
  /** Folder of saved models, each in a folder with the model's name. */
  readonly modelsDir: string;
  /** Folder of exported graphs. */
  readonly onnxCacheDir: string;
  /** @default 'onnxruntime' */
  readonly engine?: EngineKind;
  /** @default what the measurements of each model justify */
  readonly precision?: Precision | undefined;
}

const MAX_INT32 = 2 ** 31 - 1;
/** The number of cores of a large machine: a typing error must not start thousands of threads. */
export const MAX_THREADS = 256;

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

/** Reads the name of a model. */
export function modelName(text: string): ModelName {
  if (!isModelName(text)) throw new InvalidArgumentError(`It must be ${MODEL_NAME_FORM}.`);
  return text;
}
/** The option for the shares of the splits; the caller says when they count. */
export const splitSharesOption = (meaning: string) =>
  new Option(
    '--split-shares <train,val,test>',
    `${meaning}, which sum to 1 (default: ${formatShares(DEFAULT_SHARES)})`,
  ).argParser((text: string): SplitShares => {
    try {
      return parseShares(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new InvalidArgumentError(`${error.message}.`);
    }
  });

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

/** The engine where neither an option nor the environment names one. */
export const DEFAULT_ENGINE: EngineKind = 'onnxruntime';

/** The option that chooses the engine; the caller adds its default. */
export const engineOption = (meaning = 'engine to run the model with') =>
  new Option('--engine <kind>', meaning).choices(ENGINE_KINDS);

/** The option that chooses the precision of a graph; the caller adds its default. */
export const precisionOption = (meaning: string) =>
  new Option('--precision <precision>', meaning).choices(PRECISIONS_OF.onnxruntime);

/** Help text of an argument that {@link modelFolder} reads. */
export const MODEL_ARGUMENT =
  'folder of a saved model, or the name of a model in MODELS_DIR (unless set: the demo, with accuracy and latency)';

/** Whether a folder holds a saved model, by its manifest alone. */
export const isSavedModel = (folder: string): boolean => existsSync(join(folder, MANIFEST_NAME));

/**
 * The names of the saved models in MODELS_DIR.
 *
 * @throws RangeError if it holds none
 */
export function namesIn(modelsDir: string): string[] {
  const names = existsSync(modelsDir) ? readdirSync(modelsDir).sort() : [];
  const found = names.filter((name) => isModelName(name) && isSavedModel(join(modelsDir, name)));
  if (found.length === 0)
    throw new RangeError(
      `MODELS_DIR must hold saved models, received ${modelsDir}, which holds none: correct it, or name the folder of a saved model`,
    );
  return found;
}

/**
 * The folder of a saved model, given as such or by its name in MODELS_DIR.
 *
 * @throws RangeError naming the models there
 */
export function modelFolder(text: string, { modelsDir }: Pick<Defaults, 'modelsDir'>): string {
  if (isSavedModel(text)) return text;
  const names = namesIn(modelsDir);
  if (names.includes(text)) return join(modelsDir, text);
  throw new RangeError(
    `the model must be one of ${names.join(', ')}, or a folder with a ${MANIFEST_NAME}, received ${text}`,
  );
}

export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Prints a remark about the work to stderr: stdout is for results only. */
export const note = (sentence: string): void => console.error(sentence);
