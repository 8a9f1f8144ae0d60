/**
 * Batch normalization with Keras' rules, over the last axis.
 *
 * tfjs-layers' own layer ignores `trainable`: when frozen it still normalises by batch in `fit` and moves its
 * averages. In Keras a frozen layer runs in inference mode; transfer learning relies on it.
 *
 * @see https://arxiv.org/abs/1502.03167
 * @see https://keras.io/guides/transfer_learning/ ("the `BatchNormalization` layer is a special case")
 */
import * as tf from '@tensorflow/tfjs';
import type { LayerArgs } from '@tensorflow/tfjs-layers/dist/engine/topology';

/** The arguments of Keras' layer that these architectures set. */
export interface BatchNormalizationArgs extends LayerArgs {
  readonly name: string;
  /** Added to the variance. */
  readonly epsilon: number;
  /** Share of the moving averages that a training step keeps. @default 0.99, Keras' default */
  readonly momentum?: number;
}

/** The layer; its weights in Keras' order are gamma, beta, moving_mean and moving_variance, each [channels]. */
export class BatchNormalization extends tf.layers.Layer {
  static readonly className = 'BatchNormalization';
  readonly epsilon: number;
  /** Share of the moving averages that a training step keeps. Pretraining lowers it. */
  momentum: number;
  private gamma!: tf.LayerVariable;
  private beta!: tf.LayerVariable;
  private movingMean!: tf.LayerVariable;
  private movingVariance!: tf.LayerVariable;

  constructor(args: BatchNormalizationArgs) {
    super(args);
    this.epsilon = args.epsilon;
    this.momentum = args.momentum ?? 0.99;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = (inputShape as tf.Shape).at(-1);
    const zeros = tf.initializers.zeros();
    const ones = tf.initializers.ones();
    const weight = (name: string, initializer: typeof zeros, trainable: boolean) =>
      this.addWeight(name, [channels ?? null], 'float32', initializer, undefined, trainable);
    this.gamma = weight('gamma', ones, true);
    this.beta = weight('beta', zeros, true);
    this.movingMean = weight('moving_mean', zeros, false);
    this.movingVariance = weight('moving_variance', ones, false);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
    const [gamma, beta, mean, variance] = [this.gamma, this.beta, this.movingMean, this.movingVariance].map(
      (v) => v.read(),
    ) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
    if (kwargs.training !== true || !this.trainable) {
      return tf.batchNorm(x, mean, variance, beta, gamma, this.epsilon);
    }
    return tf.tidy(() => {
      const step = normalizeByBatch(x, gamma, beta, this.epsilon);
      const move = (average: tf.LayerVariable, value: tf.Tensor) =>
        average.write(
          tf.tidy(() =>
            average
              .read()
              .mul(this.momentum)
              .add(value.mul(1 - this.momentum)),
          ),
        );
      move(this.movingMean, step.mean);
      move(this.movingVariance, step.variance);
      tf.dispose([step.mean, step.variance]);
      return step.y;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), axis: -1, epsilon: this.epsilon, momentum: this.momentum };
  }
}

/** Creates the layer, like the factories of `tf.layers`. */
export const batchNormalization = (args: BatchNormalizationArgs): BatchNormalization =>
  new BatchNormalization(args);

interface BatchStep {
  readonly y: tf.Tensor4D;
  /** Mean over batch, height and width, [channels]. */
  readonly mean: tf.Tensor1D;
  /** Variance over the same axes, without Bessel's correction, as in Keras 3, [channels]. */
  readonly variance: tf.Tensor1D;
}

type FusedKernel = (inputs: tf.Tensor[], training: boolean) => tf.Tensor[];

/**
 * TensorFlow's two fused kernels in tfjs-node's backend, which has no public call for them. They need three passes over
 * the activations; generic operations need about fifteen.
 */
function fusedKernels(epsilon: number): { forward: FusedKernel; backward: FusedKernel } | undefined {
  if (tf.getBackend() !== 'tensorflow') return undefined;
  const backend = tf.backend() as unknown as {
    readonly binding: Readonly<Record<string, number>>;
    executeMultipleOutputs(
      name: string,
      attributes: object[],
      inputs: tf.Tensor[],
      outputs: number,
    ): tf.Tensor[];
  };
  const { TF_ATTR_TYPE, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_STRING, TF_FLOAT } = backend.binding;
  const run =
    (name: string): FusedKernel =>
    (inputs, training) =>
      backend.executeMultipleOutputs(
        name,
        [
          { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
          { name: 'epsilon', type: TF_ATTR_FLOAT, value: epsilon },
          { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' },
          { name: 'is_training', type: TF_ATTR_BOOL, value: training },
        ],
        inputs,
        5,
      );
  return { forward: run('FusedBatchNorm'), backward: run('FusedBatchNormGrad') };
}

/** Normalises by the batch's own statistics; differentiable in x, gamma and beta. The caller disposes the statistics. */
function normalizeByBatch(x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D, epsilon: number): BatchStep {
  const fused = fusedKernels(epsilon);
  let mean: tf.Tensor1D | undefined;
  let variance: tf.Tensor1D | undefined;
  const normalize = tf.customGrad((...args) => {
    const [input, scale, offset, save] = args as unknown as [
      tf.Tensor4D,
      tf.Tensor1D,
      tf.Tensor1D,
      tf.GradSaveFunc,
    ];
    if (fused !== undefined) {
      const none = tf.tensor1d([]);
      const out = fused.forward([input, scale, offset, none, none], true);
      const [y, batchMean, corrected, reserve1, reserve2] = out as [tf.Tensor4D, ...tf.Tensor1D[]];
      const count = input.size / scale.size;
      // The kernel returns the variance with Bessel's correction.
      const batchVariance = corrected!.mul<tf.Tensor1D>((count - 1) / count);
      [mean, variance] = [tf.keep(batchMean!), tf.keep(batchVariance)];
      save([input, scale, reserve1!, reserve2!]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
        fused.backward([dy, ...saved], true).slice(0, 3);
      return { value: y, gradFunc };
    }
    const moments = tf.moments(input, [0, 1, 2]);
    const count = input.size / scale.size;
    mean = tf.keep(moments.mean as tf.Tensor1D);
    variance = tf.keep(moments.variance as tf.Tensor1D);
    save([input, scale, moments.mean, moments.variance]);
    const gradFunc = (dy: tf.Tensor, [x, gamma, m, v]: tf.Tensor[]) => {
      const inverse = v!.add(epsilon).rsqrt(); // [c]
      const normalized = x!.sub(m!).mul(inverse); // [b, h, w, c]
      const dGamma = dy.mul(normalized).sum([0, 1, 2]); // [c]
      const dBeta = dy.sum([0, 1, 2]); // [c]
      const centred = dy.sub(dBeta.div(count)).sub(normalized.mul(dGamma.div(count)));
      return [centred.mul(gamma!.mul(inverse)), dGamma, dBeta];
    };
    const value = tf.batchNorm(
      input,
      moments.mean as tf.Tensor1D,
      moments.variance as tf.Tensor1D,
      offset,
      scale,
      epsilon,
    );
    return { value, gradFunc };
  });
  const y = normalize(x, gamma, beta);
  return { y, mean: mean!, variance: variance! };
}
