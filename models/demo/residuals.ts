/**
 * How much each residual branch contributes: shows that a network is not a shell of skips.
 */
import * as tf from '@tensorflow/tfjs';

/** A residual block and its branch's share. */
export interface ResidualShare {
  readonly block: string;
  /** Euclidean norm of the residual branch over that of the block's output. */
  readonly share: number;
}

/** Measures a ResNetV2's blocks on images float32 [b, h, w, 3] in [0, 1]. */
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
