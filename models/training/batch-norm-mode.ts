/**
 * What un-frozen BatchNorm does in training. `inference`: it normalises by its moving statistics, which stay, and learns
 * scale and offset alone, as Keras' guide to transfer learning advises. `batch`: it normalises by the batch and moves
 * its statistics, as a Keras model does whose backbone was not called with `training=False`. In Keras 3 a functional
 * model does so in `fit` even if it was; only a `call` of one's own holds it.
 *
 * @see https://keras.io/guides/transfer_learning/
 * @see https://github.com/keras-team/keras/issues/20285
 */
export const BATCH_NORM_MODES = ['inference', 'batch'] as const;
/** One of {@link BATCH_NORM_MODES}. */
export type BatchNormMode = (typeof BATCH_NORM_MODES)[number];
