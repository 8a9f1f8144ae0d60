import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { INPUT_SHAPE, type Preprocessing } from '../../../models/catalog';
import { buildClassifier } from '../../../models/architectures/classifier';
import type { EngineKind, LoadEngine } from '../../../models/engines/engine';
import { loadEngine } from '../../../models/engines/load';
import { checkTfjsNode, hasTfjsNode } from '../../../models/engines/tfjs';
import { encodeSafetensors } from '../../../models/weights/safetensors';
import { checksummed, type SavedModelManifest } from '../../../models/weights/saved-model';
import { seededRandom } from '../../../statistics/seeded-random';
import { readWeights, seededWeight, type Weights } from '../../../models/weights/weights';

let mockReadOnly = false;
jest.mock('../../../files/write', () => ({
  ...jest.requireActual<object>('../../../files/write'),
  writeFileAtomic: (file: string, contents: Uint8Array) => {
    if (mockReadOnly)
      throw Object.assign(new Error('read-only file system'), { code: 'EROFS', syscall: 'open' });
    writeFileSync(file, contents);
  },
}));

const CLASSES = ['left', 'middle', 'right'];
const SIZE = INPUT_SHAPE[0] * INPUT_SHAPE[1] * INPUT_SHAPE[2];

let folder: string;
let modelDir: string;
let onnxCacheDir: string;
let gammas: Weights;

/** Writes a MobileNetV2 drawn from a seed, whose BatchNorm amplifies so that images still differ at its end. */
function writeModel(headSeed: number, preprocessing?: Preprocessing): void {
  const head = 'predictions/kernel';
  const shape = [1280, CLASSES.length];
  const weights: Weights = new Map(gammas).set(head, { shape, values: seededWeight(headSeed, head, shape) });
  const file = encodeSafetensors(weights, () => 'F32');
  writeFileSync(join(modelDir, 'weights.safetensors'), file);
  const manifest: SavedModelManifest = {
    format: 'tandem-saved-model',
    formatVersion: 1,
    model: 'latency',
    architecture: 'mobilenetv2',
    ...(preprocessing === undefined ? {} : { preprocessing }),
    classes: CLASSES,
    demo: false,
    base: { kind: 'seed', seed: 1 },
    weights: checksummed(modelDir, 'weights.safetensors'),
  };
  writeFileSync(join(modelDir, 'model.json'), JSON.stringify(manifest));
}

