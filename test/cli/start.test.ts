import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pulledModelsDir } from '../../cli/start';

const folder = mkdtempSync(join(tmpdir(), 'tandem-start-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('npm start takes the pulled models where all to serve are there and MODELS_DIR names no other', () => {
  const cache = join(folder, 'cache');
  const put = (model: string) => {
    mkdirSync(join(cache, 'imagenet', model), { recursive: true });
    writeFileSync(join(cache, 'imagenet', model, 'model.json'), '{}');
  };
  const found = (changes: NodeJS.ProcessEnv = {}) => pulledModelsDir({ TANDEM_CACHE: cache, ...changes });
  expect(found()).toBeUndefined();
  put('latency');
  expect(found()).toBeUndefined();
  expect(found({ MODELS: 'latency' })).toBe(join(cache, 'imagenet'));
  put('accuracy');
  expect(found({ MODELS_DIR: '' })).toBe(join(cache, 'imagenet'));
  expect(found({ MODELS_DIR: folder })).toBeUndefined();
});
