import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pulledModelsDir, readWords, writeManifests } from '../../cli/start';
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
  expect(writeManifests(outdir, {}).changeLine).toMatch(
    /^wrote \d+ files to .*; changed latency-hpa\.k8s\.yaml$/,
  );
  const { files, changeLine } = writeManifests(outdir, { TANDEM_NAMESPACE: 'vision' });
  expect(files).toEqual(readdirSync(outdir).sort());
  expect(files).not.toContain('00-namespace.k8s.yaml');
  expect(changeLine).toContain('changed 00-namespace.k8s.yaml, ');
});

test('npm start advises whoever keeps a changed manifest in its folder, which it has no option for', () => {
  const outdir = join(folder, 'changed');
  mkdirSync(outdir);
  writeFileSync(join(outdir, 'latency-hpa.k8s.yaml'), 'kind: Mine\n');
  expect(() => writeManifests(outdir, {})).toThrow(
    'received latency-hpa.k8s.yaml: move that file or serve with npx tandem serve FOLDER and write the manifests elsewhere with npx tandem synth --out FOLDER',
  );
  expect(() => writeManifests(join(outdir, 'latency-hpa.k8s.yaml'), {})).toThrow(
    /^dist must be a folder that can be created .*: serve with npx tandem serve/,
  );
});

test.each(['--port', '9000', 'build/models/flowers', '-v'])(
  'npm start refuses %s and says what to do instead',
  (word) => {
    expect(() => readWords(['--verbose', word])).toThrow(
      `npm start takes --verbose only, received ${word}: set PORT, HOST and others as variables (docs/serving.md#variables), and serve models of your own with npx tandem serve FOLDER`,
    );
  },
);

test('npm start knows --verbose and --help', () => {
  expect(readWords([])).toEqual({ verbose: false, help: false });
  expect(readWords(['--verbose'])).toEqual({ verbose: true, help: false });
  expect(readWords(['--help'])).toEqual({ verbose: false, help: true });
});
