import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import sharp from 'sharp';

import { readDataset } from '../../../models/data/dataset';
import { findDatasetFiles } from '../../../models/data/dataset-files';
import {
  type LabelledImagesOptions,
  readImages,
  readSplitImages,
} from '../../../models/report/labelled-images';
import { imagesOf } from '../../../models/report/measured-images';

const root = mkdtempSync(join(tmpdir(), 'tandem-labelled-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A set with folders for train and test, and none for val. */
const data = join(root, 'photos');
/** The same set with a folder for val. */
const whole = join(root, 'whole');
/** A saved model's folder with the figures of its training. */
const model = join(root, 'model');
const SHARES = { train: 0.5, val: 0.4, test: 0.1 };
const TRAINING = { seed: 7, shares: SHARES };

let notes: string[] = [];
const options = (changes: Partial<LabelledImagesOptions> = {}): LabelledImagesOptions => ({
  ...{ data, allowLeakage: false, note: (sentence) => notes.push(sentence) },
  ...changes,
});

async function write(folder: string, split: string, from: number, count: number): Promise<void> {
  for (let number = from; number < from + count; number++) {
    const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (i * (number + 1)) % 251);
    const file = join(folder, split, number % 2 === 0 ? 'a' : 'b', `${number}.png`);
    mkdirSync(dirname(file), { recursive: true });
    await sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } })
      .png()
      .toFile(file);
  }
}

const writeFigures = (of: object) => {
  mkdirSync(model, { recursive: true });
  writeFileSync(
    join(model, 'evaluation.json'),
    JSON.stringify({ format: 'tandem-evaluation', seed: 7, data: { name: 'photos', ...of } }),
  );
};

beforeAll(async () => {
  for (const folder of [data, whole]) {
    await write(folder, 'train', 10, 20);
    await write(folder, 'test', 40, 2);
  }
  await write(whole, 'val', 50, 2);
});
beforeEach(() => {
  notes = [];
});

const measure = (changes: Partial<Parameters<typeof readImages>[2]>) =>
  readImages([model], findDatasetFiles(changes.data ?? data, 'measure'), { ...options(), ...changes });

test('val is drawn from train as the training drew it, to measure and to calibrate', async () => {
  const { sha256, splitSha256, valDrawnBy } = await readDataset(data, { draw: TRAINING });
  expect(valDrawnBy).toEqual(TRAINING);
  writeFigures({ splitBy: 'folders', splitShares: SHARES, sha256, splitSha256 });
  const measured = await measure({ split: 'val' });
  expect(measured.splitSha256).toEqual(splitSha256);
  const calibrated = await readSplitImages([model], findDatasetFiles(data), options());
  expect(calibrated.splitSha256).toEqual(splitSha256);
  expect(notes.filter((sentence) => sentence.startsWith('warning'))).toEqual([]);
  expect(notes).toContain(`split by seed 7, the training seed of ${model}`);
});

test('a val that is not that of the training causes a warning', async () => {
  const { sha256, splitSha256 } = await readDataset(data, { draw: TRAINING });
  writeFigures({ splitBy: 'folders', splitShares: SHARES, sha256, splitSha256 });
  await measure({ split: 'val', seed: 8 });
  expect(notes).toContainEqual(
    expect.stringMatching(/^warning: .* was trained with seed 7, but these images are split by seed 8;/),
  );
  notes = [];
  writeFigures({ splitBy: 'folders', sha256, splitSha256 });
  await measure({ split: 'val' });
  expect(notes).toContainEqual(expect.stringContaining('did not record the shares that drew its val'));
});

test('folders that hold images of train only are measured with a warning', async () => {
  const trainOnly = join(root, 'train-only');
  await write(trainOnly, 'train', 60, 2);
  const { splits } = await measure({ data: trainOnly });
  expect(splits.train).toHaveLength(2);
  expect(notes).toEqual([expect.stringMatching(/^warning: measuring the images of train, because/)]);
});

test('a val that nothing draws is refused, without recommending the training images', async () => {
  rmSync(model, { recursive: true, force: true });
  const dataset = await measure({ split: 'val' });
  expect(() => imagesOf(dataset, 'val', data)).toThrow(
    `--split val needs images in ${data}, received none there: add a folder for val, or give the seed of the training with --seed`,
  );
  expect((await measure({ split: 'val', seed: 3 })).valDrawnBy).toMatchObject({ seed: 3 });
});

test.each([
  [{ seed: 7 }, '--seed must be left out for', 'received 7'],
  [{ splitShares: SHARES, split: 'val' as const }, '--split-shares must be left out for', '0.5,0.4,0.1'],
  [{ seed: 7, split: 'all' as const }, '--seed must be left out with --split all', 'received 7'],
])('%j has no effect on split folders, and is refused', async (changes, message, received) => {
  const refused = measure({ data: whole, ...changes });
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toThrow(received);
});
