/**
 * Fills a model with the weights of its base.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import type * as tf from '@tensorflow/tfjs';

import type { ArchitectureId } from '../catalog';
import { HEAD_NAME } from '../architectures/classifier';
import { DEMO_BASES, demoArchitecture } from './demo-base';
import { decodeDemoBase } from './demo-base-file';
import { fingerprint } from './download';
import { IMAGENET_CLASSIFIERS } from './imagenet-classifiers';
import {
  downloadImagenetWeights,
  IMAGENET_WEIGHTS,
  type ImagenetDownloadOptions,
  type ImagenetFile,
  weightsCacheDir,
} from './imagenet-weights';
import { publishedName } from './obtain';
import { readKerasWeights } from './keras-h5';
import { expectedLayers } from './keras-weight-layouts';
import { type Base, MANIFEST_NAME } from './saved-model';
import { initializeSeeded, setWeights } from './weights';

/** A base that is a file. */
type FileBase = Exclude<Base, { kind: 'seed' }>;

/**
 * The base of Keras' published weights; downloads them if the cache lacks them.
 *
 * @param onFile called with the weight file
 * @throws Error naming the URL, the fault and the remedy
 */
export async function imagenetBase(
  architecture: ArchitectureId,
  options: ImagenetDownloadOptions & { readonly onFile?: (found: ImagenetFile) => void } = {},
): Promise<Base> {
  const found = await downloadImagenetWeights(architecture, options);
  options.onFile?.(found);
  const { file, bytes, sha256 } = found;
  return { kind: 'imagenet', file: basename(file), bytes, sha256 };
}

/**
 * The base of a user's Keras weight file.
 *
 * @param file kept as given: a relative path is resolved from the working directory, then from the model's folder
 * @throws the system's error if the file cannot be read
 */
export async function fileBase(file: string): Promise<Base> {
  const { sha256 } = await fingerprint(file);
  return { kind: 'file', file, sha256 };
}

/** Where to look for a base's file: its given path, beside the model, and in the cache of weights. */
function places({ kind, file }: FileBase, folder: string): string[] {
  const cached = join(weightsCacheDir(), basename(file));
  const beside = join(folder, basename(file));
  const all = {
    demo: [join(folder, file), beside],
    imagenet: [cached, beside],
    file: [resolve(file), resolve(folder, file), beside, cached],
  };
  return [...new Set(all[kind])];
}

/** Where a file of ImageNet weights is published: with top, or without. */
function urlOf(file: string, architecture: ArchitectureId): string {
  const withTop = IMAGENET_CLASSIFIERS.find(({ weights }) => publishedName(weights) === file);
  return (withTop?.weights ?? IMAGENET_WEIGHTS[architecture]).url;
}

/** What to do if no place has the file. */
const remedy = ({ kind, file }: FileBase, architecture: ArchitectureId, folder: string) =>
  kind === 'imagenet'
    ? `download ${urlOf(file, architecture)} to ${join(weightsCacheDir(), file)}, or copy it there from where the model was made`
    : `put the file that the model was trained from back, or beside ${join(folder, MANIFEST_NAME)}`;

/**
 * The first place that has a base's file with the right checksum; files of the same name with other contents are skipped.
 *
 * @param folder of the saved model
 * @throws Error naming the base's file, what was found at each place and the remedy
 */
export async function findBaseFile(
  base: FileBase,
  architecture: ArchitectureId,
  folder: string,
): Promise<string> {
  const tried: string[] = [];
  for (const place of places(base, folder)) {
    const sum = existsSync(place) ? (await fingerprint(place)).sha256 : undefined;
    if (sum === base.sha256) return place;
    tried.push(`${place} ${sum === undefined ? 'is not there' : `has SHA-256 ${sum}`}`);
  }
  throw new Error(
    `the model in ${folder} needs its base ${base.file} with SHA-256 ${base.sha256}, received: ${tried.join('; ')}: ${remedy(base, architecture, folder)}`,
  );
}

/**
 * Sets every weight of a model from its base. A head that the base lacks keeps its seeded or zero start.
 *
 * @param folder of the saved model
 * @throws Error naming the base's file, both checksums and the remedy, if it is missing or has other contents
 */
export async function fillFromBase(
  model: tf.LayersModel,
  { architecture, base, folder }: { architecture: ArchitectureId; base: Base; folder: string },
): Promise<void> {
  if (base.kind === 'seed') {
    initializeSeeded(model, base.seed);
    return;
  }
  if (base.kind === 'demo') {
    const file = await findBaseFile(base, architecture, folder);
    const demo = demoArchitecture(architecture);
    const weights = decodeDemoBase(demo, readFileSync(file), file);
    const { seed, kernelScale } = DEMO_BASES[demo];
    initializeSeeded(model, seed, { except: new Set(weights.keys()), kernelScale });
    setWeights(model, weights);
    return;
  }
  const backbone = expectedLayers(model).filter(({ name }) => name !== HEAD_NAME);
  setWeights(model, await readKerasWeights(await findBaseFile(base, architecture, folder), backbone));
}
