/**
 * Keras' published classifiers of ImageNet: weights with top, and the names of the classes.
 *
 * @see keras/src/applications/resnet.py (`WEIGHTS_HASHES`), mobilenet_v2.py and imagenet_utils.py (`CLASS_INDEX_PATH`)
 *   of Keras 3.12
 * @see https://keras.io/api/applications/ for the reported accuracies
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type ArchitectureId, type ModelId, MODELS } from '../catalog';
import type { PublishedFile } from './download';
import { cacheDir, KERAS_APPLICATIONS } from './imagenet-weights';

/** A published classifier, and the model that it becomes. */
export interface ImagenetClassifier {
  readonly model: ModelId;
  readonly architecture: ArchitectureId;
  readonly weights: PublishedFile;
  /** Share of ImageNet's validation images whose first answer is right, as Keras reports it. */
  readonly reportedTop1: number;
}

/**
 * The classifiers, the smaller file first. MD5 sums are Keras' own, which has none for MobileNetV2; its size is the one
 * that Keras' progress bar prints in public logs of downloads. Of ResNet101V2 no such log was found.
 */
export const IMAGENET_CLASSIFIERS: readonly ImagenetClassifier[] = [
  {
    model: 'latency',
    architecture: MODELS.latency.architecture,
    weights: {
      url: `${KERAS_APPLICATIONS}/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5`,
      bytes: 14_536_120,
    },
    reportedTop1: 0.713,
  },
  {
    model: 'accuracy',
    architecture: MODELS.accuracy.architecture,
    weights: {
      url: `${KERAS_APPLICATIONS}/resnet/resnet101v2_weights_tf_dim_ordering_tf_kernels.h5`,
      md5: '6343647c601c52e1368623803854d971',
    },
    reportedTop1: 0.772,
  },
];

/** The names of the classes, in the order of the probabilities. */
export const CLASS_INDEX: PublishedFile = {
  url: 'https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json',
  bytes: 35_363,
  md5: 'c2c37ea517e94d9795004a39431a14cb',
};

/** Number of classes of the classifiers. */
export const IMAGENET_CLASSES = 1000;

/** Folder of the saved models that `tandem pull` makes, each in a folder named by its model id. */
export const imagenetModelsDir = (env?: NodeJS.ProcessEnv): string => join(cacheDir(env), 'imagenet');

const isEntry = (entry: unknown): entry is [id: string, name: string] =>
  Array.isArray(entry) &&
  entry.length === 2 &&
  entry.every((text) => typeof text === 'string' && text.trim() !== '');

/**
 * Reads Keras' class index: from each class's number to its WordNet id and its name. ImageNet has two cranes and two
 * maillots; these get the id after their name, since a name stands for one class.
 *
 * @throws TypeError naming the file, the class, what it must be and what it is
 */
export function readClassIndex(file: string): string[] {
  let index: Readonly<Record<string, unknown>> | null;
  try {
    index = JSON.parse(readFileSync(file, 'utf8')) as typeof index;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TypeError(`${file} must be JSON, received ${error.message}: remove it, and pull again`, {
      cause: error,
    });
  }
  const entries = Array.from({ length: IMAGENET_CLASSES }, (_, i) => {
    const entry = index?.[i];
    if (isEntry(entry)) return entry;
    throw new TypeError(
      `${file}: class ${i} must be a list of a WordNet id and a name, received ${JSON.stringify(entry)}: remove the file, and pull again`,
    );
  });
  const counts = new Map<string, number>();
  for (const [, name] of entries) counts.set(name, (counts.get(name) ?? 0) + 1);
  return entries.map(([id, name]) => (counts.get(name) === 1 ? name : `${name} (${id})`));
}
