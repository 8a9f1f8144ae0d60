/**
 * The first layer of every backbone: maps images in [0, 1] to the range that its weights expect.
 */
import * as tf from '@tensorflow/tfjs';

import { INPUT_NAME, type Preprocessing, PREPROCESSINGS } from '../catalog';

/** Shape of one input image; null means any size. */
export type InputShape = readonly [number | null, number | null, number];

/** Name of the rescaling layer, as in Keras. Models on [0, 1] have no such layer. */
const RESCALING_NAME = 'rescaling';

/** A backbone's input before and after its preprocessing. */
export interface BackboneInput {
  /** float32 [b, h, w, 3] in [0, 1] */
  readonly input: tf.SymbolicTensor;
  /** float32 [b, h, w, 3] in the preprocessing's range */
  readonly x: tf.SymbolicTensor;
}

/**
 * It is part of the model, not of decoding, so that every engine and client gives every model the same values. It is not
 * folded into the first convolution, because that would change the meaning of the convolution's padding.
 */
export function inputLayer(inputShape: InputShape, preprocessing: Preprocessing): BackboneInput {
  const input = tf.input({ shape: [...inputShape], name: INPUT_NAME });
  if (preprocessing === 'zero-to-one') return { input, x: input };
  const { scale, offset } = PREPROCESSINGS[preprocessing];
  const rescaling = tf.layers.rescaling({ scale, offset, name: RESCALING_NAME });
  return { input, x: rescaling.apply(input) as tf.SymbolicTensor };
}
