import { drawSurface, drawTask } from '../../../models/demo/image-set';
import { type Task, TASKS } from '../../../models/demo/surfaces';

test('the two tasks are disjoint, with six classes or more each', () => {
  expect(TASKS.pretraining.length).toBeGreaterThanOrEqual(6);
  expect(TASKS.transfer.length).toBeGreaterThanOrEqual(6);
  expect(TASKS.pretraining.filter((name) => (TASKS.transfer as string[]).includes(name))).toEqual([]);
});

test('seed, split, class and index alone determine an image', () => {
  const draw = (changes = {}) =>
    drawSurface('dots', { seed: 1, split: 'train', index: 0, sidePixels: 48, ...changes });
  expect(draw()).toEqual(draw());
  expect(draw()).not.toEqual(draw({ seed: 2 }));
  expect(draw()).not.toEqual(draw({ split: 'test' }));
  expect(draw()).not.toEqual(draw({ index: 1 }));
  expect(draw({ sidePixels: 32 })).toHaveLength(32 * 32 * 3);
});

const SIDE = 32;

/** Means over 7x7 pixels: [32, 32, 3] in [-0.5, 0.5], flat. */
function shrink(pixels: Uint8ClampedArray): Float32Array {
  const out = new Float32Array(SIDE * SIDE * 3).fill(-0.5);
  for (let y = 0; y < 224; y++) {
    for (let x = 0; x < 224; x++) {
      const to = 3 * (SIDE * ((y / 7) | 0) + ((x / 7) | 0));
      for (let c = 0; c < 3; c++) out[to + c]! += pixels[3 * (224 * y + x) + c]! / 255 / 49;
    }
  }
  return out;
}

/** Training and test accuracy of a softmax regression on 32x32 pixels, trained until it fits its training set. */
function linearAccuracy(task: Task): { train: number; test: number } {
  const classes = TASKS[task].length;
  const load = (split: 'train' | 'test', perClass: number) =>
    drawTask(task, { seed: 21, split, perClass, sidePixels: 224 }).map(({ pixels, label }) => ({
      x: shrink(pixels),
      label,
    }));
  const train = load('train', 30);
  const test = load('test', 15);
  const kernel = Array.from({ length: classes }, () => new Float32Array(SIDE * SIDE * 3));
  const scores = (x: Float32Array) =>
    kernel.map((weights) => weights.reduce((sum, w, i) => sum + w * x[i]!, 0));
  const accuracy = (items: typeof train) =>
    items.filter(({ x, label }) => {
      const values = scores(x);
      return values.indexOf(Math.max(...values)) === label;
    }).length / items.length;
  for (let epoch = 0; epoch < 40; epoch++) {
    for (const { x, label } of train) {
      const values = scores(x);
      const top = Math.max(...values);
      const sum = values.reduce((total, value) => total + Math.exp(value - top), 0);
      kernel.forEach((weights, k) => {
        const step = 0.01 * (Math.exp(values[k]! - top) / sum - (k === label ? 1 : 0));
        for (let i = 0; i < weights.length; i++) weights[i]! -= step * x[i]!;
      });
    }
  }
  return { train: accuracy(train), test: accuracy(test) };
}

test.each(['pretraining', 'transfer'] as const)(
  'a linear classifier on 32x32 pixels stays under 60 %% on the %s task',
  (task) => {
    const { train, test } = linearAccuracy(task);
    expect(train).toBeGreaterThan(0.8);
    expect(test).toBeLessThan(0.6);
  },
  60_000,
);
