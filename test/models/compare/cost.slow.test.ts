import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { measureCost } from '../../../models/compare/cost';
import { exportOnnx } from '../../../models/onnx/export';

const folder = mkdtempSync(join(tmpdir(), 'tandem-cost-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a process of its own measures what an image costs', async () => {
  tf.enableProdMode();
  const image = tf.input({ shape: [8, 8, 3], name: 'image' });
  const pooled = tf.layers.globalAveragePooling2d({ name: 'pooled' }).apply(image);
  const file = join(folder, 'graph.onnx');
  writeFileSync(file, exportOnnx(tf.model({ inputs: image, outputs: pooled as tf.SymbolicTensor }), 'means'));
  const { cpuMs, memoryBytes, runs } = await measureCost(file, 8);
  expect(cpuMs).toBeGreaterThan(0);
  expect(Number.isInteger(memoryBytes)).toBe(true);
  expect(runs).toBeGreaterThanOrEqual(15);
}, 60_000);

test('a graph that cannot be run is an error', async () => {
  await expect(measureCost(join(folder, 'none.onnx'), 8)).rejects.toThrow(
    /^the process that measures .*none\.onnx must send a result, received none \(exit code 1\): repeat the command$/,
  );
}, 60_000);
