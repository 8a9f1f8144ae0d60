/**
 * Reads the test accuracy that a training or the demo's evaluation left beside a saved model.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { z } from 'zod';

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

/**
 * The test accuracy of the saved model in a folder. Undefined if nobody measured it or the file is not one of ours: the
 * page then shows no accuracy, and the model still answers.
 */
export function testAccuracyOf(modelDir: string): TestAccuracy | undefined {
  const file = join(modelDir, FILE);
  if (!existsSync(file)) return undefined;
  try {
    const facts = JSON.parse(readFileSync(file, 'utf8')) as Evaluation;
    const figures =
      facts.measured === undefined ? facts : facts.measured.find(({ split }) => split === 'test')?.evaluation;
    const { images, accuracy: share, interval95 } = figures ?? {};
    return TEST_ACCURACY.safeParse({ images, share, interval95 }).data;
  } catch {
    return undefined;
  }
}
