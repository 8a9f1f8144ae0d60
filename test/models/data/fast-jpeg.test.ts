import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { RESCALE } from '../../../models/catalog';
import { decodeImage, decodeInPlace, decodePixels, RESIZE } from '../../../models/data/decode';
import { fastPixels } from '../../../models/data/fast-jpeg';
import { DEMO_MODELS_DIR } from '../../../models/weights/saved-model';
import { seededRandom } from '../../../statistics/seeded-random';
import { randomJpeg } from './random-jpeg';

const MAX_PIXELS = 4_000_000;
/** Where the compiler fuses multiplications and additions, a weight may come out 1/4096 lower. */
const MAX_LEVELS = process.arch === 'x64' ? 0 : 1;
const SAMPLE = readFileSync(join(DEMO_MODELS_DIR, 'samples', 'crosses.jpg'));

const sized = (width: number, height: number) => sharp(SAMPLE).resize(width, height, { fit: 'fill' });
/** What sharp makes of an image; a copy of the settings takes the slow way. */
const bySharp = (image: Buffer) => decodePixels(image, MAX_PIXELS, { ...RESIZE });

// Jest compares the elements of an array one by one and slowly.
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

const largestDifference = (one: Buffer, other: Buffer) =>
  one.reduce((most, level, i) => Math.max(most, Math.abs(level - other[i]!)), 0);

function expectSharpsBytes(fast: Buffer | undefined, slow: Buffer): void {
  expect(fast).toHaveLength(slow.length);
  if (MAX_LEVELS === 0) expect(fast!.equals(slow)).toBe(true);
  else expect(largestDifference(fast!, slow)).toBeLessThanOrEqual(MAX_LEVELS);
}

const random = seededRandom(1, 'sizes');
const someSize = () => 224 + Math.floor(random.uniform() * 400);
const SIZES = [
  ...[
    [320, 240],
    [240, 320],
    [224, 224],
    [640, 480],
    [895, 300],
    [224, 895],
    [336, 560],
    // libvips averages two columns first, or two rows.
    [1152, 864],
    [300, 961],
    // libjpeg decodes at half the size, and then both.
    [1201, 901],
    [1793, 901],
  ],
  ...Array.from({ length: 6 }, () => [someSize(), someSize()]),
] as [number, number][];

test.each(SIZES)(
  'a plain JPEG of %i x %i pixels gets the bytes that sharp gives it',
  async (width, height) => {
    for (const chromaSubsampling of ['4:2:0', '4:4:4']) {
      const image = await sized(width, height).jpeg({ quality: 90, chromaSubsampling }).toBuffer();
      expectSharpsBytes(fastPixels(image, MAX_PIXELS), await bySharp(image));
    }
  },
);

test.each([
  [1, 1, 300, 250],
  [2, 1, 301, 250],
  [2, 2, 301, 251],
  [2, 1, 901, 897],
])('so does one of %i x %i blocks of luma for one of chroma', async (across, down, width, height) => {
  const image = randomJpeg({ width, height, across, down });
  expectSharpsBytes(fastPixels(image, MAX_PIXELS), await bySharp(image));
});

test('training’s bytes, times the rescale, are serving’s values', async () => {
  const image = await sized(320, 240).jpeg().toBuffer();
  const pixels = await decodePixels(image, MAX_PIXELS);
  const values = await decodeImage(image, MAX_PIXELS);
  const expected = Float32Array.from(pixels, (level) => level * RESCALE);
  expect(bytesOf(values).equals(bytesOf(expected))).toBe(true);
});

test.each<[string, (image: sharp.Sharp) => sharp.Sharp]>([
  ['the fast way', (image) => image.jpeg()],
  ['sharp', (image) => image.png()],
])('by %s, values in place last until the next image, and others for good', async (_way, encode) => {
  const [light, dark] = await Promise.all(
    ['#ffffff', '#000000'].map((background) =>
      encode(sharp({ create: { width: 320, height: 240, channels: 3, background } })).toBuffer(),
    ),
  );
  const out = new Float32Array(224 * 224 * 3);
  expect(new Set(await decodeInPlace(light!, MAX_PIXELS, out))).toEqual(new Set([1]));
  const [kept, other] = await Promise.all([light!, dark!].map((image) => decodeImage(image, MAX_PIXELS)));
  const next = await decodeInPlace(dark!, MAX_PIXELS, out);
  expect([kept, other, next].map((values) => [...new Set(values)])).toEqual([[1], [0], [0]]);
});

test.each<[string, (image: sharp.Sharp) => sharp.Sharp]>([
  ['progressive', (image) => image.jpeg({ progressive: true })],
  ['grey', (image) => image.toColourspace('b-w').jpeg()],
  ['CMYK', (image) => image.toColourspace('cmyk').jpeg()],
  ['turned', (image) => image.withMetadata({ orientation: 6 }).jpeg()],
  ['in Display P3', (image) => image.withIccProfile('p3').jpeg()],
  ['so large that libjpeg decodes a quarter', (image) => image.resize(1792, 1792, { fit: 'fill' }).jpeg()],
  ['narrower than the input', (image) => image.resize(200, 300, { fit: 'fill' }).jpeg()],
  ['so wide that libvips averages three columns', (image) => image.resize(1344, 300, { fit: 'fill' }).jpeg()],
  ['not a JPEG', (image) => image.png()],
])('an image that is %s is left to sharp', async (_what, change) => {
  expect(fastPixels(await change(sized(320, 240)).toBuffer(), MAX_PIXELS)).toBeUndefined();
});

test('an image with restarts is left to sharp', () => {
  const image = randomJpeg({ width: 320, height: 240, across: 2, down: 2 });
  const interval = (units: number) =>
    Buffer.concat([image.subarray(0, 2), Buffer.from([0xff, 0xdd, 0, 4, 0, units]), image.subarray(2)]);
  expect(fastPixels(interval(0), MAX_PIXELS)).toBeDefined();
  expect(fastPixels(interval(1), MAX_PIXELS)).toBeUndefined();
});

test('an image of more pixels than allowed is left to sharp', async () => {
  const image = await sized(320, 240).jpeg().toBuffer();
  expect(fastPixels(image, 320 * 240)).toBeDefined();
  expect(fastPixels(image, 320 * 240 - 1)).toBeUndefined();
});

test('a damaged JPEG is left to sharp, and the next image is decoded as before', async () => {
  const image = await sized(320, 240).jpeg().toBuffer();
  const pixels = fastPixels(image, MAX_PIXELS)!;
  for (let share = 0.01; share < 1; share += 0.01) {
    const cut = image.subarray(0, Math.floor(share * image.length));
    expect(fastPixels(cut, MAX_PIXELS)).toBeUndefined();
  }
  // A Huffman table that no code fits.
  const broken = Buffer.from(image);
  const table = broken.indexOf(Buffer.from([0xff, 0xc4]));
  broken.fill(0xff, table + 5, table + 21);
  expect(fastPixels(broken, MAX_PIXELS)).toBeUndefined();
  expect(fastPixels(image, MAX_PIXELS)!.equals(pixels)).toBe(true);
});
