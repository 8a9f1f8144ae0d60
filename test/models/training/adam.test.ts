import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { createAdam } from '../../../models/training/adam';

beforeAll(() => tf.enableProdMode());

/** Keras' update of one number. */
function reference(start: number, gradients: readonly number[], rate: number): number {
  let [value, m, v] = [start, 0, 0];
  gradients.forEach((g, i) => {
    m += (g - m) * (1 - 0.9);
    v += (g * g - v) * (1 - 0.999);
    const alpha = (rate * Math.sqrt(1 - 0.999 ** (i + 1))) / (1 - 0.9 ** (i + 1));
    value -= (m * alpha) / (Math.sqrt(v) + 1e-7);
  });
  return value;
}

function run(start: number, gradients: readonly number[], rate: number): number {
  const variable = tf.variable(tf.scalar(start));
  const adam = createAdam(new Map([['x', variable]]));
  for (const gradient of gradients) adam.apply({ [variable.name]: tf.scalar(gradient) }, rate);
  const [value] = variable.dataSync();
  adam.dispose();
  variable.dispose();
  return value!;
}

test('steps equal Keras’ for any gradients', () => {
  const gradient = fc.double({ min: -10, max: 10, noNaN: true });
  fc.assert(
    fc.property(fc.array(gradient, { minLength: 1, maxLength: 20 }), (gradients) => {
      // The squares of the smallest gradients underflow in single precision: those gradients count as 0.
      const singles = gradients.map((g) => (Math.abs(g) < 1e-12 ? 0 : Math.fround(g)));
      expect(run(0.5, singles, 0.01)).toBeCloseTo(reference(0.5, singles, 0.01), 5);
    }),
    { numRuns: 50, seed: 3 },
  );
});

test('a tiny gradient is damped by epsilon as in Keras, not as in tfjs', () => {
  const [rate, gradient] = [0.01, 1e-6];
  const keras = reference(0, [gradient], rate);
  const tfjs = -(rate * gradient) / (gradient + 1e-7);
  expect(run(0, [gradient], rate)).toBeCloseTo(keras, 7);
  expect(Math.abs(keras - tfjs)).toBeGreaterThan(5e-3);
});

test('an optimizer with saved moments continues exactly', () => {
  const gradients = [0.3, -0.2, 0.7, 0.1].map((g) => tf.tensor1d([g, -g * g]));
  const whole = tf.variable(tf.tensor1d([1, 2]));
  const parts = tf.variable(tf.tensor1d([1, 2]));
  const adam = createAdam(new Map([['layer/kernel', whole]]));
  for (const g of gradients) adam.apply({ [whole.name]: g }, 0.01);
  const first = createAdam(new Map([['layer/kernel', parts]]));
  for (const g of gradients.slice(0, 2)) first.apply({ [parts.name]: g }, 0.01);
  const state = { step: first.step(), moments: first.moments() };
  expect([...state.moments.keys()]).toEqual(['adam/m/layer/kernel', 'adam/v/layer/kernel']);
  const second = createAdam(new Map([['layer/kernel', parts]]), state);
  for (const g of gradients.slice(2)) second.apply({ [parts.name]: g }, 0.01);
  expect([...parts.dataSync()]).toEqual([...whole.dataSync()]);
});

test('a checkpoint without a moment is refused, and the error names the moment', () => {
  const variables = new Map([['layer/kernel', tf.variable(tf.scalar(0))]]);
  expect(() => createAdam(variables, { step: 1, moments: new Map() })).toThrow(
    'must hold adam/m/layer/kernel, received none: choose another --out',
  );
});

test('an optimizer that is freed leaves no tensor behind, whether it was new or resumed', () => {
  const variable = tf.variable(tf.scalar(1));
  const variables = new Map([['x', variable]]);
  const before = tf.memory().numTensors;
  const gradient = tf.scalar(0.5);
  const first = createAdam(variables);
  first.apply({ [variable.name]: gradient }, 0.01);
  const state = { step: first.step(), moments: first.moments() };
  first.dispose();
  const second = createAdam(variables, state);
  second.apply({ [variable.name]: gradient }, 0.01);
  second.dispose();
  gradient.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
