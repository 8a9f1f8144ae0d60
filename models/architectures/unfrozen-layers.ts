/**
 * Which layers fine-tuning un-freezes.
 */
import type * as tf from '@tensorflow/tfjs';

/**
 * Names of a backbone's last layers, in its order: what Keras un-freezes by
 * `for layer in base.layers[-count:]: layer.trainable = True`. Layers without weights count as layers, as there.
 *
 * @param backbone without top; its layers are in Keras' order
 * @param count how many layers; 0 leaves all frozen, where Python's `[-0:]` would be every layer
 * @throws RangeError when it has not as many layers behind its input, which nothing can train
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
