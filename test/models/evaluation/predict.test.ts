import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';

import { fakeEngine } from '../../support/fake-engine';
import { evaluateDataset } from '../../../models/evaluation/evaluate-dataset';
import { type FilePrediction, predictFiles } from '../../../models/evaluation/predict';
import { topClasses } from '../../../models/evaluation/top-classes';

/** Gives the first class the image's mean as its probability, and the others equal shares of the rest. */
const ENGINE = fakeEngine(['bright', 'dark', 'dim']);
const OPTIONS = { top: 2, maxPixels: 100_000 };

let folder: string;
const paths: Record<string, string> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-predict-'));
  for (const [name, grey] of Object.entries({ white: 255, black: 0, light: 204 })) {
    paths[name] = join(folder, `${name}.png`);
    const background = { r: grey, g: grey, b: grey };
    await sharp({ create: { width: 40, height: 30, channels: 3, background } }).toFile(paths[name]);
  }
  paths['text'] = join(folder, 'text.jpg');
  writeFileSync(paths['text'], 'not an image');
  paths['missing'] = join(folder, 'missing.jpg');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function predictions(files: readonly string[], options = OPTIONS): Promise<FilePrediction[]> {
  const found: FilePrediction[] = [];
  for await (const prediction of predictFiles(ENGINE, files, options)) found.push(prediction);
  return found;
}

test('each file gets its most probable classes, best first', async () => {
  const found = await predictions([paths['white']!, paths['black']!]);
  expect(found).toEqual([
    {
      file: paths['white'],
      top: [
        { class: 'bright', probability: expect.closeTo(1, 4) },
        { class: 'dark', probability: expect.closeTo(0, 4) },
      ],
    },
    {
      file: paths['black'],
      top: [
        { class: 'dark', probability: 0.5 },
        { class: 'dim', probability: 0.5 },
      ],
    },
  ]);
});

test('a file without an image yields an error, and later files are still classified', async () => {
  const found = await predictions([paths['missing']!, folder, paths['text']!, paths['white']!]);
  expect(found.slice(0, 3)).toEqual([
    { file: paths['missing'], error: 'There is no such file.' },
    { file: folder, error: 'This is a folder; name the files in it.' },
    { file: paths['text'], error: expect.stringContaining('not an image') },
  ]);
  expect(found[3]).toHaveProperty('top');
});

test('a file that is too large to read yields an error', async () => {
  const film = join(folder, 'film.jpg');
  writeFileSync(film, 'moving');
  // Without blocks on the disk.
  truncateSync(film, 2 ** 31);
  const found = await predictions([film, paths['white']!]);
  expect(found[0]).toEqual({ file: film, error: 'The file has 2 GiB or more; choose a smaller image.' });
  expect(found[1]).toHaveProperty('top');
});

test('an image with too many pixels is an error of that file', async () => {
  const [found] = await predictions([paths['white']!], { top: 1, maxPixels: 100 });
  expect(found).toEqual({ file: paths['white'], error: expect.stringContaining('more than 100 pixels') });
});

test('an error of the engine is not reported as the file’s', async () => {
  const broken = { ...ENGINE, predict: () => Promise.reject(new Error('out of memory')) };
  await expect(predictFiles(broken, [paths['white']!], OPTIONS).next()).rejects.toThrow('out of memory');
});

test('top must be at least 1, and more than all classes gives all of them', async () => {
  await expect(predictions([], { ...OPTIONS, top: 0 })).rejects.toThrow(
    'a whole number of at least 1, received 0',
  );
  expect(topClasses(['a', 'b'], Float32Array.of(0.4, 0.6), 9)).toEqual([
    { class: 'b', probability: expect.closeTo(0.6) },
    { class: 'a', probability: expect.closeTo(0.4) },
  ]);
});

test('a probability that is NaN is an error of the model, not a class', async () => {
  const broken = { ...ENGINE, predict: () => Promise.resolve(Float32Array.of(0.5, NaN, 0.5)) };
  await expect(predictFiles(broken, [paths['white']!], OPTIONS).next()).rejects.toThrow(
    `the probability of ${ENGINE.classes[1]} must be a number, received NaN: the model's weights are damaged`,
  );
});

test('a labelled set is evaluated in order, whatever the batch size', async () => {
  const items = [
    { path: paths['white']!, label: 0 },
    { path: paths['black']!, label: 1 },
    { path: paths['light']!, label: 2 },
  ];
  const progress: number[] = [];
  const one = await evaluateDataset(ENGINE, items, { maxPixels: 100_000, batchSize: 1 });
  const two = await evaluateDataset(ENGINE, items, {
    maxPixels: 100_000,
    batchSize: 2,
    onProgress: (done) => progress.push(done),
  });
  expect(two).toEqual(one);
  expect(progress).toEqual([2, 3]);
  expect(one.labels).toEqual([0, 1, 2]);
  expect(one.evaluation.confusion).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [1, 0, 0],
  ]);
  expect([...one.probabilities].map((p) => Number(p.toFixed(3)))).toEqual([
    1, 0, 0, 0, 0.5, 0.5, 0.8, 0.1, 0.1,
  ]);
});

test('an image of a labelled set that cannot be decoded ends the evaluation, and the error names it', async () => {
  const items = [
    { path: paths['white']!, label: 0 },
    { path: paths['text']!, label: 1 },
  ];
  await expect(evaluateDataset(ENGINE, items, OPTIONS)).rejects.toThrow(`${paths['text']}: `);
  await expect(evaluateDataset(ENGINE, [{ path: 'x', label: 3 }], OPTIONS)).rejects.toThrow(
    'x: the label must be a class index below 3, received 3',
  );
  await expect(evaluateDataset(ENGINE, [], OPTIONS)).rejects.toThrow('received 0 labels');
});
