/** From the committed demo models to an answer over HTTP: the real engine, the real application, real images. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import { pino } from 'pino';
import sharp from 'sharp';

import { INPUT_SHAPE, MODEL_IDS, type ModelId, RESCALE } from '../models/catalog';
import type { DemoEvaluation } from '../models/demo/evaluate';
import { drawSurface } from '../models/demo/image-set';
import { residualShares } from '../models/demo/residuals';
import { SAMPLE_INDEX, TEST_SPLIT } from '../models/demo/splits';
import { type SurfaceName, TASKS } from '../models/demo/surfaces';
import { loadTfjs } from '../models/engines/tfjs';
import { REPORT_FILES } from '../models/report-files';
import { loadClassifier } from '../models/weights/load-classifier';
import { openSession, runSession } from '../models/engines/onnxruntime/session';
import { justifiedPrecision } from '../models/engines/onnxruntime/engine';
import { cachedGraph, graphFile } from '../models/engines/onnxruntime/graph-cache';
import { checksummed, DEMO_MODELS_DIR, readSavedModel } from '../models/weights/saved-model';
import type { Classification } from '../service/api/schemas';
import { type Running, serve } from '../service/main';
import type { ModelState } from '../service/inference/model-process';
import { DEMO_GRAPHS } from './support/demo-graphs';

const onnxCacheDir = DEMO_GRAPHS;
const folderOf = (model: ModelId) => join(DEMO_MODELS_DIR, model);
const [HEIGHT, WIDTH] = INPUT_SHAPE;

let running: Running;

beforeAll(async () => {
  running = await serve(
    {
      port: 0,
      models: MODEL_IDS,
      engine: 'onnxruntime',
      cpuLimitMillis: 2000,
      threads: 2,
      modelsDir: DEMO_MODELS_DIR,
      onnxCacheDir,
      logLevel: 'silent',
      corsOrigins: [],
      maxConnections: 1_000,
    },
    { log: pino({ level: 'silent' }) },
  );
  await running.ready;
}, 120_000);
afterAll(() => running.stop());

async function classify(model: ModelId, png: Buffer): Promise<Classification> {
  const response = await fetch(`http://127.0.0.1:${running.port}/v1/classify?model=${model}`, {
    method: 'POST',
    headers: { 'content-type': 'image/png' },
    body: new Uint8Array(png),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Classification;
}

const pixelsOf = (name: SurfaceName, index: number) => drawSurface(name, { ...TEST_SPLIT, index });
const pngOf = (pixels: Uint8ClampedArray) =>
  sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .png()
    .toBuffer();

describe.each(MODEL_IDS)('the demo model %s', (model) => {
  test.each(TASKS.transfer)('recognizes a held-out image of %s', async (name) => {
    const answer = await classify(model, await pngOf(pixelsOf(name, SAMPLE_INDEX)));
    expect(answer).toMatchObject({ model, demo: true });
    expect(answer.top[0]!.class).toBe(name);
    const sum = answer.top.reduce((total, { probability }) => total + probability, 0);
    expect(sum).toBeGreaterThan(0.9);
    expect(sum).toBeLessThanOrEqual(1.0001);
  });

  test('states its classes and what it was trained on', () => {
    expect(readSavedModel(folderOf(model))).toMatchObject({ model, demo: true, classes: TASKS.transfer });
  });

  test('is loaded as a graph that the service names with the checksum of its bytes', () => {
    const { state } = running.queues.get(model)!;
    const { files, precision } = (state as Extract<ModelState, { kind: 'ready' }>).loaded;
    expect(precision).toBe(justifiedPrecision(readSavedModel(folderOf(model))));
    const graph = graphFile(folderOf(model), onnxCacheDir, precision);
    expect(files).toContainEqual({ ...checksummed(onnxCacheDir, basename(graph)), file: graph });
  });

  test('gives tfjs’ probabilities from its export, within 5e-5 on the wasm backend', async () => {
    const engine = await loadTfjs({ kind: 'wasm', modelDir: folderOf(model), threads: 1, onnxCacheDir });
    const session = await openSession((await cachedGraph(folderOf(model), onnxCacheDir)).source, 2);
    const image = Float32Array.from(pixelsOf('weave', 1), (value) => value * RESCALE);
    const expected = await engine.predict(image, 1);
    const actual = await runSession(session, image, [1, ...INPUT_SHAPE]);
    const largest = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
    expect(largest).toBeLessThanOrEqual(5e-5);
    await engine.dispose();
    // The service serves int8 where that is fast, so that the fp32 graph is exported here.
  }, 120_000);
});

test('the accurate demo model is measurably better: the 95 % intervals of 600 test images do not overlap', () => {
  const measured = (model: ModelId) =>
    // Written by `tandem evaluate --write-card`.
    JSON.parse(readFileSync(join(folderOf(model), REPORT_FILES.figures), 'utf8')) as DemoEvaluation;
  const [accurate, quick] = [measured('accuracy'), measured('latency')];
  for (const { images } of [accurate, quick]) {
    expect(images).toBe(TEST_SPLIT.perClass * TASKS.transfer.length);
    expect(images).toBe(600);
  }
  expect(accurate.interval95[0]).toBeGreaterThan(quick.interval95[1]);
  expect(quick.accuracy).toBeGreaterThan(0.8);
});

test('of each numbered sample of the page, one model is right and the other is wrong', async () => {
  const folder = join(DEMO_MODELS_DIR, 'samples');
  const right: ModelId[] = [];
  for (const name of readdirSync(folder).filter((each) => /\.\d+\.jpg$/.test(each))) {
    for (const model of MODEL_IDS) {
      const { top } = await classify(model, readFileSync(join(folder, name)));
      if (top[0]!.class === name.replace(/\.\d+\.jpg$/, '')) right.push(model);
    }
  }
  expect(right.sort()).toEqual([...MODEL_IDS].sort());
});

test('every residual branch of ResNet101V2 contributes at least 1 % of its output’s norm', async () => {
  await tf.setBackend('wasm');
  const classifier = await loadClassifier(folderOf('accuracy'));
  const image = tf.tensor4d(
    Float32Array.from(pixelsOf('dots', 0), (value) => value * RESCALE),
    [1, ...INPUT_SHAPE],
  );
  const shares = residualShares(classifier, image);
  expect(shares).toHaveLength(33);
  for (const { share } of shares) expect(share).toBeGreaterThanOrEqual(0.01);
});
