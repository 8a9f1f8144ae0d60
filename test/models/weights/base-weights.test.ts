import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { fileBase, fillFromBase, imagenetBase } from '../../../models/weights/base-weights';
import { buildBackbone, buildClassifier, HEAD_NAME } from '../../../models/architectures/classifier';
import { fingerprint } from '../../../models/weights/download';
import { IMAGENET_WEIGHTS, type ImagenetFile, imagenetFile } from '../../../models/weights/imagenet-weights';
import { writeKerasWeights } from '../../../models/weights/keras-h5';
import { expectedLayers } from '../../../models/weights/keras-weight-layouts';
import { loadClassifier } from '../../../models/weights/load-classifier';
import { encodeSafetensors } from '../../../models/weights/safetensors';
import {
  type Base,
  checksummed,
  readSavedModel,
  type SavedModelManifest,
} from '../../../models/weights/saved-model';
import { initializeSeeded, readWeights, type Weights } from '../../../models/weights/weights';

const ARCHITECTURE = 'mobilenetv2_050';
const CLASSES = ['left', 'middle', 'right'];

let folder: string;
let weightsFile: string;
let modelDir: string;
let cacheDir: string;
let pretrained: Weights;
let cacheBefore: string | undefined;

beforeAll(async () => {
  tf.enableProdMode();
  cacheBefore = process.env['TANDEM_CACHE'];
  folder = mkdtempSync(join(tmpdir(), 'tandem-bases-'));
  const backbone = buildBackbone(ARCHITECTURE);
  initializeSeeded(backbone, 5);
  pretrained = readWeights(backbone);
  weightsFile = join(folder, 'pretrained.h5');
  await writeKerasWeights(weightsFile, expectedLayers(backbone), pretrained);
  backbone.dispose();
});
afterAll(() => {
  if (cacheBefore === undefined) delete process.env['TANDEM_CACHE'];
  else process.env['TANDEM_CACHE'] = cacheBefore;
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  process.env['TANDEM_CACHE'] = mkdtempSync(join(folder, 'cache-'));
  cacheDir = join(process.env['TANDEM_CACHE'], 'weights');
  modelDir = mkdtempSync(join(folder, 'model-'));
});

/** Names of the weights that differ. */
const differing = (actual: Weights, expected: Weights) =>
  [...expected].flatMap(([name, { values }]) =>
    actual.get(name)?.values.every((value, i) => value === values[i]) === true ? [] : [name],
  );

/** The weights of a classifier filled from a base. */
async function filled(base: Base): Promise<Weights> {
  const classifier = buildClassifier(ARCHITECTURE, CLASSES.length);
  try {
    await fillFromBase(classifier, { architecture: ARCHITECTURE, base, folder: modelDir });
    return readWeights(classifier);
  } finally {
    classifier.dispose();
  }
}

describe('a base of the user’s own file', () => {
  test('fills the backbone and leaves the head at its start', async () => {
    const base = await fileBase(weightsFile);
    expect(base).toEqual({
      kind: 'file',
      file: weightsFile,
      sha256: (await fingerprint(weightsFile)).sha256,
    });
    const weights = await filled(base);
    expect(differing(weights, pretrained)).toEqual([]);
    expect(weights.get(`${HEAD_NAME}/kernel`)!.values.every((value) => value === 0)).toBe(true);
  });

  test('is found beside the model, once both were moved', async () => {
    const moved = join(folder, 'moved.h5');
    copyFileSync(weightsFile, moved);
    const base = await fileBase(moved);
    renameSync(moved, join(modelDir, 'moved.h5'));
    expect(differing(await filled(base), pretrained)).toEqual([]);
  });

  test('is found in the cache though another file of its name lies where it was', async () => {
    const base = await fileBase(weightsFile);
    mkdirSync(cacheDir);
    copyFileSync(weightsFile, join(cacheDir, basename(weightsFile)));
    const elsewhere = join(folder, 'other', basename(weightsFile));
    mkdirSync(join(folder, 'other'));
    writeFileSync(elsewhere, 'something else');
    expect(differing(await filled({ ...base, file: elsewhere } as Base), pretrained)).toEqual([]);
  });

  test('that is nowhere, or another, is refused with the places, both sums and the remedy', async () => {
    const { sha256 } = await fingerprint(weightsFile);
    const file = join(folder, 'replaced.h5');
    writeFileSync(file, 'something else');
    const other = (await fingerprint(file)).sha256;
    await expect(filled({ kind: 'file', file, sha256 })).rejects.toThrow(
      `the model in ${modelDir} needs its base ${file} with SHA-256 ${sha256}, received: ${file} has SHA-256 ${other}; ${join(modelDir, 'replaced.h5')} is not there; ${join(cacheDir, 'replaced.h5')} is not there: put the file that the model was trained from back, or beside ${modelDir}/model.json`,
    );
  });

  test('of another architecture is refused by layer', async () => {
    const classifier = buildClassifier('mobilenetv2', CLASSES.length);
    const base = await fileBase(weightsFile);
    await expect(
      fillFromBase(classifier, { architecture: 'mobilenetv2', base, folder: modelDir }),
    ).rejects.toThrow('layer Conv1: kernel must have shape [3,3,3,32], received [3,3,3,16]');
    classifier.dispose();
  });
});

