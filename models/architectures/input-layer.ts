/**
 * The start of every backbone: images in [0, 1], brought to the range that its weights expect.
 */
import * as tf from '@tensorflow/tfjs';

import { INPUT_NAME, type Preprocessing, PREPROCESSINGS } from '../catalog';

/** Shape of one input image; sizes that are null are free. */
export type InputShape = readonly [number | null, number | null, number];

/** Name of the layer that rescales the input, as Keras' Rescaling calls itself; models on [0, 1] have none. */
const RESCALING_NAME = 'rescaling';

/** A backbone's input before and after its preprocessing. */
export interface BackboneInput {
  /** float32 [b, h, w, 3] in [0, 1] */
  readonly input: tf.SymbolicTensor;
  /** float32 [b, h, w, 3] in the preprocessing's range */
  readonly x: tf.SymbolicTensor;
}

/**
 * Part of the model and not of the images' way to it, so that every engine and client gives every model the same
 * values. An operation of its own: folded into the first convolution, it would change what that one's padding means.
 */
export function inputLayer(inputShape: InputShape, preprocessing: Preprocessing): BackboneInput {
  const input = tf.input({ shape: [...inputShape], name: INPUT_NAME });
  if (preprocessing === 'zero-to-one') return { input, x: input };
  const { scale, offset } = PREPROCESSINGS[preprocessing];
  const rescaling = tf.layers.rescaling({ scale, offset, name: RESCALING_NAME });
  return { input, x: rescaling.apply(input) as tf.SymbolicTensor };
}
