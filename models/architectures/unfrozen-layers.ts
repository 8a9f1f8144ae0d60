/**
 * Which layers fine-tuning un-freezes.
 */
import type * as tf from '@tensorflow/tfjs';

/**
 * Names of a backbone's last layers, in its order: what Keras un-freezes by
 * `for layer in base.layers[-count:]: layer.trainable = True`. As there, layers without weights count.
 *
 * @param backbone without top; its layers are in Keras' order
 * @param count number of layers; 0 freezes all, unlike Python's `[-0:]`, which is every layer
 * @throws RangeError if the backbone has fewer layers after its input
 * @see https://keras.io/guides/transfer_learning/
 */
export function unfrozenLayers(backbone: Pick<tf.LayersModel, 'name' | 'layers'>, count: number): string[] {
  const names = backbone.layers.map(({ name }) => name);
  const most = names.length - 1;
  if (!Number.isInteger(count) || count < 0 || count > most) {
    throw new RangeError(
      `--layers-unfrozen must be a whole number from 0 to ${most}, the layers of ${backbone.name} behind its input, received ${count}`,
    );
  }
  return names.slice(names.length - count);
}
