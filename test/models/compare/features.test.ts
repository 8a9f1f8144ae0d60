import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';

import {
  computeFeatures,
  imageBatches,
  READ_BYTES,
  readFeatures,
  rowsToKeep,
} from '../../../models/compare/features';

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

test('a file above 2 GiB is neither read for its size nor too large', async () => {
  const large = join(folder, 'large');
  writeFileSync(large, '');
  // A hole, which takes no space on the disk.
  truncateSync(large, 2 ** 31 + 4 * CHANNELS);
  expect(readFeatures(large, IMAGES, CHANNELS)).toBeUndefined();
  const rows = 2 ** 31 / 4 / CHANNELS;
  const options = { file: large, sidePixels: SIDE_PIXELS, channels: CHANNELS };
  const done: number[] = [];
  const stopped = computeFeatures({
    ...options,
    paths: new Array<string>(rows),
    onImages: (count) => void done.push(count),
    open: () => Promise.reject(new Error('opened')),
  });
  await expect(stopped).rejects.toThrow('opened');
  expect(done).toEqual([rows - 16]);
  rmSync(large);
});

test('a file of several chunks is read whole', () => {
  const chunked = join(folder, 'chunked');
  const rows = (2 * READ_BYTES) / 4 / CHANNELS + 1;
  writeFileSync(chunked, '');
  truncateSync(chunked, 4 * CHANNELS * rows);
  const end = openSync(chunked, 'r+');
  writeSync(end, new Uint8Array(Float32Array.of(1.5, -2).buffer), 0, 8, 4 * CHANNELS * (rows - 1));
  closeSync(end);
  const features = readFeatures(chunked, rows, CHANNELS)!;
  expect([features.length, features[0], ...features.subarray(-2)]).toEqual([CHANNELS * rows, 0, 1.5, -2]);
});

test('an image that cannot be decoded is named', async () => {
  const broken = join(folder, 'broken.png');
  writeFileSync(broken, 'no image');
  await expect(imageBatches([broken], SIDE_PIXELS).next()).rejects.toThrow(
    `${broken} cannot be used: This is not an image`,
  );
});
