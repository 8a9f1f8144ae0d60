/**
 * A classifier: backbone, global average pooling, softmax head.
 */
import * as tf from '@tensorflow/tfjs';

import { type ArchitectureId, INPUT_SHAPE, OUTPUT_NAME, type Preprocessing } from '../catalog';
import type { InputShape } from './input-layer';
import { MOBILENETV2, MOBILENETV2_050, mobilenetV2 } from './mobilenet-v2';
import { RESNET101V2, RESNET50V2, resnetV2 } from './resnet-v2';

type Build = (inputShape: InputShape, preprocessing: Preprocessing) => tf.LayersModel;

const BACKBONES: Readonly<Record<ArchitectureId, Build>> = {
  resnet101v2: (...input) => resnetV2(RESNET101V2, ...input),
  resnet50v2: (...input) => resnetV2(RESNET50V2, ...input),
  mobilenetv2: (...input) => mobilenetV2(MOBILENETV2, ...input),
  mobilenetv2_050: (...input) => mobilenetV2(MOBILENETV2_050, ...input),
};

/** Input of a model. */
export interface ClassifierInput {
  /** Other sizes serve training on crops; the weights do not depend on the size. @default INPUT_SHAPE */
  readonly inputShape?: InputShape;
  /** Range that the model's first layer maps [0, 1] to. @default 'zero-to-one' */
  readonly preprocessing?: Preprocessing;
}

/** Name of the pooling layer, as in `keras.applications`. */
export const POOLING_NAME = 'avg_pool';
/** Name of the softmax layer, as in `keras.applications`. */
export const HEAD_NAME = 'predictions';

/** Builds an architecture without its top, all weights zero: images [b, h, w, 3] to [b, h/32, w/32, c]. */
export function buildBackbone(
  architecture: ArchitectureId,
  { inputShape = INPUT_SHAPE, preprocessing = 'zero-to-one' }: ClassifierInput = {},
): tf.LayersModel {
  return BACKBONES[architecture](inputShape, preprocessing);
}

/**
 * Builds the classifier, all weights zero: images float32 [b, 224, 224, 3] in [0, 1] to probabilities [b, classes].
 */
export function buildClassifier(
  architecture: ArchitectureId,
  classCount: number,
  input: ClassifierInput = {},
): tf.LayersModel {
  if (!Number.isInteger(classCount) || classCount < 2) {
    throw new RangeError(`a classifier needs at least 2 classes, received ${classCount}`);
  }
  const { inputs, output } = buildBackbone(architecture, input);
  return tf.model({
    inputs,
    outputs: headOn(output as tf.SymbolicTensor, classCount),
    name: `${architecture}_${OUTPUT_NAME}`,
  });
}

/** Pooling and head: features [b, h, w, c] to probabilities [b, classes]. */
function headOn(features: tf.SymbolicTensor, classCount: number): tf.SymbolicTensor {
  const pooled = tf.layers.globalAveragePooling2d({ name: POOLING_NAME }).apply(features); // [b, c]
  return tf.layers
    .dense({ units: classCount, activation: 'softmax', kernelInitializer: 'zeros', name: HEAD_NAME })
    .apply(pooled) as tf.SymbolicTensor;
}

/**
 * Builds a classifier without a backbone, all weights zero: pooled features float32 [b, 1, 1, c] to probabilities
 * [b, classes]. Its head is that of {@link buildClassifier}.
 *
 * @param channels of the features
 */
export function buildHead(channels: number, classCount: number): tf.LayersModel {
  const features = tf.input({ shape: [1, 1, channels], name: 'features' });
  return tf.model({ inputs: features, outputs: headOn(features, classCount), name: `head_${OUTPUT_NAME}` });
}
