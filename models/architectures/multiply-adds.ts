/**
 * How many multiply-adds an inference takes: those of the convolutions and the head, as papers count them.
 */
import type * as tf from '@tensorflow/tfjs';

/** Layers whose kernel is applied at every place of their output. */
const LAYERS = ['Conv2D', 'DepthwiseConv2D', 'Dense'];

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);

/** Multiply-adds for one image. */
export function multiplyAddsOf(model: tf.LayersModel): number {
  return model.layers
    .filter((layer) => LAYERS.includes(layer.getClassName()))
    .reduce((sum, layer) => {
      // [batch, height, width, channels] of a convolution, [batch, units] of the head.
      const places = (layer.outputShape as number[]).slice(1, -1);
      return sum + product(places) * product(layer.weights[0]!.shape as number[]);
    }, 0);
}
