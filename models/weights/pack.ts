/**
 * Packs saved models so that the copies stand alone.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';

import { sha256 } from '../../files/sha256';
import { copyFileAtomic, writeFileAtomic } from '../../files/write';
import { REPORT_FILES } from '../report-files';
import { findBaseFile } from './base-weights';
import { type Base, copyTensors, MANIFEST_NAME, readSavedModel } from './saved-model';

/** What calibration for int8 left beside a model; it names the model by the checksum of its manifest. */
const INT8_NAME = 'int8.json';

/**
 * Copies a saved model together with its base, which may be in a cache or beside other models, so that the copy is
 * complete anywhere, with the files that describe it. A path to the base that would tell folders of this machine becomes
 * the base's file name; else the manifest stays the same byte for byte, and so does the model's checksum.
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
  return target;
}

/** A manifest whose base is named without the folders of this machine. */
function withoutPath(manifest: string, base: Base): string {
  if (base.kind === 'seed') return manifest;
  const folders = posix.dirname(base.file.replaceAll('\\', '/')).split('/');
  if (folders.every((name) => name === '.' || name === '..')) return manifest;
  const plain = { ...(JSON.parse(manifest) as object), base: { ...base, file: basename(base.file) } };
  return `${JSON.stringify(plain, null, 2)}\n`;
}
