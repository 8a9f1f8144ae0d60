/**
 * Saved models: a folder with `model.json` and the tensors that differ from the model's base.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

import {
  ARCHITECTURE_IDS,
  type ArchitectureId,
  isModelName,
  MODEL_NAME_FORM,
  type ModelName,
  type Preprocessing,
  PREPROCESSING_IDS,
} from '../catalog';
import { storedDType } from './demo-base';
import { makeFolder, writeFileAtomic } from '../../files/write';
import { PACKAGE_ROOT } from '../../files/package-root';
import { checksumOfFile, sha256 } from '../../files/sha256';
import { decodeSafetensors, encodeSafetensors } from './safetensors';
import type { Weights } from './weights';

/** Name of the manifest in a saved model's folder. */
export const MANIFEST_NAME = 'model.json';
/** What calibration for int8 left beside the manifest; it names the model by the checksum of the manifest. */
export const INT8_NAME = 'int8.json';

/** A file and the checksum of its bytes. */
export interface ChecksummedFile {
  /** Path relative to the manifest's folder, unless stated otherwise. */
  readonly file: string;
  /** SHA-256, lower-case hexadecimal. */
  readonly sha256: string;
}

/** The base weights, some of which the saved tensors replace. */
export type Base =
  | { readonly kind: 'seed'; readonly seed: number }
  | ({ readonly kind: 'demo' } & ChecksummedFile)
  /** Keras' published weights; `file` is its name in the cache of weights. */
  | ({ readonly kind: 'imagenet'; readonly bytes: number } & ChecksummedFile)
  /** The user's Keras weight file; `file` is its path as given. */
  | ({ readonly kind: 'file' } & ChecksummedFile);

const BASE_KINDS: readonly Base['kind'][] = ['seed', 'demo', 'imagenet', 'file'];

/** Contents of `model.json`. */
export interface SavedModelManifest {
  readonly format: 'tandem-saved-model';
  readonly formatVersion: 1;
  readonly model: ModelName;
  readonly architecture: ArchitectureId;
  /** Range that the model's first layer maps [0, 1] to. Older models lack it: 'zero-to-one'. */
  readonly preprocessing?: Preprocessing;
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[];
  /** True for the demo models, which know procedural surfaces only; not for a model that was trained on their base. */
  readonly demo: boolean;
  readonly base: Base;
  readonly weights: ChecksummedFile;
}

/** A saved model's manifest and its folder. */
export interface SavedModel extends SavedModelManifest {
  readonly folder: string;
}

function requireField(valid: boolean, file: string, field: string, expected: string, value: unknown): void {
  if (!valid) throw new TypeError(`${file}: ${field} must be ${expected}, received ${JSON.stringify(value)}`);
}

/** Whether a field names a file in the manifest's own folder, or in another known one. */
const isFileName = (file: unknown): boolean =>
  typeof file === 'string' && !['', '.', '..'].includes(file) && basename(file) === file;

function requireSum(file: string, field: string, sum: unknown): void {
  const isSum = typeof sum === 'string' && /^[0-9a-f]{64}$/.test(sum);
  requireField(isSum, file, field, '64 lower-case hexadecimal digits', sum);
}

/** Refuses a base whose fields do not fit its kind. */
function checkBase(base: Base | undefined, manifest: string): void {
  const kinds = `one of ${BASE_KINDS.join(', ')}`;
  requireField(BASE_KINDS.includes(base?.kind as Base['kind']), manifest, 'base.kind', kinds, base);
  if (base!.kind === 'seed') {
    requireField(Number.isInteger(base!.seed), manifest, 'base.seed', 'a whole number', base!.seed);
    return;
  }
  const { kind, file, sha256: sum } = base!;
  const isFile = kind === 'imagenet' ? isFileName(file) : typeof file === 'string' && file !== '';
  requireField(isFile, manifest, 'base.file', kind === 'imagenet' ? 'a file name' : 'a path', file);
  requireSum(manifest, 'base.sha256', sum);
}

function readManifest(file: string): Partial<SavedModelManifest> {
  try {
    // A manifest of `null` lacks every field, as one of `{}` does.
    return (JSON.parse(readFileSync(file, 'utf8')) ?? {}) as Partial<SavedModelManifest>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Error(`${file} is not there: name a folder that \`tandem train\` wrote`, { cause: error });
    }
    if (error instanceof SyntaxError) {
      throw new TypeError(`${file} must be JSON: it is damaged; copy it again (${error.message})`, {
        cause: error,
      });
    }
    throw error;
  }
}

/**
 * Reads a saved model's manifest.
 *
 * @throws Error if it is missing; TypeError naming the field, what it must be and what it is
 */
