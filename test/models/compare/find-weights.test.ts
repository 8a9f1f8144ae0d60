import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ARCHITECTURE_IDS } from '../../../models/catalog';
import { findWeights } from '../../../models/compare/find-weights';
import { IMAGENET_CLASSIFIERS } from '../../../models/weights/imagenet-classifiers';
import { IMAGENET_WEIGHTS, imagenetFile } from '../../../models/weights/imagenet-weights';
import { publishedName } from '../../../models/weights/obtain';

const folder = mkdtempSync(join(tmpdir(), 'tandem-weights-'));
const { TANDEM_CACHE: before } = process.env;
beforeAll(() => {
  process.env['TANDEM_CACHE'] = folder;
  mkdirSync(join(folder, 'weights'));
});
afterAll(() => {
  if (before === undefined) delete process.env['TANDEM_CACHE'];
  else process.env['TANDEM_CACHE'] = before;
  rmSync(folder, { recursive: true });
});

const find = (files: readonly string[] = []) =>
  findWeights(ARCHITECTURE_IDS, { files, download: false, note: () => undefined });

test('without weights the demo’s bases take part, and what is missing is named with its URL', async () => {
  const { found, missing } = await find();
  const demo = { weights: 'demo', preprocessing: 'zero-to-one' };
  expect(Object.fromEntries(found)).toEqual({ resnet101v2: demo, mobilenetv2: demo });
  expect(missing.map(({ architecture, demoInstead }) => [architecture, demoInstead])).toEqual([
    ['resnet101v2', true],
    ['resnet50v2', false],
    ['mobilenetv2', true],
    ['mobilenetv2_050', false],
  ]);
  expect(missing[1]!.url).toBe(IMAGENET_WEIGHTS.resnet50v2.url);
});

test('weights in the cache are found: those of a training, and those of `tandem pull imagenet`', async () => {
  writeFileSync(imagenetFile('mobilenetv2_050'), '');
  const pulled = IMAGENET_CLASSIFIERS.find(({ architecture }) => architecture === 'resnet101v2')!;
  const file = join(folder, 'weights', publishedName(pulled.weights));
  writeFileSync(file, '');
  const { found } = await find();
  const preprocessing = 'minus-one-to-one';
  expect(found.get('mobilenetv2_050')).toEqual({ weights: 'imagenet', preprocessing });
  expect(found.get('resnet101v2')).toEqual({ weights: file, preprocessing });
});

test('a file that is not there is refused', async () => {
  await expect(find([join(folder, 'none.h5')])).rejects.toThrow(
    `--weights must be existing Keras files (.h5 or .keras), received ${join(folder, 'none.h5')}`,
  );
});
