/**
 * A classifier: backbone, global average pooling, softmax head.
 */
import * as tf from '@tensorflow/tfjs';

import { type ArchitectureId, INPUT_SHAPE, OUTPUT_NAME } from '../catalog';
import { MOBILENETV2, MOBILENETV2_050, mobilenetV2 } from './mobilenet-v2';
import { RESNET101V2, RESNET50V2, resnetV2 } from './resnet-v2';

type InputShape = readonly [number | null, number | null, number];

const BACKBONES: Readonly<Record<ArchitectureId, (inputShape: InputShape) => tf.LayersModel>> = {
  resnet101v2: (inputShape) => resnetV2(RESNET101V2, inputShape),
  resnet50v2: (inputShape) => resnetV2(RESNET50V2, inputShape),
  mobilenetv2: (inputShape) => mobilenetV2(MOBILENETV2, inputShape),
  mobilenetv2_050: (inputShape) => mobilenetV2(MOBILENETV2_050, inputShape),
};

/** Name of the pooling layer, as in `keras.applications`. */
export const POOLING_NAME = 'avg_pool';
/** Name of the softmax layer, as in `keras.applications`. */
export const HEAD_NAME = 'predictions';

/** Builds an architecture without its top, all weights zero: images [b, h, w, 3] to [b, h/32, w/32, c]. */
export function buildBackbone(
  architecture: ArchitectureId,
  inputShape: InputShape = INPUT_SHAPE,
): tf.LayersModel {
  return BACKBONES[architecture](inputShape);
}

/**
 * Builds the classifier, all weights zero: images float32 [b, 224, 224, 3] in [0, 1] to probabilities [b, classes].
 *
 * @param inputShape other sizes than serving's are for training on crops; weights do not depend on it.
 */
export function buildClassifier(
  architecture: ArchitectureId,
  classCount: number,
  inputShape: InputShape = INPUT_SHAPE,
): tf.LayersModel {
  if (!Number.isInteger(classCount) || classCount < 2) {
    throw new RangeError(`a classifier needs at least 2 classes, received ${classCount}`);
  }
  const backbone = buildBackbone(architecture, inputShape);
  const pooled = tf.layers.globalAveragePooling2d({ name: POOLING_NAME }).apply(backbone.output); // [b, c]
  const probabilities = tf.layers
    .dense({ units: classCount, activation: 'softmax', kernelInitializer: 'zeros', name: HEAD_NAME })
    .apply(pooled) as tf.SymbolicTensor; // [b, classes]
  return tf.model({
    inputs: backbone.inputs,
    outputs: probabilities,
    name: `${architecture}_${OUTPUT_NAME}`,
  });
}