export function readSavedModel(folder: string): SavedModel {
  const file = join(folder, MANIFEST_NAME);
  const manifest = readManifest(file);
  const { format, formatVersion, model, architecture, preprocessing, classes, demo, base, weights } =
    manifest;
  requireField(format === 'tandem-saved-model', file, 'format', '"tandem-saved-model"', format);
  requireField(formatVersion === 1, file, 'formatVersion', '1', formatVersion);
  requireField(isModelName(model), file, 'model', MODEL_NAME_FORM, model);
  const architectures = `one of ${ARCHITECTURE_IDS.join(', ')}`;
  requireField(ARCHITECTURE_IDS.includes(architecture!), file, 'architecture', architectures, architecture);
  const known = preprocessing === undefined || PREPROCESSING_IDS.includes(preprocessing);
  requireField(known, file, 'preprocessing', `one of ${PREPROCESSING_IDS.join(', ')}`, preprocessing);
  const named =
    Array.isArray(classes) &&
    classes.every((name) => typeof name === 'string') &&
    classes.length >= 2 &&
    new Set(classes).size === classes.length;
  requireField(named, file, 'classes', 'a list of at least two different names', classes);
  requireField(typeof demo === 'boolean', file, 'demo', 'true or false', demo);
  checkBase(base, file);
  requireField(isFileName(weights?.file), file, 'weights.file', 'a file name', weights?.file);
  requireSum(file, 'weights.sha256', weights?.sha256);
  return { ...(manifest as SavedModelManifest), folder };
}

function refuseUnless(expected: string, actual: string, path: string): void {
  if (actual === expected) return;
  throw new Error(
    `${path} must have SHA-256 ${expected}, received ${actual}: the file is damaged; copy it again`,
  );
}

/** @throws Error naming a file that a manifest names, if it is missing */
function pathOfNamed(folder: string, { file }: ChecksummedFile): string {
  const path = join(folder, file);
  if (existsSync(path)) return path;
  throw new Error(
    `${path} is not there, and ${join(folder, MANIFEST_NAME)} names it: copy the whole folder again`,
  );
}

/**
 * Checks a file that a manifest names without keeping it in memory.
 *
 * @throws Error as {@link readChecksummed} does
 */
export function verifyChecksummed(folder: string, named: ChecksummedFile): void {
  const path = pathOfNamed(folder, named);
  refuseUnless(named.sha256, checksumOfFile(path), path);
}

/**
 * Reads a file that a manifest names.
 *
 * @throws Error naming the file if it is missing, with both checksums if its bytes changed
 */
export function readChecksummed(folder: string, named: ChecksummedFile): Buffer {
  const path = pathOfNamed(folder, named);
  const bytes = readFileSync(path);
  refuseUnless(named.sha256, sha256(bytes), path);
  return bytes;
}

/** Describes a file for a manifest in `folder`. */
export function checksummed(folder: string, file: string): ChecksummedFile {
  return { file, sha256: sha256(readFileSync(join(folder, file))) };
}

/** Name of the tensor file in the folder of a saved model. */
const WEIGHTS_FILE = 'weights.safetensors';

const writeManifest = (folder: string, manifest: SavedModelManifest): void =>
  writeFileAtomic(join(folder, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`);

/**
 * Writes a saved model: the tensors that differ from its base, then the manifest. Tensors are in single precision, except
 * for a demo's kernels, which have 8 bits like those of its base.
 *
 * @param metadata free-form metadata of the tensor file
 */
export function writeSavedModel(
  folder: string,
  fields: Pick<SavedModelManifest, 'model' | 'architecture' | 'preprocessing' | 'classes' | 'demo' | 'base'>,
  weights: Weights,
  metadata: Readonly<Record<string, string>>,
): void {
  const tensors = encodeSafetensors(weights, fields.demo ? storedDType : () => 'F32', metadata);
  writeFileAtomic(join(folder, WEIGHTS_FILE), tensors);
  const { model, architecture, preprocessing, classes, demo, base } = fields;
  const manifest: SavedModelManifest = {
    format: 'tandem-saved-model',
    formatVersion: 1,
    ...{
      model,
      architecture,
      ...(preprocessing === undefined ? {} : { preprocessing }),
      classes,
      demo,
      base,
    },
    weights: checksummed(folder, WEIGHTS_FILE),
  };
  writeManifest(folder, manifest);
}

/**
 * Copies the tensors of a saved model into a folder, which is created.
 *
 * @throws Error naming the file, what was found and the remedy, if it is missing, damaged or holds a NaN
 */
export function copyTensors({ folder, weights }: SavedModel, to: string): void {
  const tensors = readChecksummed(folder, weights);
  // Otherwise only the pod that gets the copy would refuse it.
  decodeSafetensors(tensors, join(folder, weights.file));
  makeFolder(to);
  writeFileAtomic(join(to, weights.file), tensors);
}

/**
 * Copies a saved model without its base: the manifest of the copy gets the path from there to a demo base; other paths
 * stay as given. `packSavedModel` copies the base too.
 */
export function copyWithoutBase(from: string, to: string): void {
  const model = readSavedModel(from);
  copyTensors(model, to);
  const { folder, ...manifest } = model;
  const { base } = manifest;
  const moved =
    base.kind === 'demo' ? { ...base, file: relative(resolve(to), resolve(folder, base.file)) } : base;
  writeManifest(to, { ...manifest, base: moved });
}

/** Checksum of everything that decides a saved model's outputs: its manifest holds the checksums of its files. */
export function savedModelSha256(model: SavedModel): string {
  return sha256(readFileSync(join(model.folder, MANIFEST_NAME)));
}

/** Folder of the saved models that come with the project. */
export const DEMO_MODELS_DIR = join(PACKAGE_ROOT, 'models', 'demo');
