import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';

import { drawTask } from '../../../models/demo/image-set';
import { TASKS } from '../../../models/demo/surfaces';
import {
  compareModels,
  type ComparisonOptions,
  formatComparison,
} from '../../../models/evaluation/evaluate-command';
import { copySavedModel, DEMO_MODELS_DIR } from '../../../models/weights/saved-model';

const folder = mkdtempSync(join(tmpdir(), 'tandem-compare-'));
const data = join(folder, 'surfaces');
const notes: string[] = [];
const options: ComparisonOptions = {
  data,
  split: 'val+test',
  seed: 1,
  allowLeakage: false,
  engine: 'onnxruntime',
  threads: 1,
  onnxCacheDir: join(folder, 'onnx'),
  note: (sentence) => notes.push(sentence),
};
const latency = join(DEMO_MODELS_DIR, 'latency');

beforeAll(async () => {
  for (const [i, split] of (['train', 'val', 'test'] as const).entries()) {
    const images = drawTask('transfer', { seed: 13 + i, split: 'test', perClass: 2, size: 224 });
    for (const [k, { pixels, label }] of images.entries()) {
      const place = join(data, split, TASKS.transfer[label]!);
      mkdirSync(place, { recursive: true });
      const raw = { raw: { width: 224, height: 224, channels: 3 as const } };
      await sharp(Buffer.from(pixels), raw)
        .png()
        .toFile(join(place, `${k}.png`));
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a model and its copy are as right as each other, and the table says so', async () => {
  const copy = join(folder, 'copy');
  copySavedModel(latency, copy);
  const [first, second] = await compareModels([latency, copy], options);
  expect(first!.evaluation.images).toBe(24);
  expect(first!.evaluation.accuracy).toBeGreaterThan(0.6);
  expect(first!.againstFirst).toBeUndefined();
  expect(second!.evaluation).toEqual(first!.evaluation);
  expect(second!.againstFirst).toMatchObject({ difference: 0, onlyARight: 0, onlyBRight: 0 });
  expect(first!.parameters).toBe(2_265_670);
  expect(first!.latencyMedianMs).toBeGreaterThan(0);
  const text = formatComparison([first!, second!], options);
  expect(text).toContain('Measured on 24 pictures of val+test with onnxruntime, 1 thread;');
  expect(text).toMatch(/\| mobilenetv2 \| 2\.27 M \| \d+\.\d % \|/);
  expect(text).toContain('| +0.0 (');
  expect(notes).toContain(`${copy}: 24 pictures of val+test`);
});

test('one model alone gets its classes and its confusion', async () => {
  const measured = await compareModels([latency], { ...options, split: 'val' });
  const text = formatComparison(measured, { ...options, split: 'val' });
  expect(text).toContain('| class | pictures | precision | recall | F1 |');
  expect(text).toContain('| **triangles** |');
  expect(text).not.toContain('points against the first');
});

test('a model of other classes is refused', async () => {
  const other = join(folder, 'other');
  cpSync(data, other, { recursive: true });
  for (const split of ['train', 'val', 'test']) {
    cpSync(join(other, split, 'weave'), join(other, split, 'wool'), { recursive: true });
    rmSync(join(other, split, 'weave'), { recursive: true });
  }
  await expect(compareModels([latency], { ...options, data: other })).rejects.toThrow(
    /must know the classes of .*wool, zigzag, received .*weave/,
  );
});
