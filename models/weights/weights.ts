/**
 * A model's weights as named arrays: reading, setting, seeded start.
 */
import * as tf from '@tensorflow/tfjs';

import { seededRandom } from '../../statistics/seeded-random';

/** One weight: its shape and its values in row-major order. */
export interface WeightArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Weights by Keras' names, `layer/weight`, such as `conv1_conv/kernel`, in the layers' order. */
export type Weights = Map<string, WeightArray>;

/** Variables of a model by `layer/weight`, without the suffix that tfjs adds to a repeated name. */
export function variables(model: tf.LayersModel): Map<string, tf.LayerVariable> {
  const found = new Map<string, tf.LayerVariable>();
  for (const layer of model.layers) {
    for (const variable of layer.weights) {
      const weight = variable.originalName.split('/').at(-1)!;
      found.set(`${layer.name}/${weight}`, variable);
    }
  }
  return found;
}

/** Copies the named weights, or all of them, out of a model. */
export function readWeights(model: tf.LayersModel, names?: Iterable<string>): Weights {
  const all = variables(model);
  const weights: Weights = new Map();
  for (const name of names ?? all.keys()) {
    const variable = all.get(name);
    if (variable === undefined) throw new RangeError(`model ${model.name} has no weight ${name}`);
    const values = Float32Array.from(variable.read().dataSync());
    weights.set(name, { shape: variable.shape as number[], values });
  }
  return weights;
}

function write(variable: tf.LayerVariable, values: Float32Array): void {
  tf.tidy(() => {
    variable.write(tf.tensor(values, variable.shape as number[]));
  });
}

/**
 * Sets the given weights; the others stay.
 *
 * @throws RangeError naming the weight, the expected and the found shape.
 */
export function setWeights(model: tf.LayersModel, weights: ReadonlyMap<string, WeightArray>): void {
  const all = variables(model);
  for (const [name, { shape, values }] of weights) {
    const variable = all.get(name);
    if (variable === undefined) throw new RangeError(`model ${model.name} has no weight ${name}`);
    if (String(variable.shape) !== String(shape)) {
      throw new RangeError(`weight ${name} must have shape [${variable.shape}], received [${shape}]`);
    }
    write(variable, values);
  }
}

/** Fan-in and fan-out of a kernel, as Keras' `compute_fans`. */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const receptive = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return { fanIn: receptive * shape.at(-2)!, fanOut: receptive * shape.at(-1)! };
}

/**
 * The seeded start of one weight: Glorot uniform for kernels, Keras' constants for the rest. It depends only on the seed,
 * the name and the shape, so that each weight can be drawn again on its own.
 *
 * @see https://proceedings.mlr.press/v9/glorot10a.html
 */
export function seededWeight(seed: number, name: string, shape: readonly number[]): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const weight = name.slice(name.lastIndexOf('/') + 1);
  if (weight === 'gamma' || weight === 'moving_variance') return values.fill(1);
  if (!weight.endsWith('kernel')) return values;
  const { fanIn, fanOut } = fans(shape);
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  const random = seededRandom(seed, name);
  for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform() - 1) * limit;
  return values;
}

/** Factors on the Glorot limit by kernel name: small residual branches keep deep random networks near the identity. */
export type KernelScale = (name: string) => number;

/** Sets every weight of a model to its seeded start, except those in `except`. */
export function initializeSeeded(
  model: tf.LayersModel,
  seed: number,
  options: { readonly except?: ReadonlySet<string>; readonly kernelScale?: KernelScale } = {},
): void {
  for (const [name, variable] of variables(model)) {
    if (options.except?.has(name) === true) continue;
    const values = seededWeight(seed, name, variable.shape as number[]);
    const scale = name.endsWith('kernel') ? (options.kernelScale?.(name) ?? 1) : 1;
    if (scale !== 1) for (let i = 0; i < values.length; i++) values[i]! *= scale;
    write(variable, values);
  }
}
