/**
 * Copies of saved models that stand alone.
 */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import { writeFileAtomic } from '../../files/write';
import { findBaseFile } from './base-weights';
import { MANIFEST_NAME, readChecksummed, readSavedModel } from './saved-model';

/** What a folder may hold beside the model that tells people of it. */
const PAPERS = ['model-card.md', 'evaluation.json'];

/**
 * Refuses models whose copies would lie in one folder, since it is named by their id.
 *
 * @throws RangeError naming both
 */
export function checkDistinct(folders: readonly string[]): void {
  const byId = new Map<string, string>();
  for (const folder of folders) {
    const { model } = readSavedModel(folder);
    const other = byId.get(model);
    if (other !== undefined) {
      throw new RangeError(
        `the models must have an id each, received ${model} of both ${other} and ${folder}: pack them one by one, each with an --out of its own`,
      );
    }
    byId.set(model, folder);
  }
}

/**
 * Copies a saved model with the base that it starts from, which may lie in a cache or beside other models, so that the
 * copy is whole wherever it goes. The manifest stays the same, byte for byte, and with it the model's checksum.
 *
 * @returns the folder of the copy, named after the model
 * @throws Error naming the file, what was found and the remedy, where one is missing or damaged
 */
export async function packSavedModel(folder: string, out: string): Promise<string> {
  const { model, architecture, base, weights } = readSavedModel(folder);
  const target = join(out, model);
  mkdirSync(target, { recursive: true });
  writeFileAtomic(join(target, weights.file), readChecksummed(folder, weights));
  if (base.kind !== 'seed') {
    copyFileSync(await findBaseFile(base, architecture, folder), join(target, basename(base.file)));
  }
  for (const paper of PAPERS.filter((name) => existsSync(join(folder, name)))) {
    copyFileSync(join(folder, paper), join(target, paper));
  }
  copyFileSync(join(folder, MANIFEST_NAME), join(target, MANIFEST_NAME));
  return target;
}
