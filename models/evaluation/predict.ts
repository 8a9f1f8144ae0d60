/**
 * Classifies image files. A file that cannot be read or decoded yields an error; the others are still classified.
 */
import { readFile } from 'node:fs/promises';

import { DecodeError } from '../data/decode';
import { decodeFileImage } from '../data/decode-file';
import type { Engine } from '../engines/engine';
import { type ClassProbability, topClasses } from './top-classes';

/** The result for one file: its most probable classes, best first, or why it could not be classified. */
export type FilePrediction =
  | { readonly file: string; readonly top: readonly ClassProbability[] }
  | { readonly file: string; readonly error: string };

/** How files are read and classified. */
export interface PredictOptions {
  /** Number of classes to return per file; all if there are fewer. */
  readonly top: number;
  /** Largest width times height that is decoded. */
  readonly maxPixels: number;
}

/** Sentences for the errors of reading that a wrong path causes. */
const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file.',
  EISDIR: 'This is a folder; name the files in it.',
  EACCES: 'Permission to read the file is denied; change its permissions.',
  ERR_FS_FILE_TOO_LARGE: 'The file has 2 GiB or more; choose a smaller image.',
};

/** Why a file could not be read or decoded, in a sentence; undefined for an error that is not the file's. */
function fileError(error: unknown): string | undefined {
  if (error instanceof DecodeError) return error.message;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  return SYSTEM_ERRORS[code ?? ''] ?? (syscall === undefined ? undefined : message);
}

/**
 * Reads and decodes an image file.
 *
 * @returns float32 [224, 224, 3] in [0, 1], or a sentence that says why the file has no image
 */
export async function readImage(file: string, maxPixels: number): Promise<Float32Array | string> {
  try {
    return await decodeFileImage(await readFile(file), maxPixels);
  } catch (error) {
    const sentence = fileError(error);
    if (sentence === undefined) throw error;
    return sentence;
  }
}

/**
 * Classifies image files one after another, in order.
 *
 * @throws RangeError if `top` is not a whole number of at least 1; the engine's errors, which every file would meet
 */
export async function* predictFiles(
  engine: Engine,
  files: Iterable<string>,
  { top, maxPixels }: PredictOptions,
): AsyncGenerator<FilePrediction> {
  if (!Number.isInteger(top) || top < 1)
    throw new RangeError(`top must be a whole number of at least 1, received ${top}`);
  for (const file of files) {
    const image = await readImage(file, maxPixels);
    yield typeof image === 'string'
      ? { file, error: image }
      : { file, top: topClasses(engine.classes, await engine.predict(image, 1), top) };
  }
}
