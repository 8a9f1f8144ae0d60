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
import { copyWithoutBase, DEMO_MODELS_DIR, INT8_NAME } from '../../../models/weights/saved-model';
import { DEMO_GRAPHS } from '../../support/demo-graphs';

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
  onnxCacheDir: DEMO_GRAPHS,
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

  test('is split into the shares of the training, which the warning about another split names', async () => {
    const splitShares = { train: 0.5, val: 0.25, test: 0.25 };
    const trained = trainedWith('shares', { seed: 7, data: { splitBy: 'seed', splitShares } });
    expect((await measure([trained])).splitBy).toEqual({ seed: 7, shares: splitShares });
    const { said } = await measure([trainedWith('seven', { seed: 7, data: { splitBy: 'seed' } }), trained]);
    expect(said).toContain(
      `warning: ${trained} was trained with seed 7 and shares 0.5,0.25,0.25, but these images are split by seed 7 and shares 0.7,0.15,0.15; if it was trained on this data set, the split contains its training images: measure it with --seed 7 --split-shares 0.5,0.25,0.25`,
    );
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

describe('without --split', () => {
  const unnamed: ComparisonOptions = { ...options, split: undefined };
  const heldBack = join(folder, 'held-back');
  const images = (of: Awaited<ReturnType<typeof compareModels>>) => of.models[0]!.evaluation.images;
  const measure = async (changes: Partial<ComparisonOptions>, model = latency) => {
    notes.length = 0;
    return compareModels([model], { ...unnamed, ...changes });
  };
  beforeAll(() => cpSync(join(data, 'test'), heldBack, { recursive: true }));

  test('every image of a folder per class is measured, unless the model was trained on that set', async () => {
    const all = await measure({ data: heldBack });
    expect([all.split, all.splitBy, images(all)]).toEqual(['all', 'nothing', 12]);
    expect(notes).toContain(
      `measuring all images; ${latency} does not say what it was trained on: if on some of these images, its figures are too high`,
    );
    expect(formatComparison(all)).toContain('Measured on 12 images with onnxruntime');

    const own = join(folder, 'own');
    const figures = (sha256: string) =>
      JSON.stringify({
        ...{ format: 'tandem-evaluation', formatVersion: 1, seed: 3 },
        data: { name: 'photos', splitBy: 'seed', sha256 },
      });
    copyWithoutBase(latency, own);
    writeFileSync(join(own, 'evaluation.json'), figures('of another set'));
    expect(images(await measure({ data: heldBack }, own))).toBe(12);
    expect(notes).toContainEqual(expect.stringContaining(`${own} was trained on another set, photos;`));
    writeFileSync(join(own, 'evaluation.json'), figures(all.dataSha256));
    const overlapping = await measure({ data: heldBack, split: 'all' }, own);
    expect(images(overlapping)).toBe(12);
    expect(notes).toContain(
      `warning: ${own} was trained on a part of these images: its figures are too high`,
    );
    // Each class has two images: one in val and one in test.
    const split = await measure({ data: heldBack }, own);
    expect([split.split, images(split)]).toEqual(['test', 6]);
    expect(notes).toContain(`split by seed 3, the training seed of ${own}`);
  });

  test('a folder of splits gives its test images, or all if it has only one split', async () => {
    const whole = await measure({});
    expect([whole.split, images(whole)]).toEqual(['test', 12]);
    const lone = join(folder, 'lone');
    cpSync(join(data, 'test'), join(lone, 'Testing'), { recursive: true });
    expect((await measure({ data: lone })).split).toBe('test');
    await expect(measure({ data: lone, split: 'val' })).rejects.toThrow(
      `--split val needs images in ${lone}, received none there, but some in test: measure them with --split all`,
    );
    const withoutTest = join(folder, 'without-test');
    cpSync(join(data, 'val'), join(withoutTest, 'val'), { recursive: true });
    expect((await measure({ data: withoutTest })).split).toBe('all');
    cpSync(join(data, 'train'), join(withoutTest, 'train'), { recursive: true });
    expect((await measure({ data: withoutTest })).split).toBe('val');
  });

  test('classes that the folder lacks are named, and the others are measured', async () => {
    const some = join(folder, 'some');
    cpSync(join(heldBack, 'weave'), join(some, 'weave'), { recursive: true });
    const comparison = await measure({ data: some });
    expect(images(comparison)).toBe(2);
    const others = TASKS.transfer
      .filter((name) => name !== 'weave')
      .toSorted()
      .join(', ');
    expect(notes).toContain(`no images of ${others}: the figures are of the other classes`);
    expect(formatComparison(comparison)).toContain(`No images of ${others}.`);
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

test('a precision that a model cannot run in is refused before an image is read', async () => {
  const uncalibrated = join(folder, 'uncalibrated');
  copyWithoutBase(latency, uncalibrated);
  rmSync(join(uncalibrated, INT8_NAME), { force: true });
  notes.length = 0;
  const counts: string[] = [];
  const both: ComparisonOptions = {
    ...{ ...options, precisions: ['fp32', 'int8'] },
    onCount: ({ task }) => counts.push(task),
  };
  await expect(compareModels([latency, uncalibrated], both)).rejects.toThrow(
    `the model in ${uncalibrated} cannot run at int8, because it was never calibrated`,
  );
  await expect(compareModels([latency], { ...both, engine: 'wasm' })).rejects.toThrow(
    'engine wasm computes in fp32, received precision int8: choose engine onnxruntime',
  );
  expect([notes, counts]).toEqual([[], []]);
});
