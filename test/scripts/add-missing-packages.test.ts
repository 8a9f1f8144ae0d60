import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import manifest from '../../package.json';
import { moveMissing, reducedManifest } from '../../scripts/add-missing-packages';

const folder = mkdtempSync(join(tmpdir(), 'tandem-packages-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

test('packages that are missing are added, and those that are there stay as they are', () => {
  for (const name of ['here/index.js', '@scope/here/index.js', '.bin/here']) write(join('to', name), 'old');
  for (const name of [
    ...['here/index.js', '@scope/here/index.js', '.bin/here', '.package-lock.json'],
    ...['@a/wanted/index.js', '@scope/new/index.js', 'new/node_modules/inner/index.js', '.bin/new'],
  ])
    write(join('from', name), 'new');
  const before = statSync(join(folder, 'to', 'here', 'index.js')).ino;

  const moved = moveMissing(join(folder, 'from'), join(folder, 'to'), '@a/wanted');

  expect(moved.toSorted()).toEqual(['.bin/new', '@a/wanted', '@scope/new', 'new']);
  // Whoever finds the package finds what it needs.
  expect(moved.at(-1)).toBe('@a/wanted');
  expect(readFileSync(join(folder, 'to', 'new/node_modules/inner/index.js'), 'utf8')).toBe('new');
  expect(readFileSync(join(folder, 'to', '@scope/here/index.js'), 'utf8')).toBe('old');
  expect(statSync(join(folder, 'to', 'here', 'index.js')).ino).toBe(before);
});

test('only the missing package is asked for, at the version of package.json', () => {
  expect(reducedManifest(manifest, '@tensorflow/tfjs-node')).toEqual({
    ...{ name: 'tandem', version: manifest.version, private: true },
    dependencies: { '@tensorflow/tfjs-node': manifest.optionalDependencies['@tensorflow/tfjs-node'] },
  });
});
