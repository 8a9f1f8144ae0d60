/**
 * Refuses saved models of one name where each needs a name of its own.
 */
import type { ModelName } from '../catalog';
import { readSavedModel } from './saved-model';

/**
 * The folders of saved models by the models' names.
 *
 * @param remedy what to do about two models of one name
 * @throws Error if a folder holds no model; RangeError naming both folders if two models have one name
 */
export function foldersByName(folders: readonly string[], remedy: string): ReadonlyMap<ModelName, string> {
  const byName = new Map<ModelName, string>();
  for (const folder of folders) {
    const { model } = readSavedModel(folder);
    const other = byName.get(model);
    if (other !== undefined) {
      throw new RangeError(
        `the models must have different names, received ${model} for both ${other} and ${folder}: ${remedy}`,
      );
    }
    byName.set(model, folder);
  }
  return byName;
}
