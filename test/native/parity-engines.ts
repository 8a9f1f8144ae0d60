/**
 * Compares our ONNX export with tfjs-node on images that stress borders and extreme values: `npm run test:native`. Not a Jest test,
 * since Jest and tfjs-node disagree about typed arrays (tensorflow/tfjs#7175).
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { INPUT_SHAPE, MODEL_IDS } from '../../models/catalog';
import { hasTfjsNode, loadTfjs } from '../../models/engines/tfjs';
import type { EngineOptions } from '../../models/engines/engine';
import { loadOnnxruntime } from '../../models/engines/onnxruntime/engine';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { seededRandom } from '../../statistics/seeded-random';

/** Largest allowed difference of a probability. */
const TOLERANCE = 1e-5;
const [HEIGHT, WIDTH] = INPUT_SHAPE;

type Pixel = (row: number, column: number, channel: number) => number;
const random = seededRandom(17, 'parity');
const border = (width: number): Pixel => {
  return (y, x) => (Math.min(y, x, HEIGHT - 1 - y, WIDTH - 1 - x) < width ? 1 : 0);
};

/** Twenty images: constants, borders, corners, edges, gradients, patterns and noise. */
const IMAGES: readonly Pixel[] = [
  () => 0,
  () => 1,
  () => 0.5,
  (_y, _x, c) => (c === 0 ? 1 : 0),
  (_y, _x, c) => (c === 2 ? 1 : 0),
  border(1),
  border(2),
  border(7),
  (...at) => 1 - border(1)(...at),
  (y, x) => (y === 0 && x === 0 ? 1 : 0),
  (y, x) => (y === HEIGHT - 1 && x === WIDTH - 1 ? 1 : 0),
  (y) => y / (HEIGHT - 1),
  (_y, x) => x / (WIDTH - 1),
  (y, x) => (y + x) % 2,
  (y, x) => ((y >> 4) + (x >> 4)) % 2,
  (y) => (y < HEIGHT / 2 ? 1 : 0),
  () => random.uniform(),
  () => Math.round(random.uniform()),
  (y, x) => 0.5 + 0.5 * Math.sin(Math.hypot(y - 112, x - 112) / 3),
  (y, x, c) => ((y * (c + 1) + x) % 256) / 255,
];

async function main(): Promise<void> {
  if (!hasTfjsNode()) {
    console.log(
      'SKIPPED test:native: the native part of tfjs-node is not built; run `npm run build:tfjs-node`',
    );
    return;
  }
  const size = HEIGHT * WIDTH * 3;
  const input = new Float32Array(IMAGES.length * size);
  IMAGES.forEach((pixel, n) => {
    for (let i = 0; i < size; i++) {
      input[n * size + i] = pixel(Math.floor(i / 3 / WIDTH), Math.floor(i / 3) % WIDTH, i % 3);
    }
  });
  for (const model of MODEL_IDS) {
    const options: Omit<EngineOptions, 'kind'> = {
      modelDir: join(DEMO_MODELS_DIR, model),
      threads: 2,
      precision: 'fp32',
      onnxCacheDir: join(tmpdir(), 'tandem-onnx'),
    };
    const native = await loadTfjs({ ...options, kind: 'tfjs-node' });
    const exported = await loadOnnxruntime({ ...options, kind: 'onnxruntime' });
    let largest = 0;
    for (let n = 0; n < IMAGES.length; n++) {
      const image = input.subarray(n * size, (n + 1) * size);
      const [expected, actual] = [await native.predict(image, 1), await exported.predict(image, 1)];
      expected.forEach((value, i) => (largest = Math.max(largest, Math.abs(value - actual[i]!))));
    }
    const verdict = largest <= TOLERANCE ? 'ok' : 'FAILED';
    console.log(
      `${verdict} ${model}: largest difference of probabilities over ${IMAGES.length} images ${largest.toExponential(1)}, allowed ${TOLERANCE}`,
    );
    if (largest > TOLERANCE) process.exitCode = 1;
    await Promise.all([native.dispose(), exported.dispose()]);
  }
}

void main();
