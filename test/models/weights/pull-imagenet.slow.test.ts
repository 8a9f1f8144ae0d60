import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import {
  type ImagenetClassifier,
  imagenetModelsDir,
  readClassIndex,
} from '../../../models/weights/imagenet-classifiers';
import { findBaseFile } from '../../../models/weights/base-weights';
import { fingerprint } from '../../../models/weights/download';
import { packSavedModel } from '../../../models/weights/pack';
import { pullClassifier } from '../../../models/weights/pull-imagenet';
import { savedModelSha256 } from '../../../models/weights/saved-model';
import type { Weights } from '../../../models/weights/weights';
import { writeClassIndex, writePublishedClassifier } from '../../support/published-classifier';
import { differing } from '../../support/pulled-model';

const NAME = 'mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.5_224.h5';
/** Each test reads and writes millions of numbers, on a busy machine. */
const TIMEOUT_MS = 120_000;

const cacheBefore = process.env['TANDEM_CACHE'];
const folder = mkdtempSync(join(tmpdir(), 'tandem-pull-'));
let classifier: ImagenetClassifier;
let published: Weights;
let classes: string[];

beforeAll(async () => {
  tf.enableProdMode();
  published = await writePublishedClassifier(join(folder, NAME), 'mobilenetv2_050');
  const { bytes, md5 } = await fingerprint(join(folder, NAME));
  classifier = {
    ...{ model: 'latency', architecture: 'mobilenetv2_050', reportedTop1: 0.5 },
    weights: { url: `https://storage.example/mobilenet_v2/${NAME}`, bytes, md5 },
  };
  writeClassIndex(join(folder, 'index.json'));
  classes = readClassIndex(join(folder, 'index.json'));
}, TIMEOUT_MS);
afterAll(() => {
  if (cacheBefore === undefined) delete process.env['TANDEM_CACHE'];
  else process.env['TANDEM_CACHE'] = cacheBefore;
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  process.env['TANDEM_CACHE'] = mkdtempSync(join(folder, 'cache-'));
});

const pull = (changes: Partial<ImagenetClassifier> = {}, names = classes) =>
  pullClassifier(
    { ...classifier, ...changes },
    { classes: names, folder: join(imagenetModelsDir(), 'latency'), from: folder },
  );

test(
  'a published classifier becomes a saved model with its weights and Keras’ input range; repeated, the same bytes',
  async () => {
    const saved = await pull();
    expect(saved).toMatchObject({
      ...{ model: 'latency', architecture: 'mobilenetv2_050', preprocessing: 'minus-one-to-one' },
      ...{ classes, demo: false, base: { kind: 'imagenet', file: NAME } },
    });
    expect(await differing(saved.folder, published)).toEqual([]);
    const sum = savedModelSha256(saved);
    expect(savedModelSha256(await pull())).toBe(sum);
  },
  TIMEOUT_MS,
);

test(
  'it is packed with its weights, and the copy loads where the cache is gone',
  async () => {
    const packed = await packSavedModel((await pull()).folder, join(folder, 'packed'));
    rmSync(process.env['TANDEM_CACHE']!, { recursive: true });
    expect(await differing(packed, published)).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a file of another architecture, or with another number of classes, is refused by layer, and no model is written',
  async () => {
    await expect(pull({ architecture: 'mobilenetv2' })).rejects.toThrow(
      'layer Conv1: kernel must have shape [3,3,3,32], received [3,3,3,16]',
    );
    await expect(pull({}, classes.slice(1))).rejects.toThrow(
      'layer predictions, Logits in the file: kernel must have shape [1280,999], received [1280,1000]',
    );
    expect(existsSync(imagenetModelsDir())).toBe(false);
  },
  TIMEOUT_MS,
);

test('a model whose file is gone says where to get the file with top', async () => {
  const file = 'mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5';
  const base = { kind: 'imagenet', file, bytes: 1, sha256: 'a'.repeat(64) } as const;
  await expect(findBaseFile(base, 'mobilenetv2', folder)).rejects.toThrow(
    new RegExp(
      `: download https://.*/${file} to .*/weights/${file}, or copy it there from where the model was made$`,
    ),
  );
});
