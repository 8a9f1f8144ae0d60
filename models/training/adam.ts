/**
 * Adam as Keras computes it. tfjs adds epsilon to the root of the bias-corrected moment, Keras to the root of the moment
 * itself.
 *
 * @see https://arxiv.org/abs/1412.6980 ("epsilon hat", before section 2.1)
 * @see keras/src/optimizers/adam.py
 */
import * as tf from '@tensorflow/tfjs';

import type { WeightArray, Weights } from '../weights/weights';

/** Keras' defaults. */
const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

/** An optimizer of named variables; its state can be saved and restored bit for bit. */
export interface Adam {
  /** Steps taken. */
  readonly step: () => number;
  /** Takes a step. Gradients are keyed by the tfjs names of the variables, as `tf.variableGrads` returns them. */
  readonly apply: (gradients: tf.NamedTensorMap, learningRate: number) => void;
  /** Both moments of each variable, as `adam/m/NAME` and `adam/v/NAME`. */
  readonly moments: () => Weights;
  /** Frees the moments. */
  readonly dispose: () => void;
}

/** Whether a tensor of a checkpoint is a moment, by its name. */
export const isMoment = (name: string): boolean => name.startsWith('adam/');

/**
 * Creates the optimizer; the caller disposes it.
 *
 * @param variables the variables to train, by `layer/weight`
 * @param resumed steps taken and moments, as {@link Adam.step} and {@link Adam.moments} returned them
 * @throws RangeError if a moment is missing
 */
export function createAdam(
  variables: ReadonlyMap<string, tf.Variable>,
  resumed?: { readonly step: number; readonly moments: ReadonlyMap<string, WeightArray> },
): Adam {
  let step = resumed?.step ?? 0;
  const slot = (kind: 'm' | 'v', name: string, shape: number[]): tf.Variable => {
    const saved = resumed?.moments.get(`adam/${kind}/${name}`);
    if (resumed !== undefined && saved === undefined) {
      throw new RangeError(
        `the checkpoint must hold adam/${kind}/${name}, received none: choose another --out to start over`,
      );
    }
    // A variable shares its initial tensor's memory, which stays until that tensor is freed too.
    return tf.tidy(() => tf.variable(saved === undefined ? tf.zeros(shape) : tf.tensor(saved.values, shape)));
  };
  const slots = [...variables].map(([name, variable]) => ({
    name,
    variable,
    m: slot('m', name, variable.shape),
    v: slot('v', name, variable.shape),
  }));
  return {
    step: () => step,
    apply: (gradients, learningRate) => {
      step += 1;
      const rate = (learningRate * Math.sqrt(1 - BETA_2 ** step)) / (1 - BETA_1 ** step);
      tf.tidy(() => {
        for (const { variable, m, v } of slots) {
          const gradient = gradients[variable.name]!;
          m.assign(m.add(gradient.sub(m).mul(1 - BETA_1)));
          v.assign(
            v.add(
              gradient
                .square()
                .sub(v)
                .mul(1 - BETA_2),
            ),
          );
          variable.assign(variable.sub(m.mul(rate).div(v.sqrt().add(EPSILON))));
        }
      });
    },
    moments: () => {
      const read = (moment: tf.Variable): WeightArray => ({
        shape: moment.shape,
        values: Float32Array.from(moment.dataSync()),
      });
      return new Map(
        slots.flatMap(({ name, m, v }) => [
          [`adam/m/${name}`, read(m)] as const,
          [`adam/v/${name}`, read(v)] as const,
        ]),
      );
    },
    dispose: () => slots.forEach(({ m, v }) => tf.dispose([m, v])),
  };
}
