/**
 * Packs saved models so that the copies stand alone.
 */
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import { makeFolder, MAX_WRITE_MS, removeTemporaries } from '../../files/write';
import { writeFolderAtomic } from '../../files/write-folder';
import { findBaseFile } from './base-weights';
import { copyTensors, MANIFEST_NAME, readSavedModel, type SavedModel } from './saved-model';

/** Files beside a model that describe it, and what calibration for int8 left. */
const DESCRIPTIONS = ['model-card.md', 'evaluation.json', 'int8.json'];

/**
 * Refuses models with the same id, since their copies would share a folder.
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
        `the models must have different ids, received ${model} for both ${other} and ${folder}: pack each with its own --out`,
      );
    }
    byId.set(model, folder);
  }
}

/** Names of the files of a packed model. */
const filesOf = ({ base, weights }: SavedModel): readonly string[] => [
  ...[MANIFEST_NAME, weights.file, ...DESCRIPTIONS],
  ...(base.kind === 'seed' ? [] : [basename(base.file)]),
];

/** Refuses a folder with anything else than a packed model, since the copy takes its place. */
function checkReplaceable(target: string): void {
  if (!existsSync(target)) return;
  const known = existsSync(join(target, MANIFEST_NAME)) ? filesOf(readSavedModel(target)) : [];
  const other = readdirSync(target).find((name) => !known.includes(name));
  if (other === undefined) return;
  throw new Error(
    `${target} must be missing or hold a packed model only, received ${other} in it: choose another --out, or move what is there`,
  );
}

/**
 * Copies a saved model together with its base, which may be in a cache or beside other models, so that the copy is
 * complete anywhere. The manifest stays the same byte for byte, and so does the model's checksum. The copy is there
 * completely or not at all; it takes the place of an earlier one.
 *
 * @returns the folder of the copy, named after the model
 * @throws Error naming the file, what was found and the remedy, if a file is missing or damaged, or if there is something
 *   else in the place of the copy
 */
export async function packSavedModel(folder: string, out: string): Promise<string> {
  const saved = readSavedModel(folder);
  const target = join(out, saved.model);
  checkReplaceable(target);
  makeFolder(out);
  removeTemporaries(out, MAX_WRITE_MS);
  await writeFolderAtomic(target, (copy) => copyFiles(saved, copy));
  return target;
}

async function copyFiles(saved: SavedModel, target: string): Promise<void> {
  const { architecture, base, folder } = saved;
  copyTensors(saved, target);
  if (base.kind !== 'seed') {
    copyFileSync(await findBaseFile(base, architecture, folder), join(target, basename(base.file)));
  }
  for (const name of DESCRIPTIONS.filter((name) => existsSync(join(folder, name)))) {
    copyFileSync(join(folder, name), join(target, name));
  }
  copyFileSync(join(folder, MANIFEST_NAME), join(target, MANIFEST_NAME));
}
