/**
 * A pulled MobileNetV2 beside real Keras: real ImageNet weights without top, and a head that test/keras/imagenet_head.py
 * computes too. Skipped where the weights are not there.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { buildClassifier, HEAD_NAME } from '../../../models/architectures/classifier';
import { loadEngine } from '../../../models/engines/load';
import { IMAGENET_CLASSES, type ImagenetClassifier } from '../../../models/weights/imagenet-classifiers';
import { fingerprint } from '../../../models/weights/download';
import { readKerasWeights, writeKerasWeights } from '../../../models/weights/keras-h5';
import { expectedLayers } from '../../../models/weights/keras-weight-layouts';
import { pullClassifier } from '../../../models/weights/pull-imagenet';
import { sayAloud } from '../../support/aloud';
import { IMAGENET_H5 } from '../../support/imagenet-file';
import { floatsOf, images, TOLERANCE } from '../../support/keras-architectures';

const RECORD = join(__dirname, '..', '..', 'fixtures', 'imagenet', 'mobilenetv2.json');
const record = JSON.parse(readFileSync(RECORD, 'utf8')) as { weightsSha256: string; probabilities: string };
const NAME = 'with-top.h5';
/** An engine loads a real model, on a busy machine. */
const TIMEOUT_MS = 120_000;

const isThere = existsSync(IMAGENET_H5);
if (!isThere) {
  sayAloud(`SKIPPED: ${IMAGENET_H5} is not there; set IMAGENET_H5 to MobileNetV2’s without top`);
}

const cacheBefore = process.env['TANDEM_CACHE'];
const folder = mkdtempSync(join(tmpdir(), 'tandem-numbers-'));
beforeAll(() => {
  tf.enableProdMode();
  process.env['TANDEM_CACHE'] = join(folder, 'cache');
});
afterAll(() => {
  if (cacheBefore === undefined) delete process.env['TANDEM_CACHE'];
  else process.env['TANDEM_CACHE'] = cacheBefore;
  rmSync(folder, { recursive: true });
});

/** Writes the real backbone with the computed head, as Keras publishes a classifier; returns the SHA-256 of the former. */
async function writeWithTop(): Promise<string> {
  const classifier = buildClassifier('mobilenetv2', IMAGENET_CLASSES);
  const layers = expectedLayers(classifier);
  classifier.dispose();
  const weights = await readKerasWeights(IMAGENET_H5, layers.slice(0, -1));
  const [kernel, bias] = layers.at(-1)!.weights.map(({ shape }) => shape);
  const channels = kernel![0]!;
  const head = (_: unknown, k: number) => {
    const [i, j] = [Math.floor(k / IMAGENET_CLASSES), k % IMAGENET_CLASSES];
    return (((i * 7 + j * 13) % 101) - 50) / 1024;
  };
  weights.set(`${HEAD_NAME}/kernel`, {
    shape: kernel!,
    values: Float32Array.from({ length: channels * IMAGENET_CLASSES }, head),
  });
  weights.set(`${HEAD_NAME}/bias`, {
    shape: bias!,
    values: Float32Array.from({ length: IMAGENET_CLASSES }, (_, j) => (j % 11) / 16),
  });
  await writeKerasWeights(join(folder, NAME), layers, weights);
  return (await fingerprint(IMAGENET_H5)).sha256;
}

test('the record names the weights by their SHA-256', () => {
  expect(record.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
});

(isThere ? test : test.skip)(
  'a pulled MobileNetV2 gives the probabilities of real Keras with real ImageNet weights',
  async () => {
    expect(await writeWithTop()).toBe(record.weightsSha256);
    const classifier: ImagenetClassifier = {
      ...{ model: 'latency', architecture: 'mobilenetv2', reportedTop1: 0.7 },
      weights: { url: `https://storage.example/${NAME}` },
    };
    const classes = Array.from({ length: IMAGENET_CLASSES }, (_, i) => `class_${i}`);
    const { folder: modelDir } = await pullClassifier(classifier, {
      ...{ classes, folder: join(folder, 'latency'), from: folder },
    });
    const engine = await loadEngine({
      ...{ kind: 'onnxruntime', precision: 'fp32', modelDir, threads: 1, onnxCacheDir: join(folder, 'onnx') },
    });
    const ours = await engine.predict(images(), 2);
    await engine.dispose();
    const theirs = floatsOf(record.probabilities);
    expect(ours).toHaveLength(theirs.length);
    const largest = theirs.reduce((max, value, i) => Math.max(max, Math.abs(value - ours[i]!)), 0);
    expect(largest / (Math.max(...theirs) - Math.min(...theirs))).toBeLessThanOrEqual(TOLERANCE);
  },
  TIMEOUT_MS,
);