describe('an ImageNet base', () => {
  test('is downloaded when a training asks for it, and then found in the cache', async () => {
    const server = createServer((_request, response) => {
      void import('node:fs').then(({ createReadStream }) => createReadStream(weightsFile).pipe(response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const from = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const found: ImagenetFile[] = [];
    const base = await imagenetBase(ARCHITECTURE, { from, onFile: (file) => found.push(file) });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const { bytes, sha256 } = await fingerprint(weightsFile);
    const name = 'mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.5_224_no_top.h5';
    expect(base).toEqual({ kind: 'imagenet', file: name, bytes, sha256 });
    expect(found).toEqual([expect.objectContaining({ file: imagenetFile(ARCHITECTURE), sha256 })]);
    expect(differing(await filled(base), pretrained)).toEqual([]);
  });

  test('that is not in the cache is refused with how to get it', async () => {
    const file = basename(imagenetFile(ARCHITECTURE));
    const base = { kind: 'imagenet', file, bytes: 1, sha256: 'a'.repeat(64) } as const;
    await expect(filled(base)).rejects.toThrow(
      `${join(cacheDir, file)} is not there; ${join(modelDir, file)} is not there: download ${IMAGENET_WEIGHTS[ARCHITECTURE].url} to ${join(cacheDir, file)}, or copy it there from where the model was made`,
    );
  });
});

/** Writes a saved model that starts from a base and adds a head. */
function writeModel(base: unknown, head: Weights): void {
  writeFileSync(
    join(modelDir, 'weights.safetensors'),
    encodeSafetensors(head, () => 'F32'),
  );
  const manifest: SavedModelManifest = {
    format: 'tandem-saved-model',
    formatVersion: 1,
    model: 'latency',
    architecture: ARCHITECTURE,
    classes: CLASSES,
    demo: false,
    base: base as Base,
    weights: checksummed(modelDir, 'weights.safetensors'),
  };
  writeFileSync(join(modelDir, 'model.json'), JSON.stringify(manifest));
}

test('a saved model is its base and what differs from it', async () => {
  const values = Float32Array.from({ length: 1280 * CLASSES.length }, (_, i) => i / 1000);
  const delta: Weights = new Map([
    ['Conv_1_bn/gamma', { shape: [1280], values: new Float32Array(1280).fill(3) }],
    [`${HEAD_NAME}/kernel`, { shape: [1280, CLASSES.length], values }],
  ]);
  writeModel(await fileBase(weightsFile), delta);
  const classifier = await loadClassifier(modelDir);
  const weights = readWeights(classifier);
  classifier.dispose();
  expect(differing(weights, pretrained)).toEqual(['Conv_1_bn/gamma']);
  expect(differing(weights, delta)).toEqual([]);
});

test.each([
  [undefined, 'base.kind must be one of seed, demo, imagenet, file'],
  [{ kind: 'hub' }, 'base.kind must be one of seed, demo, imagenet, file'],
  [{ kind: 'seed', seed: 'x' }, 'base.seed must be a whole number, received "x"'],
  [{ kind: 'file', sha256: 'a'.repeat(64) }, 'base.file must be a path, received undefined'],
  [
    { kind: 'file', file: 'a.h5', sha256: 'abc' },
    'base.sha256 must be 64 lower-case hexadecimal digits, received "abc"',
  ],
  [
    { kind: 'imagenet', file: '../a.h5', sha256: 'a'.repeat(64), bytes: 1 },
    'base.file must be a file name, received "../a.h5"',
  ],
])('a saved model whose base is %j is refused by its field', (base, message) => {
  writeModel(base, new Map());
  expect(() => readSavedModel(modelDir)).toThrow(message);
});
