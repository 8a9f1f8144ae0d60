import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { files, scripts } from '../../package.json';
import { removeStale } from '../../scripts/compile-package';

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'tandem-pack-'))));
afterEach(() => rmSync(root, { recursive: true }));

test('a package ships no compiled file of a source that is gone, and packing keeps trained models', () => {
  const kept = [
    'build/bench/peers/engine-alone.js',
    'build/bundle/main.js',
    'build/cli/main.js',
    'build/models/flowers/evaluation.json',
    'build/models/flowers/model.json',
    'build/models/flowers/model.safetensors',
    'build/models/weights/saved-model.js',
    'cli/main.js',
  ];
  const stale = ['build/cli/renamed.js', 'build/models/weights/old/gone.js'];
  for (const file of [...kept, ...stale]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  const written = new Set(['build/cli/main.js', 'build/models/weights/saved-model.js']);
  expect(removeStale(root, files, written)).toEqual(stale);
  const left = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
  expect(left.sort()).toEqual(kept);
});

test('npm pack compiles so', () => {
  expect(scripts.prepack).toBe('tsx scripts/compile-package.ts');
});
