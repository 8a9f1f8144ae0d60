/**
 * Classifies image files; one that cannot be read or decoded does not stop the others.
 */
import { readFile } from 'node:fs/promises';

import { decodeImage, DecodeError } from '../data/decode';
import type { Engine } from '../engines/engine';
import { type ClassProbability, topClasses } from './top-classes';

/** What came of one file: its most probable classes, best first, or why there are none. */
export type FilePrediction =
  | { readonly file: string; readonly top: readonly ClassProbability[] }
  | { readonly file: string; readonly error: string };

export interface PredictOptions {
  /** How many classes to give; all where there are fewer. */
  readonly top: number;
  /** Largest width times height that is decoded. */
  readonly maxPixels: number;
}

/** What the system's codes mean to who named the file. */
const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file.',
  EISDIR: 'This is a folder; name the files in it.',
  EACCES: 'The file may not be read; change its permissions.',
};

/** A sentence about why a file gives no image; undefined where the error is no fault of the file. */
function fileError(error: unknown): string | undefined {
  if (error instanceof DecodeError) return error.message;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  return syscall === undefined ? undefined : (SYSTEM_ERRORS[code ?? ''] ?? message);
}

/**
 * Reads and decodes an image file.
 *
 * @returns float32 [224, 224, 3] in [0, 1], or a sentence about why not
 */
export async function readImage(file: string, maxPixels: number): Promise<Float32Array | string> {
  try {
    return await decodeImage(await readFile(file), maxPixels);
  } catch (error) {
    const sentence = fileError(error);
    if (sentence === undefined) throw error;
    return sentence;
  }
}

/**
 * Classifies image files one after another, in their order.
 *
 * @throws RangeError where `top` is no whole number from 1; what the engine throws, since no other file would fare
 *   better
 */
export async function* predictFiles(
  engine: Engine,
  files: Iterable<string>,
  { top, maxPixels }: PredictOptions,
): AsyncGenerator<FilePrediction> {
  if (!Number.isInteger(top) || top < 1)
    throw new RangeError(`top must be a whole number from 1, received ${top}`);
  for (const file of files) {
    const image = await readImage(file, maxPixels);
    yield typeof image === 'string'
      ? { file, error: image }
      : { file, top: topClasses(engine.classes, await engine.predict(image, 1), top) };
  }
}
