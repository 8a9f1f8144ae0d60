import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { justifiedPrecision } from '../../../../models/engines/onnxruntime/engine';
import { graphFile } from '../../../../models/engines/onnxruntime/graph-cache';
import {
  type Calibration,
  type Int8Cost,
  readInt8File,
  requireInt8,
  type Verdict,
  writeInt8File,
} from '../../../../models/engines/onnxruntime/int8-file';
import {
  copyWithoutBase,
  DEMO_MODELS_DIR,
  INT8_NAME,
  readSavedModel,
} from '../../../../models/weights/saved-model';

const calibration: Calibration = { method: 'percentile', images: 3, ranges: { conv: [-1.25, 2] } };
const cost = (verdict: Verdict): Int8Cost => ({
  images: 600,
  accuracyFp32: 0.9,
  accuracyInt8: 0.9,
  differenceInterval95: [-0.01, 0.01],
  sameTop1: 1,
  verdict,
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-int8-'));
  copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what is written is read again, with one range per line', () => {
  const saved = readSavedModel(folder);
  expect(readInt8File(saved)).toBeUndefined();
  const file = writeInt8File(saved, calibration, cost('passed'));
  expect(readInt8File(saved)).toMatchObject({ ...calibration, cost: cost('passed') });
  expect(readFileSync(file, 'utf8')).toContain('    "conv": [-1.25, 2]\n');
});

test('mean inputs are read as they were stored, and give another graph', () => {
  const saved = readSavedModel(folder);
  writeInt8File(saved, calibration, cost('passed'));
  const plain = requireInt8(saved);
  expect(plain.inputMeans).toBeUndefined();
  writeInt8File(saved, { ...calibration, inputMeans: { image: Float32Array.of(0.5, -2) } }, cost('passed'));
  const corrected = requireInt8(saved);
  expect(corrected.inputMeans).toEqual({ image: Float32Array.of(0.5, -2) });
  expect(corrected.sha256).not.toBe(plain.sha256);
  const file = join(folder, INT8_NAME);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"image": "[^"]*"/, '"image": 1'));
  expect(() => readInt8File(saved)).toThrow(`${file}: inputMeans must be an object of texts`);
});

test.each<[Verdict, string]>([
  ['passed', 'int8'],
  ['failed', 'fp32'],
  ['too few images', 'fp32'],
])('a verdict of %s makes %s the precision that the measurements justify', (verdict, precision) => {
  const saved = readSavedModel(folder);
  expect(justifiedPrecision(saved, true)).toBe('fp32');
  writeInt8File(saved, calibration, cost(verdict));
  expect(justifiedPrecision(saved, true)).toBe(precision);
  expect(justifiedPrecision(saved, false)).toBe('fp32'); // a CPU on which int8 is slow
});

test('a model that was never calibrated, or was trained again, is refused with the remedy', () => {
  const saved = readSavedModel(folder);
  expect(() => requireInt8(saved)).toThrow(
    `the model in ${folder} cannot run at int8, because it was never calibrated: calibrate it with \`npx tandem export ${folder} --precision int8 --calibrate FOLDER\`, or choose precision fp32`,
  );
  writeInt8File(saved, calibration, cost('passed'));
  const manifest = join(folder, 'model.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"zigzag"', '"zigzags"'));
  const trainedAgain = readSavedModel(folder);
  expect(justifiedPrecision(trainedAgain, true)).toBe('fp32');
  expect(() => requireInt8(trainedAgain)).toThrow('because it was calibrated with other weights');
});

test('other ranges give another graph in the cache', () => {
  const saved = readSavedModel(folder);
  writeInt8File(saved, calibration, cost('passed'));
  const first = graphFile(folder, 'cache', 'int8');
  expect(first).toMatch(/latency-[0-9a-f]{16}-int8-[0-9a-f]{8}-v\d+\.onnx$/);
  writeInt8File(saved, { ...calibration, ranges: { conv: [-1.5, 2] } }, cost('passed'));
  expect(graphFile(folder, 'cache', 'int8')).not.toBe(first);
});

const REMEDY = () =>
  `calibrate again with \`npx tandem export ${folder} --precision int8 --calibrate FOLDER\`, or delete the file to run at fp32`;

test.each([
  ['"tandem-int8"', '"other"', 'format must be "tandem-int8", received "other"'],
  ['-1.25', '"x"', 'ranges must be an object of pairs of finite numbers'],
  ['"percentile"', '"guess"', 'method must be one of min-max, percentile'],
  ['"passed"', '"maybe"', 'cost.verdict must be one of passed, failed, too few images, received "maybe"'],
  ['"images": 600', '"images": 0', 'cost.images must be a whole number above 0, received 0'],
  ['"sameTop1": 1', '"sameTop1": "1"', 'cost.sameTop1 must be a number from 0 to 1, received "1"'],
])('a file with %s changed to %s is refused with the remedy', (from, to, message) => {
  const saved = readSavedModel(folder);
  const file = writeInt8File(saved, calibration, cost('passed'));
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
  expect(() => readInt8File(saved)).toThrow(`${file}: ${message}`);
  expect(() => readInt8File(saved)).toThrow(REMEDY());
});

test('a field of a megabyte is cut in the error, and the path in the remedy is one word of the shell', () => {
  const spaced = join(folder, 'my models');
  copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), spaced);
  const saved = readSavedModel(spaced);
  const file = writeInt8File(saved, calibration, cost('passed'));
  const inputMeans = ['x'.repeat(1_000_000)];
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), inputMeans }));
  expect(() => readInt8File(saved)).toThrow(/received \["x{78}…: calibrate again/);
  expect(() => readInt8File(saved)).toThrow(`\`npx tandem export '${spaced}' --precision int8`);
});

test.each(['', '{bad', 'null', '[]', '7', '"text"'])('a file of "%s" is refused with the remedy', (text) => {
  const saved = readSavedModel(folder);
  const file = writeInt8File(saved, calibration, cost('passed'));
  writeFileSync(file, text);
  expect(() => readInt8File(saved)).toThrow(new RegExp(`^${file} must be (JSON|a JSON object)`));
  expect(() => readInt8File(saved)).toThrow(REMEDY());
});

test('whatever value each field has instead, and wherever the file ends, the error names the file', () => {
  const saved = readSavedModel(folder);
  const file = writeInt8File(saved, calibration, cost('passed'));
  const text = readFileSync(file, 'utf8');
  const contents = JSON.parse(text) as Record<string, unknown>;
  const without = Object.keys(contents).flatMap((field) =>
    [undefined, null, {}, [], -1, ''].map((value) => JSON.stringify({ ...contents, [field]: value })),
  );
  const cut = Array.from({ length: text.trimEnd().length - 1 }, (_, length) => text.slice(0, length));
  for (const damaged of [...without, ...cut]) {
    writeFileSync(file, damaged);
    let read: unknown;
    try {
      read = readInt8File(saved);
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain(file);
      continue;
    }
    // The one damage that leaves a calibration whole: ranges of nothing.
    expect(read).toMatchObject({ ranges: {} });
    expect(JSON.parse(damaged)).toMatchObject({ ...contents, ranges: {} });
  }
});
