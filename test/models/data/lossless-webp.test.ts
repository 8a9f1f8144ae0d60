import sharp from 'sharp';

import { losslessExcess, MAX_BLOCKS, MAX_GROUPS } from '../../../models/data/lossless-webp';
import { seededRandom } from '../../../statistics/seeded-random';
import { LOSSLESS_HEADER_BYTES, losslessData, riffChunk, webpOf } from '../../support/lossless-webp';

const SEED = 17;
const SIDE = 4 * Math.ceil(Math.sqrt(MAX_GROUPS + 1));
const tooMany = () => losslessData({ width: SIDE, height: SIDE, groups: MAX_GROUPS + 1 });

/** The bytes of a frame or of a canvas that say its size. */
function sizeBytes(side: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntLE(side - 1, 0, 3);
  bytes.writeUIntLE(side - 1, 3, 3);
  return bytes;
}

const canvas = () => riffChunk('VP8X', Buffer.concat([Buffer.alloc(4), sizeBytes(SIDE)]));
const frame = (...chunks: readonly Buffer[]) =>
  riffChunk('ANMF', Buffer.concat([Buffer.alloc(6), sizeBytes(SIDE), Buffer.alloc(4), ...chunks]));
const alpha = () =>
  riffChunk('ALPH', Buffer.concat([Buffer.of(1), tooMany().subarray(LOSSLESS_HEADER_BYTES)]));

test.each<[string, () => Buffer]>([
  ['the image', () => webpOf(riffChunk('VP8L', tooMany()))],
  [
    'the image behind another chunk',
    () => webpOf(canvas(), riffChunk('EXIF', Buffer.alloc(3)), riffChunk('VP8L', tooMany())),
  ],
  ['the alpha channel', () => webpOf(canvas(), alpha())],
  ['a frame', () => webpOf(canvas(), frame(riffChunk('VP8L', tooMany())))],
  ['the alpha channel of the second frame', () => webpOf(canvas(), frame(), frame(alpha()))],
])('too many groups of Huffman codes are found in %s', (_where, make) => {
  expect(losslessExcess(make())).toBe('groups');
});

test('too many blocks are found before they are read', () => {
  const side = 4 * Math.ceil(Math.sqrt(MAX_BLOCKS + 1));
  const data = losslessData({ width: 8, height: 8, groups: 4 });
  data.writeUInt32LE((side - 1) | ((side - 1) << 14), 1);
  expect(losslessExcess(webpOf(riffChunk('VP8L', data)))).toBe('blocks');
});

/** Images with few colours, with many, and with patterns that repeat. */
const DRAWINGS: Readonly<Record<string, (x: number, y: number, random: () => number) => readonly number[]>> =
  {
    'two colours': (x, y) => (((x >> 3) + (y >> 4)) % 2 === 0 ? [0, 0, 0, 255] : [200, 30, 90, 255]),
    'a palette': (x, y) => [(x % 7) * 30, (y % 5) * 40, 0, 128],
    'smooth colours': (x, y) => [x & 255, y & 255, (x * y) >> 8, 255],
    noise: (_x, _y, random) => [256 * random(), 64 * random(), 0, 255],
    'noise beside a pattern': (x, y, random) =>
      x < 70 ? [256 * random(), y & 255, 9, 255] : [x & 31, 7, y & 63, x & 255],
  };

async function draw(name: string, options: sharp.WebpOptions): Promise<Buffer> {
  const random = seededRandom(SEED, name);
  const [width, height] = [151, 97];
  const pixels = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      pixels.set(
        DRAWINGS[name]!(x, y, () => random.uniform()),
        4 * (y * width + x),
      );
  return sharp(pixels, { raw: { width, height, channels: 4 } })
    .webp(options)
    .toBuffer();
}

const ENCODERS: readonly sharp.WebpOptions[] = [
  { lossless: true, effort: 0 },
  { lossless: true, effort: 4 },
  { nearLossless: true, quality: 60 },
  { quality: 50, alphaQuality: 70 },
];

describe.each(Object.keys(DRAWINGS))('an image of %s', (name) => {
  test.each(ENCODERS)('as libwebp writes it has nothing in excess: %j', async (options) => {
    expect(losslessExcess(await draw(name, options))).toBeUndefined();
  });
});

test('an image that is cut off among its codes is damaged', () => {
  const data = losslessData({ width: 8, height: 8, groups: 4 });
  expect(losslessExcess(webpOf(riffChunk('VP8L', data)))).toBeUndefined();
  expect(losslessExcess(webpOf(riffChunk('VP8L', data.subarray(0, 10))))).toBe('damaged');
});

test('nothing that the decoder reads is called damaged', async () => {
  const random = seededRandom(SEED, 'flips');
  const images = await Promise.all(Object.keys(DRAWINGS).map((name) => draw(name, ENCODERS[1]!)));
  const outcomes = { read: 0, damaged: 0 };
  for (let i = 0; i < 100; i++) {
    const image = Buffer.from(images[i % images.length]!);
    image[25 + Math.floor(30 * random.uniform())]! ^= 1 << Math.floor(8 * random.uniform());
    const isRead = await sharp(image, { failOn: 'error' })
      .raw()
      .toBuffer()
      .then(
        () => true,
        () => false,
      );
    const excess = losslessExcess(image);
    if (isRead) expect(excess).toBeUndefined();
    if (isRead) outcomes.read++;
    else if (excess === 'damaged') outcomes.damaged++;
  }
  // Both must have happened for the test to mean something.
  expect(Math.min(outcomes.read, outcomes.damaged)).toBeGreaterThan(1);
});
