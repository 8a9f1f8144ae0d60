import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MODEL_IDS } from '../../../models/catalog';
import {
  CLASS_INDEX,
  IMAGENET_CLASSIFIERS,
  imagenetModelsDir,
  readClassIndex,
} from '../../../models/weights/imagenet-classifiers';
import { writeClassIndex } from '../../support/published-classifier';

const folder = mkdtempSync(join(tmpdir(), 'tandem-index-'));
const file = join(folder, 'imagenet_class_index.json');
afterAll(() => rmSync(folder, { recursive: true }));

test('each model has one published classifier, with a size or a sum to check it by', () => {
  expect(IMAGENET_CLASSIFIERS.map(({ model }) => model).sort()).toEqual([...MODEL_IDS].sort());
  for (const { url, md5, bytes } of [...IMAGENET_CLASSIFIERS.map(({ weights }) => weights), CLASS_INDEX]) {
    expect(url).toMatch(/^https:.*(tf_kernels\.h5|tf_kernels_1\.0_224\.h5|class_index\.json)$/);
    expect(md5 ?? bytes).toBeDefined();
    expect(md5 === undefined || /^[0-9a-f]{32}$/.test(md5)).toBe(true);
  }
});

test('the pulled models lie in the cache', () => {
  expect(imagenetModelsDir({ TANDEM_CACHE: '/a' })).toBe('/a/imagenet');
});

test('the class index gives the names in their order, with the id where two classes share one', () => {
  writeClassIndex(file);
  const classes = readClassIndex(file);
  expect(classes).toHaveLength(1000);
  expect([classes[0], classes[999]]).toEqual(['class_0', 'class_999']);
  expect([classes[134], classes[517]]).toEqual(['crane (n00000134)', 'crane (n00000517)']);
  expect(new Set(classes).size).toBe(1000);
});

test.each([
  ['{"0": ["n01440764", "tench"]}', 'class 1 must be a list of a WordNet id and a name, received undefined'],
  [
    '{"0": ["n01440764", ""]}',
    'class 0 must be a list of a WordNet id and a name, received ["n01440764",""]',
  ],
  ['[]', 'class 0 must be a list of a WordNet id and a name, received undefined'],
  ['null', 'class 0 must be a list of a WordNet id and a name, received undefined'],
  ['<html>', 'must be JSON, received'],
])('a class index that is %s is refused with the class and what it is', (text, message) => {
  writeFileSync(file, text);
  expect(() => readClassIndex(file)).toThrow(TypeError);
  expect(() => readClassIndex(file)).toThrow(file);
  expect(() => readClassIndex(file)).toThrow(message);
});
