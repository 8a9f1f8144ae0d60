/**
 * Packs saved models so that the copies stand alone.
 */
import { copyFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';

import { findBaseFile } from './base-weights';
import { copyTensors, MANIFEST_NAME, readSavedModel } from './saved-model';

/** Files beside a model that describe it, and what calibration for int8 left. */
const DESCRIPTIONS = ['model-card.md', 'evaluation.json', 'int8.json'];

/**
 * Copies a saved model together with its base, which may be in a cache or beside other models, so that the copy is
 * complete anywhere. The manifest stays the same byte for byte, and so does the model's checksum.
 *
 * @returns the folder of the copy, named after the model
 * @throws Error naming the file, what was found and the remedy, if a file is missing or damaged
 */
export async function packSavedModel(folder: string, out: string): Promise<string> {
  const saved = readSavedModel(folder);
  const { model, architecture, base } = saved;
  const target = join(out, model);
  copyTensors(saved, target);
  if (base.kind !== 'seed') {
    copyFileSync(await findBaseFile(base, architecture, folder), join(target, basename(base.file)));
  }
  for (const name of DESCRIPTIONS.filter((name) => existsSync(join(folder, name)))) {
    copyFileSync(join(folder, name), join(target, name));
  }
  copyFileSync(join(folder, MANIFEST_NAME), join(target, MANIFEST_NAME));
  return target;
}
