/**
 * How much each residual branch contributes: evidence that the blocks do more than pass on their shortcuts.
 */
import * as tf from '@tensorflow/tfjs';

/** The share of one residual block's branch. */
export interface ResidualShare {
  /** Name of the block, such as `conv3_block2`. */
  readonly block: string;
  /** Euclidean norm of the branch divided by that of the block's output. */
  readonly share: number;
}

/** Measures the blocks of a ResNetV2 on images, float32 [b, h, w, 3] in the model's input range. */
export function residualShares(model: tf.LayersModel, images: tf.Tensor4D): ResidualShare[] {
  const blocks = model.layers.flatMap(({ name }) => /^(conv\d_block\d+)_out$/.exec(name)?.[1] ?? []);
  const outputs = blocks.flatMap((block) =>
    ['3_conv', 'out'].map((part) => model.getLayer(`${block}_${part}`).output as tf.SymbolicTensor),
  );
  const norms = tf.tidy(() => {
    const values = tf.model({ inputs: model.inputs, outputs }).apply(images) as tf.Tensor[];
    return values.map((value) => value.norm().dataSync()[0]!);
  });
  return blocks.map((block, i) => ({ block, share: norms[2 * i]! / norms[2 * i + 1]! }));
}
