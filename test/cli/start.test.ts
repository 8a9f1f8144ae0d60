import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pulledModelsDir, writeManifests } from '../../cli/start';
import { headerOf, SYNTH } from '../../infra/write-manifests';

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

test('npm start has a line on the manifests that it changed, and none where it changed none', () => {
  const outdir = join(folder, 'dist');
  expect(writeManifests(outdir, {}).changeLine).toBeUndefined();
  expect(writeManifests(outdir, {}).changeLine).toBeUndefined();
  writeFileSync(join(outdir, 'latency-hpa.k8s.yaml'), `${headerOf(SYNTH)}\nkind: Earlier\n`);
  expect(writeManifests(outdir, {}).changeLine).toMatch(/^wrote \d+ files to .*; changed latency-hpa\.k8s\.yaml$/);
  const { files, changeLine } = writeManifests(outdir, { TANDEM_NAMESPACE: 'vision' });
  expect(files).toEqual(readdirSync(outdir).sort());
  expect(files).not.toContain('00-namespace.k8s.yaml');
  expect(changeLine).toContain('changed 00-namespace.k8s.yaml, ');
});
