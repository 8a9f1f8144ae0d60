import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';

import { computeFeatures, imageBatches, rowsToKeep } from '../../../models/compare/features';

const folder = mkdtempSync(join(tmpdir(), 'tandem-features-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SIDE_PIXELS = 8;
const CHANNELS = 2;
const IMAGES = 40;
const file = join(folder, 'features');
const paths: string[] = [];

beforeAll(async () => {
  for (let i = 0; i < IMAGES; i++) {
    const background = { r: 6 * i, g: 0, b: 255 };
    const path = join(folder, `${i}.png`);
    await sharp({ create: { width: 9, height: 9, channels: 3, background } })
      .png()
      .toFile(path);
    paths.push(path);
  }
});

/** A backbone whose features are an image's first red and last blue value. */
async function run(stopAfterBatches = Infinity) {
  let batches = 0;
  const done: [number, boolean][] = [];
  const features = await computeFeatures({
    ...{ file, paths, sidePixels: SIDE_PIXELS, channels: CHANNELS },
    onImages: (count, skipped = false) => void done.push([count, skipped]),
    open: () =>
      Promise.resolve({
        run: (images: Float32Array, size: number) => {
          if (++batches > stopAfterBatches) throw new Error('killed');
          const length = images.length / size;
          const values = new Float32Array(size * CHANNELS);
          for (let i = 0; i < size; i++) {
            values.set([images[i * length]!, images[(i + 1) * length - 1]!], CHANNELS * i);
          }
          return Promise.resolve([{ shape: [size, CHANNELS], values }]);
        },
        close: () => Promise.resolve(),
      }),
  });
  return { features, batches, done };
}

const EXPECTED = Float32Array.from({ length: 2 * IMAGES }, (_, i) => (i % 2 === 0 ? (3 * i) / 255 : 1));

test('features are in the order of the images, at the size of the input', async () => {
  const { features, batches } = await run();
  expect(batches).toBe(3);
  features.forEach((value, i) => expect(value).toBeCloseTo(EXPECTED[i]!));
});

test('a complete file is read, and no backbone is opened', async () => {
  const { features, batches, done } = await run();
  expect([features.length, batches, done]).toEqual([2 * IMAGES, 0, [[IMAGES, true]]]);
});

test('a run that was killed goes on, and ends with the same file', async () => {
  const whole = readFileSync(file);
  rmSync(file);
  await expect(run(2)).rejects.toThrow('killed');
  // A torn row.
  writeFileSync(file, readFileSync(file).subarray(0, -3));
  const { batches } = await run();
  expect(batches).toBeLessThanOrEqual(3);
  expect(readFileSync(file).equals(whole)).toBe(true);
});

test('the last batch that a killed run wrote is computed again', () => {
  const bytesOf = (rows: number) => 4 * CHANNELS * rows;
  expect([0, 15, 16, 31, 32, 33, 48].map((rows) => rowsToKeep(bytesOf(rows), CHANNELS))).toEqual([
    0, 0, 0, 0, 16, 16, 32,
  ]);
});

test('an image that cannot be decoded is named', async () => {
  const broken = join(folder, 'broken.png');
  writeFileSync(broken, 'no image');
  await expect(imageBatches([broken], SIDE_PIXELS).next()).rejects.toThrow(
    `${broken} cannot be used: This is not an image`,
  );
});
