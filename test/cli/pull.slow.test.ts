/** `tandem pull imagenet` with files of the full size, from a local server to models that the engine runs. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { pullImagenet, type PullSources } from '../../cli/pull-action';
import { loadEngine } from '../../models/engines/load';
import { fingerprint } from '../../models/weights/download';
import { IMAGENET_CLASSIFIERS } from '../../models/weights/imagenet-classifiers';
import { weightsCacheDir } from '../../models/weights/imagenet-weights';
import { publishedName } from '../../models/weights/obtain';
import { readSavedModel } from '../../models/weights/saved-model';
import type { Weights } from '../../models/weights/weights';
import { type FileServer, serveFolder } from '../support/file-server';
import { images } from '../support/keras-architectures';
import { writeClassIndex, writePublishedClassifier } from '../support/published-classifier';
import { differing } from '../support/pulled-model';

/** 200 MB are written, served, read and exported, on a busy machine. */
const TIMEOUT_MS = 300_000;

const cacheBefore = process.env['TANDEM_CACHE'];
const folder = mkdtempSync(join(tmpdir(), 'tandem-pull-'));
const mirror = join(folder, 'mirror');
const weights = new Map<string, Weights>();
const said: string[] = [];
let server: FileServer;
let sources: PullSources;

const publish = async (url: string) => {
  const { bytes, md5 } = await fingerprint(join(mirror, publishedName({ url })));
  return { url, bytes, md5 };
};

beforeAll(async () => {
  tf.enableProdMode();
  process.env['TANDEM_CACHE'] = join(folder, 'cache');
  mkdirSync(mirror);
  const classifiers = [];
  for (const classifier of IMAGENET_CLASSIFIERS) {
    const { architecture, model } = classifier;
    const { url } = classifier.weights;
    weights.set(model, await writePublishedClassifier(join(mirror, publishedName({ url })), architecture));
    classifiers.push({ ...classifier, weights: await publish(url) });
  }
  writeClassIndex(join(mirror, 'imagenet_class_index.json'));
  sources = {
    classifiers,
    classIndex: await publish('https://storage.example/imagenet_class_index.json'),
    stream: { write: (text) => said.push(text) },
  };
  server = await serveFolder(mirror);
}, TIMEOUT_MS);
afterAll(async () => {
  await server.close();
  if (cacheBefore === undefined) delete process.env['TANDEM_CACHE'];
  else process.env['TANDEM_CACHE'] = cacheBefore;
  rmSync(folder, { recursive: true });
});

test(
  'both classifiers are pulled, the larger from the byte where an earlier call stopped',
  async () => {
    const [first, second] = sources.classifiers;
    const part = join(weightsCacheDir(), `${publishedName(second!.weights)}.part`);
    mkdirSync(weightsCacheDir(), { recursive: true });
    copyFileSync(join(mirror, publishedName(second!.weights)), part);
    truncateSync(part, 150_000_000);
    const lines = await pullImagenet({ from: server.url }, sources);
    expect(server.requests).toEqual([
      { path: '/imagenet_class_index.json', range: undefined },
      { path: `/${publishedName(first!.weights)}`, range: undefined },
      { path: `/${publishedName(second!.weights)}`, range: 'bytes=150000000-' },
    ]);
    expect(lines[1]).toMatch(
      /^accuracy: ResNet101V2, 1000 classes, top-1 accuracy 77\.2 % \(reported by Keras\), in /,
    );
    expect(said.join('')).toMatch(/downloading ResNet101V2, MB (\d+)\/\1 .*\n.* bytes as published, MD5 /);
  },
  TIMEOUT_MS,
);

test.each(IMAGENET_CLASSIFIERS)(
  'the $model model has the published weights, and the engine runs it',
  async ({ model }) => {
    const modelDir = join(folder, 'cache', 'imagenet', model);
    expect(await differing(modelDir, weights.get(model)!)).toEqual([]);
    expect(readFileSync(join(modelDir, 'model-card.md'), 'utf8')).toContain('trained on ImageNet by Keras');
    const engine = await loadEngine({
      ...{ kind: 'onnxruntime', precision: 'fp32', modelDir, threads: 1, onnxCacheDir: join(folder, 'onnx') },
    });
    const probabilities = await engine.predict(images().subarray(0, 224 * 224 * 3), 1);
    await engine.dispose();
    expect(engine.classes).toEqual(readSavedModel(modelDir).classes);
    expect(probabilities).toHaveLength(1000);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 4);
  },
  TIMEOUT_MS,
);

test(
  'a second call, from a folder, makes no request and leaves the model as it was',
  async () => {
    // The smaller one: the other has ten times the weights and shows the same.
    const [classifier] = sources.classifiers;
    const manifest = join(folder, 'cache', 'imagenet', classifier!.model, 'model.json');
    const before = readFileSync(manifest, 'utf8');
    server.requests.length = 0;
    await pullImagenet({ from: mirror }, { ...sources, classifiers: [classifier!] });
    expect(server.requests).toEqual([]);
    expect(readFileSync(manifest, 'utf8')).toBe(before);
  },
  TIMEOUT_MS,
);
