/**
 * Packs saved models so that the copies stand alone.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';

import { sha256 } from '../../files/sha256';
import { removeLeftovers } from '../../files/temporaries';
import { copyFileAtomic, makeFolder, writeFileAtomic } from '../../files/write';
import { writeFolderAtomic } from '../../files/write-folder';
import { REPORT_FILES } from '../report-files';
import { findBaseFile } from './base-weights';
import {
  type Base,
  copyTensors,
  INT8_NAME,
  MANIFEST_NAME,
  readSavedModel,
  type SavedModel,
} from './saved-model';

/** Names of the files of a packed model. */
const filesOf = ({ base, weights }: SavedModel): readonly string[] => [
  ...[MANIFEST_NAME, weights.file, INT8_NAME, ...Object.values(REPORT_FILES)],
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
 * complete anywhere, with the files that describe it. A path to the base that would tell folders of this machine becomes
 * the base's file name; else the manifest stays the same byte for byte, and so does the model's checksum. The copy is there
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
  removeLeftovers(out);
  await writeFolderAtomic(target, (copy) => copyFiles(saved, copy));
  return target;
}

async function copyFiles(saved: SavedModel, target: string): Promise<void> {
  const { architecture, base, folder } = saved;
  copyTensors(saved, target);
  if (base.kind !== 'seed') {
    copyFileAtomic(await findBaseFile(base, architecture, folder), join(target, basename(base.file)));
  }
  for (const name of Object.values(REPORT_FILES).filter((each) => existsSync(join(folder, each)))) {
    copyFileAtomic(join(folder, name), join(target, name));
  }
  const manifest = readFileSync(join(folder, MANIFEST_NAME), 'utf8');
  const packed = withoutPath(manifest, base);
  if (existsSync(join(folder, INT8_NAME))) {
    const int8 = readFileSync(join(folder, INT8_NAME), 'utf8');
    writeFileAtomic(join(target, INT8_NAME), int8.replaceAll(sha256(manifest), sha256(packed)));
  }
  writeFileAtomic(join(target, MANIFEST_NAME), packed);
}

/** A manifest whose base is named without the folders of this machine. */
function withoutPath(manifest: string, base: Base): string {
  if (base.kind === 'seed') return manifest;
  const folders = posix.dirname(base.file.replaceAll('\\', '/')).split('/');
  if (folders.every((name) => name === '.' || name === '..')) return manifest;
  const plain = { ...(JSON.parse(manifest) as object), base: { ...base, file: basename(base.file) } };
  return `${JSON.stringify(plain, null, 2)}\n`;
}
