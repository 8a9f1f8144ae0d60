/**
 * Reads the accuracy that a training, the demo's evaluation or a calibration left beside a saved model.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { z } from 'zod';

import { DEFAULT_PRECISION, type Precision } from '../../models/engines/engine';
import { calibrationName, readInt8File, requireInt8 } from '../../models/engines/onnxruntime/int8-file';
import { int8Accuracy } from '../../models/evaluation/int8-accuracy';
import { REPORT_FILES } from '../../models/report-files';
import { readSavedModel, savedModelSha256 } from '../../models/weights/saved-model';
import type { LoadedModel } from '../inference/protocol';
import { TEST_ACCURACY } from './schemas';

/** Test accuracy of a model. */
export type TestAccuracy = z.infer<typeof TEST_ACCURACY>;

/** The figures as the demo's evaluation writes them, or per split as a training does. */
interface Evaluation {
  /** Of the weights that were measured; earlier figures lack it. */
  readonly weightsSha256?: string;
  readonly images?: number;
  readonly accuracy?: number;
  readonly interval95?: readonly number[];
  readonly measured?: readonly { readonly split: string; readonly evaluation: Evaluation }[];
}

function calibrated(modelDir: string) {
  const cost = readInt8File(readSavedModel(modelDir))?.cost;
  return cost && int8Accuracy(cost);
}

function evaluated(modelDir: string) {
  const facts = JSON.parse(readFileSync(join(modelDir, REPORT_FILES.figures), 'utf8')) as Evaluation;
  const { weightsSha256 } = facts;
  // A training that was stopped before its report leaves the figures of the weights that it replaced.
  if (weightsSha256 !== undefined && weightsSha256 !== readSavedModel(modelDir).weights.sha256)
    return undefined;
  const figures =
    facts.measured === undefined ? facts : facts.measured.find(({ split }) => split === 'test')?.evaluation;
  return figures && { images: figures.images, share: figures.accuracy, interval95: figures.interval95 };
}

/** Whether the machine could not read a file that may be in order: too many open files, a disk that does not answer. */
const isUnread = ({ syscall, code }: NodeJS.ErrnoException) => syscall !== undefined && code !== 'ENOENT';

/**
 * The file's facts; undefined if it is missing or not one of ours.
 *
 * @throws Error of the system if the file could not be read
 */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isUnread(error as NodeJS.ErrnoException)) throw error;
    return undefined;
  }
}

/** @throws Error of the system if a file could not be read */
function readAccuracy(modelDir: string, precision: Precision): TestAccuracy | undefined {
  const at = (measuredAt: Precision, read: () => object | undefined) =>
    TEST_ACCURACY.safeParse({ ...orUndefined(read), precision: measuredAt }).data;
  const own = precision === 'int8' ? at('int8', () => calibrated(modelDir)) : undefined;
  return own ?? at(DEFAULT_PRECISION, () => evaluated(modelDir));
}

/**
 * The test accuracy of the saved model in a folder: at its precision if that was measured, else at fp32. Undefined if nobody
 * measured it, or the files are not ours or cannot be read: the page then shows no accuracy, and the model still answers.
 *
 * @param precision that the model is served at
 */
export function testAccuracyOf(modelDir: string, precision: Precision): TestAccuracy | undefined {
  try {
    return readAccuracy(modelDir, precision);
  } catch {
    return undefined;
  }
}

/** What decides which files a loaded model's accuracy may come from. */
type Loaded = Pick<LoadedModel, 'sha256' | 'precision' | 'files'>;

/** Whether a folder still holds the weights of a loaded model and, at int8, the calibration that it runs with. */
function isUnchanged(modelDir: string, { sha256, precision, files }: Loaded): boolean {
  const saved = readSavedModel(modelDir);
  if (savedModelSha256(saved) !== sha256) return false;
  if (precision !== 'int8') return true;
  const name = calibrationName(requireInt8(saved));
  return files.some(({ file }) => basename(file).includes(name));
}

/**
 * Tells the accuracies of loaded models. It reads the files once per load, because reading them blocks the event loop; if
 * they were replaced since the load, they are about other weights, and the model has no accuracy. Files that could not be
 * read are read again when somebody asks again.
 */
export function createAccuracies(): (modelDir: string, loaded: Loaded) => TestAccuracy | undefined {
  const known = new WeakMap<Loaded, { readonly accuracy: TestAccuracy | undefined }>();
  const read = (modelDir: string, loaded: Loaded) =>
    isUnchanged(modelDir, loaded) ? readAccuracy(modelDir, loaded.precision) : undefined;
  return (modelDir, loaded) => {
    const before = known.get(loaded);
    if (before !== undefined) return before.accuracy;
    try {
      const accuracy = orUndefined(() => read(modelDir, loaded));
      known.set(loaded, { accuracy });
      return accuracy;
    } catch {
      return undefined;
    }
  };
}
