import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';

import { drawTask } from '../../../models/demo/image-set';
import { TASKS } from '../../../models/demo/surfaces';
import { justifiedPrecision, loadOnnxruntime } from '../../../models/engines/onnxruntime/engine';
import { type Calibrated } from '../../../models/engines/onnxruntime/calibrate';
import { type Int8Cost, readInt8File } from '../../../models/engines/onnxruntime/int8-file';
import { calibrateModel, keepCalibration } from '../../../models/report/calibrate-model';
import {
  copyWithoutBase,
  DEMO_MODELS_DIR,
  INT8_NAME,
  readSavedModel,
} from '../../../models/weights/saved-model';

const folder = mkdtempSync(join(tmpdir(), 'tandem-calibrate-'));
const model = join(folder, 'latency');
const data = join(folder, 'surfaces');
const onnxCacheDir = join(folder, 'onnx');

beforeAll(async () => {
  copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), model);
  writeFileSync(join(model, 'model-card.md'), '# Model\n');
  for (const [i, split] of (['train', 'val', 'test'] as const).entries()) {
    const images = drawTask('transfer', { seed: 21 + i, split: 'test', perClass: 2, sidePixels: 224 });
    for (const [k, { pixels, label }] of images.entries()) {
      const place = join(data, split, TASKS.transfer[label]!);
      mkdirSync(place, { recursive: true });
      await sharp(Buffer.from(pixels), { raw: { width: 224, height: 224, channels: 3 } })
        .png()
        .toFile(join(place, `${k}.png`));
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a model is calibrated on a folder, says that the gate cannot judge, and runs at int8 from then on', async () => {
  const notes: string[] = [];
  const note = (sentence: string) => void notes.push(sentence);
  await calibrateModel(model, { data, force: false, threads: 1, onnxCacheDir, note });
  expect(notes.join('\n')).toContain(
    'warning: the gate cannot judge int8 on 24 images, and fp32 stays the default: give at least 500 images for validation and test',
  );
  const { cost, ranges, images } = readInt8File(readSavedModel(model))!;
  expect(cost).toMatchObject({ images: 24, verdict: 'too few images' });
  expect(cost.sameTop1).toBeGreaterThan(0.9);
  expect(images).toBe(12);
  expect(Object.keys(ranges)).toContain('block_2_add');
  expect(readFileSync(join(model, 'model-card.md'), 'utf8')).toMatch(/^# Model\n\n## Precision\n/);

  const options = { kind: 'onnxruntime', modelDir: model, threads: 1, onnxCacheDir } as const;
  const [fallback, int8] = [
    await loadOnnxruntime(options),
    await loadOnnxruntime({ ...options, precision: 'int8' }),
  ];
  expect([fallback.precision, int8.precision]).toEqual(['fp32', 'int8']);
  const image = new Float32Array(224 * 224 * 3).fill(0.5);
  expect(await int8.predict(image, 1)).not.toEqual(await fallback.predict(image, 1));
  await Promise.all([fallback.dispose(), int8.dispose()]);
}, 120_000);

describe('a calibration that the gate refuses', () => {
  const calibrated: Calibrated = {
    method: 'min-max',
    images: 4,
    ranges: { conv: [0, 1] },
    graph: new Uint8Array(),
    divergences: {},
  };
  const cost: Int8Cost = {
    images: 600,
    accuracyFp32: 0.9,
    accuracyInt8: 0.8,
    differenceInterval95: [-0.12, -0.08],
    sameTop1: 0.85,
    verdict: 'failed',
  };
  const note = () => undefined;

  test('is not written, and the error says the figures and the ways out', () => {
    const other = join(folder, 'refused');
    copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), other);
    const saved = readSavedModel(other);
    expect(() => keepCalibration(saved, calibrated, cost, { force: false, note })).toThrow(
      /accuracy 80\.0 % at int8 and 90\.0 % at fp32 .*int8 is refused, because the gate asks for at most 0\.5 points .*: serve the model at fp32, calibrate on other images, or add --force$/,
    );
    expect(readInt8File(saved)).toBeUndefined();
  });

  test('leaves an earlier one that passed, and the error names its file and how to serve at fp32', () => {
    const other = join(folder, 'passed-before');
    copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), other);
    const saved = readSavedModel(other);
    keepCalibration(saved, calibrated, { ...cost, verdict: 'passed' }, { force: false, note });
    expect(() => keepCalibration(saved, calibrated, cost, { force: false, note })).toThrow(
      `; ${join(other, INT8_NAME)} stays as an earlier calibration left it: delete it to serve the model at fp32, calibrate on other images, or add --force`,
    );
    expect(justifiedPrecision(saved, true)).toBe('int8');
    rmSync(join(other, INT8_NAME));
    expect(justifiedPrecision(saved, true)).toBe('fp32');
  });

  test('is written with force, and does not become the default', () => {
    const forced = join(folder, 'forced');
    copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), forced);
    const saved = readSavedModel(forced);
    keepCalibration(saved, calibrated, cost, { force: true, note });
    expect(readInt8File(saved)?.cost.verdict).toBe('failed');
  });
});
