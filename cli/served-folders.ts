/**
 * The folders of saved models that `tandem serve` is given, each under its model's own name or under another.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { isModelName, MODEL_NAME_FORM, type ModelName } from '../models/catalog';
import { byName, type NamedFolder } from '../models/weights/distinct-names';
import { readSavedModel } from '../models/weights/saved-model';

const RENAMED = /^([^=/]+)=(.+)$/;

/** Reads `FOLDER` or `NAME=FOLDER`. A folder that exists is a folder, whatever its name. */
function readFolder(text: string): NamedFolder {
  const [, name, renamed] = existsSync(text) ? [] : (RENAMED.exec(text) ?? []);
  if (name !== undefined && !isModelName(name))
    throw new RangeError(`the name before = must be ${MODEL_NAME_FORM}, received ${text}`);
  const folder = resolve(renamed ?? text);
  const { model } = readSavedModel(folder);
  return { name: name ?? model, folder };
}

/**
 * The absolute folders by the names to serve their models under.
 *
 * @throws Error if a folder holds no model; RangeError if a name is not valid or two models have one name
 */
export const servedFolders = (texts: readonly string[]): ReadonlyMap<ModelName, string> =>
  byName(texts.map(readFolder), 'serve one of them under another name, as NAME=FOLDER');
