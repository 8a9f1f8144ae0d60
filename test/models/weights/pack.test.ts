import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { sha256 } from '../../../files/sha256';
import { REPORT_FILES } from '../../../models/report-files';
import { loadClassifier } from '../../../models/weights/load-classifier';
import { packSavedModel } from '../../../models/weights/pack';
import { DEMO_MODELS_DIR, readSavedModel, savedModelSha256 } from '../../../models/weights/saved-model';

let folder: string;
let source: string;
let packed: string;

beforeAll(() => tf.enableProdMode());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-pack-'));
  // As in the demo: the base is beside the model's folder, not in it.
  source = join(folder, 'models', 'any-name');
  mkdirSync(source, { recursive: true });
  copyFileSync(
    join(DEMO_MODELS_DIR, 'mobilenetv2.safetensors.gz'),
    join(folder, 'models', 'mobilenetv2.safetensors.gz'),
  );
  for (const name of ['model.json', 'weights.safetensors', 'model-card.md']) {
    copyFileSync(join(DEMO_MODELS_DIR, 'latency', name), join(source, name));
  }
  packed = join(folder, 'packed');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a packed model is the same by its checksum, and loads where its base’s place is gone', async () => {
  const before = savedModelSha256(readSavedModel(source));
  const target = await packSavedModel(source, packed);
  expect(target).toBe(join(packed, 'latency'));
  rmSync(join(folder, 'models'), { recursive: true });
  expect(savedModelSha256(readSavedModel(target))).toBe(before);
  expect(readFileSync(join(target, 'model-card.md'), 'utf8')).toContain('#');
  (await loadClassifier(target)).dispose();
});

test('every file that the card links is packed', async () => {
  for (const name of Object.values(REPORT_FILES)) writeFileSync(join(source, name), `the file ${name}`);
  const target = await packSavedModel(source, packed);
  for (const name of Object.values(REPORT_FILES)) {
    expect(readFileSync(join(target, name), 'utf8')).toBe(`the file ${name}`);
  }
});

test.each(['demo', 'file'])(
  'a %s base that was given by its path is packed without the path, and int8 still belongs to the model',
  async (kind) => {
    const name = 'mobilenetv2.safetensors.gz';
    // The path to a demo base is relative to the model, that to a user's file as given.
    const base = kind === 'demo' ? `../../models/${name}` : join(folder, 'models', name);
    const manifest = join(source, 'model.json');
    const given = readFileSync(manifest, 'utf8').replace(`../${name}`, base).replace('"demo",', `"${kind}",`);
    writeFileSync(manifest, given);
    expect(readSavedModel(source).base).toMatchObject({ kind, file: base });
    const before = savedModelSha256(readSavedModel(source));
    writeFileSync(join(source, 'int8.json'), JSON.stringify({ modelSha256: before, images: 3 }));
    const target = await packSavedModel(source, packed);
    const saved = readSavedModel(target);
    expect(saved.base).toEqual({ ...readSavedModel(source).base, file: name });
    for (const file of readdirSync(target)) {
      expect(readFileSync(join(target, file)).includes(base)).toBe(false);
    }
    expect(JSON.parse(readFileSync(join(target, 'int8.json'), 'utf8'))).toEqual({
      modelSha256: savedModelSha256(saved),
      images: 3,
    });
    rmSync(join(folder, 'models'), { recursive: true });
    if (kind === 'demo') (await loadClassifier(target)).dispose();
  },
);

test('a model whose weights or base are damaged is not packed', async () => {
  writeFileSync(join(folder, 'models', 'mobilenetv2.safetensors.gz'), 'something else');
  await expect(packSavedModel(source, packed)).rejects.toThrow(
    /needs its base \.\.\/mobilenetv2\.safetensors\.gz with SHA-256 [0-9a-f]{64}, received: .* has SHA-256 .*put the file/,
  );
  writeFileSync(join(source, 'weights.safetensors'), 'something else');
  await expect(packSavedModel(source, packed)).rejects.toThrow('the file is damaged; copy it again');
});

test('a model that cannot be packed leaves an earlier copy as it was, and nothing half copied', async () => {
  const target = await packSavedModel(source, packed);
  const before = readdirSync(target);
  writeFileSync(join(folder, 'models', 'mobilenetv2.safetensors.gz'), 'something else');
  await expect(packSavedModel(source, packed)).rejects.toThrow('needs its base');
  expect(readdirSync(packed)).toEqual(['latency']);
  expect(readdirSync(target)).toEqual(before);
});

test('a model with a NaN is not packed: only the pod that gets the copy would refuse it', async () => {
  const file = join(source, 'weights.safetensors');
  const bytes = readFileSync(file);
  // The last tensor of the demo's weights is in single precision.
  bytes.writeFloatLE(NaN, bytes.length - 4);
  writeFileSync(file, bytes);
  const { sha256: before } = readSavedModel(source).weights;
  const manifest = readFileSync(join(source, 'model.json'), 'utf8');
  writeFileSync(join(source, 'model.json'), manifest.replace(before, sha256(bytes)));
  await expect(packSavedModel(source, packed)).rejects.toThrow(/must hold finite numbers, received NaN/);
  expect(readdirSync(packed)).toEqual([]);
});

test('a copy takes the place of an earlier one as a whole', async () => {
  writeFileSync(join(source, 'evaluation.json'), '{}');
  const target = await packSavedModel(source, packed);
  expect(readdirSync(target)).toContain('evaluation.json');
  rmSync(join(source, 'evaluation.json'));
  await packSavedModel(source, packed);
  expect(readdirSync(target)).not.toContain('evaluation.json');
  expect(readdirSync(packed)).toEqual(['latency']);
});

test('a model is not packed over a training, not even over its own', async () => {
  const models = join(folder, 'trained');
  const own = join(models, 'latency');
  await packSavedModel(source, models);
  writeFileSync(join(own, 'checkpoint.safetensors'), '');
  await expect(packSavedModel(own, models)).rejects.toThrow(
    `${own} must be missing or hold a packed model only, received checkpoint.safetensors in it: choose another --out`,
  );
});
