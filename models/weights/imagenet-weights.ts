/**
 * Keras' published ImageNet weights without top, downloaded once into the user's cache.
 *
 * @see keras/src/applications/resnet.py (`BASE_WEIGHTS_PATH`, `WEIGHTS_HASHES`) and mobilenet_v2.py
 *   (`BASE_WEIGHT_PATH`) of Keras 3.12
 */
import { homedir } from 'node:os';
import { join } from 'node:path';

import type { ArchitectureId } from '../catalog';
import type { Fingerprint, PublishedFile } from './download';
import { obtain, type ObtainOptions, publishedName } from './obtain';

/** Folder of Keras' published files. */
export const KERAS_APPLICATIONS = 'https://storage.googleapis.com/tensorflow/keras-applications';

/**
 * The files. MD5 sums are Keras' own, which has none for MobileNetV2. Sizes are those that Keras' progress bar prints
 * in public logs of downloads; of MobileNetV2 at alpha 0.5 none was found.
 */
export const IMAGENET_WEIGHTS: Readonly<Record<ArchitectureId, PublishedFile>> = {
  resnet101v2: {
    url: `${KERAS_APPLICATIONS}/resnet/resnet101v2_weights_tf_dim_ordering_tf_kernels_notop.h5`,
    bytes: 171_317_808,
    md5: 'c0ed64b8031c3730f411d2eb4eea35b5',
  },
  resnet50v2: {
    url: `${KERAS_APPLICATIONS}/resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5`,
    bytes: 94_668_760,
    md5: 'fac2f116257151a9d068a22e544a4917',
  },
  mobilenetv2: {
    url: `${KERAS_APPLICATIONS}/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5`,
    bytes: 9_406_464,
  },
  mobilenetv2_050: {
    url: `${KERAS_APPLICATIONS}/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.5_224_no_top.h5`,
    format: 'HDF5',
  },
};

/** Folder of what is downloaded once: TANDEM_CACHE, or else `tandem` in the user's cache folder. */
export function cacheDir({ TANDEM_CACHE: tandem, XDG_CACHE_HOME: cache } = process.env): string {
  return tandem || join(cache || join(homedir(), '.cache'), 'tandem');
}

/** Folder of downloaded weights. */
export const weightsCacheDir = (env?: NodeJS.ProcessEnv): string => join(cacheDir(env), 'weights');

/** Path of an architecture's weights in the cache, whether downloaded or not. */
export const imagenetFile = (architecture: ArchitectureId, folder = weightsCacheDir()): string =>
  join(folder, publishedName(IMAGENET_WEIGHTS[architecture]));

/** Where to get the weights, and where to keep them. */
export interface ImagenetDownloadOptions extends ObtainOptions {
  /** @default weightsCacheDir() */
  readonly cacheDir?: string;
}

/** A weight file and its checksums. */
export interface ImagenetFile extends Fingerprint {
  readonly file: string;
}

/**
 * Downloads an architecture's weights to the cache unless they are there, and checks them.
 *
 * @throws Error naming the URL, the fault and the remedy
 */
export async function downloadImagenetWeights(
  architecture: ArchitectureId,
  { cacheDir: folder, ...options }: ImagenetDownloadOptions = {},
): Promise<ImagenetFile> {
  const file = imagenetFile(architecture, folder);
  const remedy = `download the file by hand to ${file}, give its path with --weights FILE.h5, or start from the demo’s base with --weights demo (for a trial only: it knows no photographs)`;
  return { file, ...(await obtain(IMAGENET_WEIGHTS[architecture], file, { remedy, ...options })) };
}
