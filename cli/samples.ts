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

/** A JPEG to classify, as a path from here: the first sample, else the demo's. */
export function sampleImage(samplesDir: string): string {
  const folder = sampleNames(samplesDir).length > 0 ? samplesDir : DEMO_SAMPLES_DIR;
  return relative(process.cwd(), join(folder, sampleNames(folder)[0]!));
}
