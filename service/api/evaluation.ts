/**
 * Reads the accuracy that a training, the demo's evaluation or a calibration left beside a saved model.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { z } from 'zod';

import { DEFAULT_PRECISION, type Precision } from '../../models/engines/engine';
import { readInt8File } from '../../models/engines/onnxruntime/int8-file';
import { int8Accuracy } from '../../models/evaluation/int8-accuracy';
import { readSavedModel } from '../../models/weights/saved-model';
import { TEST_ACCURACY } from './schemas';

/** Test accuracy of a model. */
export type TestAccuracy = z.infer<typeof TEST_ACCURACY>;

const FILE = 'evaluation.json';

/** The figures as the demo's evaluation writes them, or per split as a training does. */
interface Evaluation {
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
  const file = join(modelDir, FILE);
  if (!existsSync(file)) return undefined;
  const facts = JSON.parse(readFileSync(file, 'utf8')) as Evaluation;
  const figures =
    facts.measured === undefined ? facts : facts.measured.find(({ split }) => split === 'test')?.evaluation;
  return figures && { images: figures.images, share: figures.accuracy, interval95: figures.interval95 };
}

/** The file's facts; undefined if it is not one of ours. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * The test accuracy of the saved model in a folder: at its precision if that was measured, else at fp32. Undefined if nobody
 * measured it or the files are not ours: the page then shows no accuracy, and the model still answers.
 *
 * @param precision that the model is served at
 */
export function testAccuracyOf(modelDir: string, precision: Precision): TestAccuracy | undefined {
  const at = (measuredAt: Precision, figures: object | undefined) =>
    TEST_ACCURACY.safeParse({ ...figures, precision: measuredAt }).data;
  const own =
    precision === 'int8'
      ? at(
          'int8',
          orUndefined(() => calibrated(modelDir)),
        )
      : undefined;
  return (
    own ??
    at(
      DEFAULT_PRECISION,
      orUndefined(() => evaluated(modelDir)),
    )
  );
}
