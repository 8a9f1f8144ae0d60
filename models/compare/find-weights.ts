/**
 * Where the weights of each architecture are: a file of the user, the cache, or the demo's base.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { buildBackbone } from '../architectures/classifier';
import { ARCHITECTURE_IDS, type ArchitectureId, type Preprocessing } from '../catalog';
import { resolveBase } from '../training/resolve-base';
import { DEMO_ARCHITECTURE_IDS } from '../weights/demo-base';
import { IMAGENET_CLASSIFIERS } from '../weights/imagenet-classifiers';
import { IMAGENET_WEIGHTS, imagenetFile, weightsCacheDir } from '../weights/imagenet-weights';
import { readKerasWeights } from '../weights/keras-h5';
import { expectedLayers } from '../weights/keras-weight-layouts';
import { publishedName } from '../weights/obtain';

/** Where an architecture's weights are, and the input range that they were trained with. */
export interface FoundWeights {
  /** As `--weights` of `tandem train` takes it: a path, `imagenet` or `demo`. */
  readonly weights: string;
  readonly preprocessing: Preprocessing;
}

/** An architecture without ImageNet weights here. */
export interface MissingWeights {
  readonly architecture: ArchitectureId;
  readonly url: string;
  /** Whether the demo's base, which knows no photographs, is compared in its place. */
  readonly demoInstead: boolean;
}

/** Where to look for weights. */
export interface WeightSources {
  /** Keras files of the user. */
  readonly files: readonly string[];
  /** Whether to download what is not here. */
  readonly download: boolean;
  readonly note: (sentence: string) => void;
}

/**
 * The architecture that a Keras file has the weights of: the first whose layers are all in it, so that the deeper of two
 * with the same layer names is found.
 *
 * @throws RangeError naming the file and the architectures
 */
async function architectureOf(file: string): Promise<ArchitectureId> {
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new RangeError(`--weights must be existing Keras files (.h5 or .keras), received ${file}`);
  }
  const reasons: string[] = [];
  for (const architecture of ARCHITECTURE_IDS) {
    const backbone = buildBackbone(architecture);
    try {
      await readKerasWeights(file, expectedLayers(backbone));
      return architecture;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      reasons.push(error.message);
    } finally {
      backbone.dispose();
    }
  }
  throw new RangeError(
    `--weights must be files of ${ARCHITECTURE_IDS.join(', ')}, received ${file}, which fits none of them: ${[...new Set(reasons)].join('; ')}`,
  );
}

/** ImageNet weights in the cache, as `--weights` takes them: those of a training, or with top those of `tandem pull imagenet`. */
function cachedWeights(architecture: ArchitectureId): string | undefined {
  if (existsSync(imagenetFile(architecture))) return 'imagenet';
  const published = IMAGENET_CLASSIFIERS.find((each) => each.architecture === architecture)?.weights;
  const file = published && join(weightsCacheDir(), publishedName(published));
  return file !== undefined && existsSync(file) ? file : undefined;
}

/**
 * Finds the weights of each architecture: a file of the user, else ImageNet's in the cache, else the demo's base.
 *
 * @throws RangeError if a file is of no architecture, or two are of one
 */
export async function findWeights(
  architectures: readonly ArchitectureId[],
  { files, download, note }: WeightSources,
): Promise<{
  readonly found: ReadonlyMap<ArchitectureId, FoundWeights>;
  readonly missing: readonly MissingWeights[];
}> {
  // Otherwise tfjs prints a greeting, with advice that does not apply here.
  tf.enableProdMode();
  const found = new Map<ArchitectureId, FoundWeights>();
  for (const file of files) {
    const architecture = await architectureOf(file);
    const other = found.get(architecture)?.weights;
    if (other !== undefined) {
      throw new RangeError(
        `--weights must name one file per architecture, received ${other} and ${file} for ${architecture}: leave out one`,
      );
    }
    note(`${basename(file)}: weights of ${architecture}`);
    found.set(architecture, { weights: file, preprocessing: 'minus-one-to-one' });
  }
  const missing: MissingWeights[] = [];
  for (const architecture of architectures.filter((each) => !found.has(each))) {
    const weights =
      cachedWeights(architecture) ??
      (download && (await isFetched(architecture, note)) ? 'imagenet' : undefined);
    if (weights !== undefined) {
      found.set(architecture, { weights, preprocessing: 'minus-one-to-one' });
      continue;
    }
    const demoInstead = DEMO_ARCHITECTURE_IDS.some((each) => each === architecture);
    if (demoInstead) found.set(architecture, { weights: 'demo', preprocessing: 'zero-to-one' });
    missing.push({ architecture, url: IMAGENET_WEIGHTS[architecture].url, demoInstead });
  }
  return { found, missing };
}

/** Downloads an architecture's weights; a failure is noted, since the others can be compared without them. */
async function isFetched(architecture: ArchitectureId, note: (sentence: string) => void): Promise<boolean> {
  try {
    // Only the path of a demo base depends on the folder.
    await resolveBase('imagenet', architecture, '.', note);
    return true;
  } catch (error) {
    note(`warning: ${(error as Error).message}`);
    return false;
  }
}
