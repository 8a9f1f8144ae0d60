import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { modelFolder, namesIn } from '../../cli/options';
import { copyWithoutBase, DEMO_MODELS_DIR } from '../../models/weights/saved-model';

const modelsDir = mkdtempSync(join(tmpdir(), 'tandem-options-'));
const empty = mkdtempSync(join(tmpdir(), 'tandem-empty-'));
beforeAll(() => copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), join(modelsDir, 'flowers')));
afterAll(() => [modelsDir, empty].forEach((folder) => rmSync(folder, { recursive: true })));

test('a model is given by its folder or by its name in MODELS_DIR', () => {
  const folder = join(modelsDir, 'flowers');
  expect(modelFolder(folder, { modelsDir: DEMO_MODELS_DIR })).toBe(folder);
  expect(modelFolder('flowers', { modelsDir })).toBe(folder);
  expect(modelFolder('latency', { modelsDir: DEMO_MODELS_DIR })).toBe(join(DEMO_MODELS_DIR, 'latency'));
});

test('the models in MODELS_DIR are its folders with a model.json', () => {
  expect(namesIn(DEMO_MODELS_DIR)).toEqual(['accuracy', 'latency']);
  expect(namesIn(modelsDir)).toEqual(['flowers']);
});

test('a model that is not there is refused with the names of those that are', () => {
  expect(() => modelFolder('latency', { modelsDir })).toThrow(
    'the model must be one of flowers, or a folder with a model.json, received latency',
  );
});

test.each([empty, join(empty, 'missing')])(
  'without models, MODELS_DIR is refused with the remedy',
  (folder) => {
    expect(() => modelFolder('latency', { modelsDir: folder })).toThrow(
      `MODELS_DIR must hold saved models, received ${folder}, which holds none: correct it, or name the folder of a saved model`,
    );
  },
);
