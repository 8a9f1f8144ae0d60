/**
 * Sample images for the models that a command serves.
 */
import { dirname, join, relative } from 'node:path';

import { DEMO_MODELS_DIR, readSavedModel } from '../models/weights/saved-model';
import { sampleNames } from '../service/api/sample-names';

const DEMO_SAMPLES_DIR = join(DEMO_MODELS_DIR, 'samples');

/**
 * The folder of the page's samples: beside the served models, else the demo's if one is a demo model. To other models the
 * demo's surfaces mean nothing, so the folder may be one that is missing.
 */
export function samplesDirOf(folders: readonly string[]): string {
  const beside = folders.map((folder) => join(dirname(folder), 'samples'));
  const isDemo = folders.some((folder) => readSavedModel(folder).demo);
  return beside.find((each) => sampleNames(each).length > 0) ?? (isDemo ? DEMO_SAMPLES_DIR : beside[0]!);
}

/** What stands for a file of the reader's. */
const ANY_IMAGE = 'YOUR.jpg';

/** A JPEG to classify, as a path from here: the first sample; a placeholder if there is none. */
export function sampleImage(samplesDir: string): string {
  const [first] = sampleNames(samplesDir);
  return first === undefined ? ANY_IMAGE : relative(process.cwd(), join(samplesDir, first));
}
