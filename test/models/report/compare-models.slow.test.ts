import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import sharp from 'sharp';

import { drawTask } from '../../../models/demo/image-set';
import { TASKS } from '../../../models/demo/surfaces';
import {
  compareModels,
  type ComparisonOptions,
  formatComparison,
} from '../../../models/report/compare-models';
import { copyWithoutBase, DEMO_MODELS_DIR } from '../../../models/weights/saved-model';

const folder = mkdtempSync(join(tmpdir(), 'tandem-compare-'));
const data = join(folder, 'surfaces');
const notes: string[] = [];
const options: ComparisonOptions = {
  data,
  split: 'val+test',
  allowLeakage: false,
  engine: 'onnxruntime',
  precisions: ['fp32'],
  threads: 1,
  onnxCacheDir: join(folder, 'onnx'),
  note: (sentence) => notes.push(sentence),
};
const latency = join(DEMO_MODELS_DIR, 'latency');

beforeAll(async () => {
  for (const [i, split] of (['train', 'val', 'test'] as const).entries()) {
    const images = drawTask('transfer', { seed: 13 + i, split: 'test', perClass: 2, sidePixels: 224 });
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

test('a model and its copy have the same figures, and the table says so', async () => {
  const copy = join(folder, 'copy');
  copyWithoutBase(latency, copy);
  const comparison = await compareModels([latency, copy], options);
  const [first, second] = comparison.models;
  expect(first!.evaluation.images).toBe(24);
  expect(first!.evaluation.accuracy).toBeGreaterThan(0.6);
  expect(first!.againstFirst).toBeUndefined();
  expect(second!.evaluation).toEqual(first!.evaluation);
  expect(second!.againstFirst).toMatchObject({ difference: 0, onlyARight: 0, onlyBRight: 0 });
  expect(first!.parameters).toBe(2_265_670);
  expect(first!.latencyMedianMs).toBeGreaterThan(0);
  const text = formatComparison(comparison);
  expect(text).toContain('Measured on 24 images of val+test with onnxruntime, 1 thread;');
  expect(text).toMatch(/\| mobilenetv2 \| fp32 \| 2\.27 M \| \d+\.\d % \|/);
  expect(text).toContain('| +0.0 (');
  expect(notes).toContain(`${copy}: 24 images of val+test at fp32`);
});

test('a single model is printed with its classes and its confusion matrix', async () => {
  const measured = await compareModels([latency], { ...options, split: 'val' });
  const text = formatComparison(measured);
  expect(text).toContain('| class | images | precision | recall | F1 |');
  expect(text).toContain('| **triangles** |');
  expect(text).not.toContain('difference from the first');
});

test('the figures state their data, split, engine and threads', async () => {
  const { models, ...rest } = await compareModels([latency], { ...options, split: 'val' });
  expect(models).toHaveLength(1);
  expect(rest).toEqual({
    ...{ data, split: 'val', splitBy: 'folders', threads: 1 },
    dataSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    engine: { kind: 'onnxruntime', version: expect.stringMatching(/^\d+\.\d+/) },
  });
});

test('skipped files are named and counted, and reading and measuring report their progress', async () => {
  const damaged = join(folder, 'damaged');
  cpSync(data, damaged, { recursive: true });
  writeFileSync(join(damaged, 'test', 'weave', 'cut.jpg'), Buffer.from('ffd8ffe0', 'hex'));
  const counts: string[] = [];
  notes.length = 0;
  await compareModels([latency], {
    ...options,
    data: damaged,
    onCount: ({ task, done, total }) => counts.push(`${task} ${done}/${total}`),
  });
  expect(notes).toEqual([
    expect.stringMatching(/^skipped test\/weave\/cut\.jpg: The image is damaged/),
    'skipped in all: 1 file',
    `${latency}: 24 images of val+test at fp32`,
    expect.stringMatching(/^engine: onnxruntime [\d.]+, precision: fp32, threads: \d$/),
  ]);
  expect(counts).toEqual(expect.arrayContaining(['reading 37/37', 'measuring 8/24', 'measuring 24/24']));
});

test('counting parameters does not make tfjs print its greeting', async () => {
  tf.env().set('PROD', false);
  await compareModels([latency], { ...options, split: 'val' });
  expect(tf.env().getBool('PROD')).toBe(true);
});

describe('a data set without split folders', () => {
  const flat = join(folder, 'flat');
  /** A copy of the model with an evaluation.json as a training writes it. */
  const trainedWith = (name: string, figures: object) => {
    const copy = join(folder, name);
    copyWithoutBase(latency, copy);
    writeFileSync(
      join(copy, 'evaluation.json'),
      JSON.stringify({ format: 'tandem-evaluation', formatVersion: 1, ...figures }),
    );
    return copy;
  };
  const measure = async (folders: readonly string[], seed?: number) => {
    notes.length = 0;
    const given = seed === undefined ? {} : { seed };
    const { splitBy } = await compareModels(folders, { ...options, ...given, data: flat });
    return { splitBy, said: notes.filter((sentence) => sentence.includes('seed')) };
  };
  beforeAll(() => {
    for (const split of ['train', 'val', 'test']) {
      for (const name of TASKS.transfer) {
        for (const k of readdirSync(join(data, split, name))) {
          mkdirSync(join(flat, name), { recursive: true });
          cpSync(join(data, split, name, k), join(flat, name, `${split}-${k}`));
        }
      }
    }
  });

  test('is split by the training seed, which a note states', async () => {
    const trained = trainedWith('seven', { seed: 7, data: { splitBy: 'seed' } });
    const { splitBy, said } = await measure([trained]);
    expect(splitBy).toMatchObject({ seed: 7 });
    expect(said).toEqual([`split by seed 7, the training seed of ${trained}`]);
    expect((await measure([trained], 7)).said).toEqual([]);
  });

  test('causes a warning if the seed is not the training’s, or the training’s is unknown', async () => {
    const seven = trainedWith('seven', { seed: 7, data: { splitBy: 'seed' } });
    const byFolders = trainedWith('folders', { seed: 8, data: { splitBy: 'folders' } });
    const { splitBy, said } = await measure([seven, byFolders], 5);
    expect(splitBy).toMatchObject({ seed: 5 });
    expect(said).toEqual([
      expect.stringContaining(
        `warning: ${seven} was trained with seed 7, but these images are split by seed 5`,
      ),
    ]);
    const older = trainedWith('older', { seed: 9, data: {} });
    expect((await measure([byFolders, older])).said).toEqual([
      expect.stringContaining('warning: split by seed 1, because no model folder'),
    ]);
  });
});

test('a model of other classes is refused before any model is measured', async () => {
  const other = join(folder, 'other');
  cpSync(data, other, { recursive: true });
  for (const split of ['train', 'val', 'test']) {
    cpSync(join(other, split, 'weave'), join(other, split, 'wool'), { recursive: true });
    rmSync(join(other, split, 'weave'), { recursive: true });
  }
  const woollen = join(folder, 'woollen');
  copyWithoutBase(latency, woollen);
  const manifest = join(woollen, 'model.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('weave', 'wool'));
  notes.length = 0;
  await expect(compareModels([woollen, latency], { ...options, data: other })).rejects.toThrow(
    /must have the classes of .*wool, zigzag, received .*weave/,
  );
  expect(notes).toEqual([]);
});
