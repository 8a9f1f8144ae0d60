/**
 * Keras' published ImageNet weights without top, downloaded once into the user's cache.
 *
 * @see keras/src/applications/resnet.py (`BASE_WEIGHTS_PATH`, `WEIGHTS_HASHES`) and mobilenet_v2.py
 *   (`BASE_WEIGHT_PATH`) of Keras 3.12
 */
import { homedir } from 'node:os';
import { join, posix } from 'node:path';

import type { ArchitectureId } from '../catalog';
import { download, type DownloadOptions, type Fingerprint, type PublishedFile } from './download';

const KERAS_APPLICATIONS = 'https://storage.googleapis.com/tensorflow/keras-applications';

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
  },
};

/** Folder of downloaded weights: in TANDEM_CACHE, or else in `tandem` in the user's cache folder. */
export function weightsCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const { TANDEM_CACHE: tandem, XDG_CACHE_HOME: cache } = env;
  const root = tandem || join(cache || join(homedir(), '.cache'), 'tandem');
  return join(root, 'weights');
}

/** Path of an architecture's weights in the cache, whether downloaded or not. */
export function imagenetFile(architecture: ArchitectureId, cacheDir = weightsCacheDir()): string {
  return join(cacheDir, posix.basename(IMAGENET_WEIGHTS[architecture].url));
}

/** Options of a download. */
export interface ImagenetDownloadOptions extends DownloadOptions {
  /** @default weightsCacheDir() */
  readonly cacheDir?: string;
  /** URL of a mirror that has the files under the same names. */
  readonly baseUrl?: string;
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
  { cacheDir, baseUrl, ...options }: ImagenetDownloadOptions = {},
): Promise<ImagenetFile> {
  const published = IMAGENET_WEIGHTS[architecture];
  const file = imagenetFile(architecture, cacheDir);
  const url =
    baseUrl === undefined ? published.url : `${baseUrl.replace(/\/+$/, '')}/${posix.basename(published.url)}`;
  const remedy = `download them by hand to ${file}, give them as a file with --weights FILE.h5, or start from the demo’s base with --weights demo`;
  return { file, ...(await download({ ...published, url }, file, { remedy, ...options })) };
}

/** Describes a file and says which of its facts were checked against the published ones. */
export function describeImagenetFile(architecture: ArchitectureId, found: ImagenetFile): string {
  const { bytes, md5 } = IMAGENET_WEIGHTS[architecture];
  const size = `${found.bytes} bytes${bytes === undefined ? '' : ' as published'}`;
  const sum = md5 === undefined ? 'no published checksum' : `MD5 ${found.md5} as published`;
  return `${found.file}  ${size}, ${sum}, SHA-256 ${found.sha256}`;
}