beforeAll(() => {
  tf.enableProdMode();
  const classifier = buildClassifier('mobilenetv2', CLASSES.length);
  gammas = new Map(
    [...readWeights(classifier)]
      .filter(([name]) => name.endsWith('/gamma'))
      .map(([name, { shape, values }]) => [name, { shape, values: values.fill(4) }]),
  );
  classifier.dispose();
});
beforeEach(() => {
  mockReadOnly = false;
  folder = mkdtempSync(join(tmpdir(), 'tandem-engines-'));
  [modelDir, onnxCacheDir] = [mkdtempSync(join(folder, 'model-')), join(folder, 'cache')];
  writeModel(1);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The graphs in the cache, without their checksums. */
const graphs = () => readdirSync(onnxCacheDir).filter((file) => file.endsWith('.onnx'));

const load = (kind: EngineKind, loader: LoadEngine = loadEngine) =>
  loader({ kind, modelDir, threads: 1, onnxCacheDir });

/** Two images of noise, [2, 224, 224, 3]. */
function noise(): Float32Array {
  const random = seededRandom(3, 'noise');
  return Float32Array.from({ length: 2 * SIZE }, () => random.uniform());
}

async function predictOnce(kind: EngineKind, loader?: LoadEngine): Promise<Float32Array> {
  const engine = await load(kind, loader);
  const probabilities = await engine.predict(noise(), 2); // [2, 3]
  await engine.dispose();
  return probabilities;
}

test('onnxruntime and wasm say what they run and give the same probabilities for a batch', async () => {
  const [exported, wasm] = [await load('onnxruntime'), await load('wasm')];
  expect(exported).toMatchObject({ kind: 'onnxruntime', precision: 'fp32', threads: 1, classes: CLASSES });
  expect(wasm).toMatchObject({ kind: 'wasm', precision: 'fp32', threads: 1, classes: CLASSES });
  const [actual, expected] = [await exported.predict(noise(), 2), await wasm.predict(noise(), 2)];
  expect(actual).toHaveLength(2 * CLASSES.length);
  expect(Math.max(...actual.map((p, i) => Math.abs(p - expected[i]!)))).toBeLessThan(5e-5);
  expect(Math.max(...actual)).toBeGreaterThan(0.4); // or else three equal thirds would pass
  await Promise.all([exported.dispose(), wasm.dispose()]);
});

test('a model on [-1, 1] gets them in every engine', async () => {
  const plain = await predictOnce('onnxruntime');
  writeModel(1, 'minus-one-to-one');
  const [actual, expected] = [await predictOnce('onnxruntime'), await predictOnce('wasm')];
  expect(Math.max(...actual.map((p, i) => Math.abs(p - expected[i]!)))).toBeLessThan(5e-5);
  expect(Math.max(...actual.map((p, i) => Math.abs(p - plain[i]!)))).toBeGreaterThan(0.001);
  writeModel(1, 'caffe' as Preprocessing);
  await expect(load('onnxruntime')).rejects.toThrow(
    'preprocessing must be one of zero-to-one, minus-one-to-one, received "caffe"',
  );
});

test('an image gets the same probabilities alone and in a batch', async () => {
  const engine = await load('onnxruntime');
  const both = await engine.predict(noise(), 2);
  const second = await engine.predict(noise().subarray(SIZE), 1);
  second.forEach((p, i) => expect(p).toBeCloseTo(both[CLASSES.length + i]!, 6));
  await engine.dispose();
});

test('the graph is exported once and then served without loading tfjs', async () => {
  const first = await predictOnce('onnxruntime');
  const files = graphs();
  expect(files).toEqual([expect.stringMatching(/^latency-[0-9a-f]{16}-fp32-v\d+\.onnx$/)]);
  const written = statSync(join(onnxCacheDir, files[0]!)).mtimeMs;
  await jest.isolateModulesAsync(async () => {
    jest.doMock('@tensorflow/tfjs', () => {
      throw new Error('tfjs was loaded');
    });
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would be resolved before the mock
    const fresh = require('../../../models/engines/load') as typeof import('../../../models/engines/load.js');
    expect(await predictOnce('onnxruntime', fresh.loadEngine)).toEqual(first);
  });
  jest.dontMock('@tensorflow/tfjs');
  expect(statSync(join(onnxCacheDir, files[0]!)).mtimeMs).toBe(written);
});

test('on Node 23 and later, tfjs-node asks for an older Node in one sentence', () => {
  expect(hasTfjsNode('24.9.0')).toBe(false);
  expect(() => checkTfjsNode('24.9.0')).toThrow(
    /^training and engine tfjs-node need Node 20 or 22, this is Node 24\.9\.0: repeat the command with Node 22$/,
  );
});

test('a model that changed gets a graph of its own', async () => {
  const before = await predictOnce('onnxruntime');
  writeModel(2);
  const after = await predictOnce('onnxruntime');
  expect(graphs()).toHaveLength(2);
  expect(after).not.toEqual(before);
});

test('where the cache cannot be written the model is served from memory', async () => {
  const written = await predictOnce('onnxruntime');
  rmSync(onnxCacheDir, { recursive: true });
  mockReadOnly = true;
  expect(await predictOnce('onnxruntime')).toEqual(written);
  expect(readdirSync(onnxCacheDir)).toEqual([]);
  expect(await load('onnxruntime')).toMatchObject({ graphNotStored: 'read-only file system' });
});

test('a damaged model is refused by its checksum, with the remedy', async () => {
  const weights = join(modelDir, 'weights.safetensors');
  const bytes = readFileSync(weights);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(weights, bytes);
  await expect(load('onnxruntime')).rejects.toThrow(/must have SHA-256 .*the file is damaged; copy it again/);
});
