/**
 * Refuses models of one name where each needs a name of its own.
 */
import type { ModelName } from '../catalog';
import { readSavedModel } from './saved-model';

/** A saved model and the name to use for it. */
export interface NamedFolder {
  readonly name: ModelName;
  readonly folder: string;
}

/**
 * The folders by their models' names.
 *
 * @param remedy what to do about two models of one name
 * @throws RangeError naming both folders if two models have one name
 */
export function byName(models: readonly NamedFolder[], remedy: string): ReadonlyMap<ModelName, string> {
  const folders = new Map<ModelName, string>();
  for (const { name, folder } of models) {
    const other = folders.get(name);
    if (other !== undefined) {
      throw new RangeError(
        `the models must have different names, received ${name} for both ${other} and ${folder}: ${remedy}`,
      );
    }
    folders.set(name, folder);
  }
  return folders;
}

/**
 * The folders of saved models by the models' own names.
 *
 * @param remedy what to do about two models of one name
 * @throws Error if a folder holds no model; RangeError naming both folders if two models have one name
 */
export const foldersByName = (folders: readonly string[], remedy: string): ReadonlyMap<ModelName, string> =>
  byName(
    folders.map((folder) => ({ name: readSavedModel(folder).model, folder })),
    remedy,
  );
