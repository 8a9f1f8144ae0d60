import fs, { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MODEL_IDS } from '../../../models/catalog';
import { calibrationName, requireInt8 } from '../../../models/engines/onnxruntime/int8-file';
import { DEMO_MODELS_DIR, readSavedModel, savedModelSha256 } from '../../../models/weights/saved-model';
import { createAccuracies, testAccuracyOf } from '../../../service/api/evaluation';

const figures = { images: 200, accuracy: 0.9, interval95: [0.85, 0.93] };
const accuracy = { images: 200, share: 0.9, interval95: [0.85, 0.93], precision: 'fp32' };

function modelWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-evaluation-'));
  writeFileSync(join(folder, 'evaluation.json'), text);
  return folder;
}

test.each(
  MODEL_IDS.flatMap((model) => (['fp32', 'int8'] as const).map((precision) => [model, precision] as const)),
)('the demo model %s has an accuracy that was measured at %s', (model, precision) => {
  const { images, share, interval95, ...rest } = testAccuracyOf(join(DEMO_MODELS_DIR, model), precision)!;
  expect(rest).toEqual({ precision });
  expect(images).toBeGreaterThan(0);
  expect(share).toBeGreaterThan(interval95[0]!);
  expect(share).toBeLessThan(interval95[1]!);
});

test('of a training’s figures, those of the test split count', () => {
  const other = { ...figures, accuracy: 0.1 };
  const measured = [
    { split: 'val', evaluation: other },
    { split: 'test', evaluation: figures },
  ];
  expect(testAccuracyOf(modelWith(JSON.stringify({ measured })), 'fp32')).toEqual(accuracy);
  expect(
    testAccuracyOf(modelWith(JSON.stringify({ measured: measured.slice(0, 1) })), 'fp32'),
  ).toBeUndefined();
});

test('figures that name other weights than those in the folder do not count', () => {
  const { folder, loaded } = loadedCopy('fp32');
  const { sha256 } = readSavedModel(folder).weights;
  const measured = (weightsSha256: string) =>
    writeFileSync(join(folder, 'evaluation.json'), JSON.stringify({ ...figures, weightsSha256 }));
  measured(sha256);
  expect(testAccuracyOf(folder, 'fp32')).toEqual(accuracy);
  measured('0'.repeat(64));
  expect(testAccuracyOf(folder, 'fp32')).toBeUndefined();
  expect(createAccuracies()(folder, loaded)).toBeUndefined();
});

test.each(['int8', 'bf16'] as const)(
  'of a model that runs at %s and was measured at fp32 only, the accuracy says so',
  (precision) => {
    expect(testAccuracyOf(modelWith(JSON.stringify(figures)), precision)).toEqual(accuracy);
  },
);

test.each([
  ['no evaluation', mkdtempSync(join(tmpdir(), 'tandem-evaluation-'))],
  ['a damaged file', modelWith('{"images":')],
  ['a file of something else', modelWith('{"images":"many"}')],
])('a model with %s has no accuracy', (_, folder) => {
  expect(testAccuracyOf(folder, 'int8')).toBeUndefined();
});

/** A copy of a demo model's files, without its weights, and what a process that loaded it says. */
function loadedCopy(precision: 'fp32' | 'int8') {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-evaluation-'));
  for (const file of ['model.json', 'evaluation.json', 'int8.json'])
    cpSync(join(DEMO_MODELS_DIR, 'latency', file), join(folder, file));
  const saved = readSavedModel(folder);
  const name = precision === 'int8' ? calibrationName(requireInt8(saved)) : precision;
  const graph = { file: `/cache/latency-0123-${name}-v2.onnx`, sha256: '' };
  return { folder, loaded: { sha256: savedModelSha256(saved), precision, files: [graph] } };
}

/** Replaces a text in a file. */
function replaceIn(file: string, before: string | RegExp, after: string): void {
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(before);
  writeFileSync(file, text.replace(before, after));
}

test.each(['fp32', 'int8'] as const)('a model at %s keeps the accuracy of its load', (precision) => {
  const { folder, loaded } = loadedCopy(precision);
  const accuracyOf = createAccuracies();
  const accuracy = accuracyOf(folder, loaded);
  expect(accuracy).toEqual(testAccuracyOf(join(DEMO_MODELS_DIR, 'latency'), precision));
  replaceIn(join(folder, 'model.json'), '"demo": true', '"demo": false');
  expect(accuracyOf(folder, loaded)).toBe(accuracy);
  // A process that restarts has loaded the files as they are now.
  const sha256 = savedModelSha256(readSavedModel(folder));
  const again = accuracyOf(folder, { ...loaded, sha256, precision: 'fp32' });
  expect(again).toEqual(testAccuracyOf(folder, 'fp32'));
});

test('a model whose folder was retrained or calibrated again since its load has no accuracy', () => {
  const retrained = loadedCopy('fp32');
  replaceIn(join(retrained.folder, 'model.json'), '"demo": true', '"demo": false');
  expect(createAccuracies()(retrained.folder, retrained.loaded)).toBeUndefined();
  const calibrated = loadedCopy('int8');
  replaceIn(join(calibrated.folder, 'int8.json'), /(?<="ranges": \{\s+"[^"]+": \[)[^,]+/, '-9.5');
  expect(createAccuracies()(calibrated.folder, calibrated.loaded)).toBeUndefined();
});

/** Fails the reads of files of one name. */
function failReads(name: string, code: string) {
  const { readFileSync: read } = fs;
  return jest.spyOn(fs, 'readFileSync').mockImplementation((...args) => {
    if (String(args[0]).endsWith(name)) throw Object.assign(new Error(code), { code, syscall: 'open' });
    return read(...args);
  });
}

test.each(['model.json', 'int8.json', 'evaluation.json'])(
  'the accuracy is read again after %s could not be read',
  (name) => {
    const { folder, loaded } = loadedCopy(name === 'evaluation.json' ? 'fp32' : 'int8');
    const accuracyOf = createAccuracies();
    const failing = failReads(name, 'EMFILE');
    expect(accuracyOf(folder, loaded)).toBeUndefined();
    failing.mockRestore();
    expect(accuracyOf(folder, loaded)).toMatchObject({ precision: loaded.precision });
  },
);

test('that a model has no accuracy is remembered for its load', () => {
  const { folder, loaded } = loadedCopy('fp32');
  const accuracyOf = createAccuracies();
  const failing = failReads('evaluation.json', 'ENOENT');
  expect(accuracyOf(folder, loaded)).toBeUndefined();
  failing.mockRestore();
  expect(accuracyOf(folder, loaded)).toBeUndefined();
});
