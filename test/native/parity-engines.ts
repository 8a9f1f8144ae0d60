/**
 * Compares onnxruntime with tfjs-node and openvino on images that stress borders and extreme values: `npm run test:native`.
 * Not a Jest test, since Jest and tfjs-node disagree about typed arrays (tensorflow/tfjs#7175).
 */
import '../support/own-temporary-folder';

import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { INPUT_SHAPE, MODEL_IDS } from '../../models/catalog';
import type { Engine, EngineOptions } from '../../models/engines/engine';
import { loadEngine } from '../../models/engines/load';
import { hasOpenvino } from '../../models/engines/openvino/library';
import { hasTfjsNode } from '../../models/engines/tfjs';
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

/** The engines that are compared with onnxruntime, and the command that builds what each needs. */
const COMPARED = [
  { kind: 'tfjs-node', isThere: hasTfjsNode, build: 'build:tfjs-node' },
  { kind: 'openvino', isThere: hasOpenvino, build: 'build:openvino' },
] as const;

function drawImages(): Float32Array[] {
  return IMAGES.map((pixel) =>
    Float32Array.from({ length: HEIGHT * WIDTH * 3 }, (_, i) =>
      pixel(Math.floor(i / 3 / WIDTH), Math.floor(i / 3) % WIDTH, i % 3),
    ),
  );
}

/** Largest difference of a probability. Predictions overlap, as the service's may. */
async function largestDifference(a: Engine, b: Engine, images: readonly Float32Array[]): Promise<number> {
  const both = await Promise.all(
    [a, b].map((engine) => Promise.all(images.map((image) => engine.predict(image, 1)))),
  );
  const [expected, actual] = both as [Float32Array[], Float32Array[]];
  return Math.max(
    ...expected.flatMap((row, n) => [...row].map((value, i) => Math.abs(value - actual[n]![i]!))),
  );
}

async function main(): Promise<void> {
  const images = drawImages();
  for (const { kind, isThere, build } of COMPARED) {
    if (!isThere()) {
      console.log(`SKIPPED parity of ${kind}: its native part is not there; run \`npm run ${build}\``);
      continue;
    }
    for (const model of MODEL_IDS) {
      const options: Omit<EngineOptions, 'kind'> = {
        modelDir: join(DEMO_MODELS_DIR, model),
        threads: 2,
        precision: 'fp32',
        onnxCacheDir: join(tmpdir(), 'tandem-onnx'),
      };
      const engines = [
        await loadEngine({ ...options, kind: 'onnxruntime' }),
        await loadEngine({ ...options, kind }),
      ] as const;
      const largest = await largestDifference(...engines, images);
      // Once, so that text and exit code agree: NaN is neither within the tolerance nor above it.
      const isOk = largest <= TOLERANCE;
      console.log(
        `${isOk ? 'ok' : 'FAILED'} ${model} on ${kind}: largest difference from onnxruntime over ${IMAGES.length} images ${largest.toExponential(1)}, allowed ${TOLERANCE}`,
      );
      if (!isOk) process.exitCode = 1;
      await Promise.all(engines.map((engine) => engine.dispose()));
    }
  }
}

void main();
