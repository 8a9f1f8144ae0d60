/** Images that cost too much to decode, or seem to. */
import { deflateSync } from 'node:zlib';

import sharp from 'sharp';

import { decodeImage, DecodeError, decodePixels } from '../../../models/data/decode';
import { MAX_SCANS, MAX_SIDE_PIXELS, MAX_TEXT_BYTES } from '../../../models/data/decoding-limits';
import { MAX_GROUPS } from '../../../models/data/lossless-webp';
import { webpOfGroups } from '../../support/lossless-webp';
import { pngChunk, pngOf } from '../../support/png';

const MAX_PIXELS = 40_000_000;
const blank = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#808080' } });

/** A complete grey PNG, black everywhere. */
const blackPng = (width: number, height: number) =>
  pngOf({ width, height }, pngChunk('IDAT', deflateSync(Buffer.alloc((width + 1) * height))));

/** A JPEG whose frame header claims another size. */
async function claiming(width: number, height: number): Promise<Buffer> {
  const image = await blank(32, 32).jpeg().toBuffer();
  const frame = image.indexOf(Buffer.from([0xff, 0xc0]));
  image.writeUInt16BE(height, frame + 5);
  image.writeUInt16BE(width, frame + 7);
  return image;
}

/** A WebP with metadata, whose canvas claims another size. */
async function canvas(width: number, height: number): Promise<Buffer> {
  const image = await blank(16, 16).withMetadata({ orientation: 1 }).webp().toBuffer();
  expect(image.toString('latin1', 12, 16)).toBe('VP8X');
  image.writeUIntLE(width - 1, 24, 3);
  image.writeUIntLE(height - 1, 27, 3);
  return image;
}

const SCAN = Buffer.from([0xff, 0xda]);
const END = Buffer.from([0xff, 0xd9]);

/** A valid progressive JPEG whose scans each add one coefficient of one component. */
async function ofScans(count: number): Promise<Buffer> {
  const whole = await blank(64, 64).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer();
  const first = whole.indexOf(SCAN);
  const second = whole.indexOf(SCAN, first + 2);
  // The second scan's tables stand before it, and the third's before the third.
  const tables = whole.indexOf(Buffer.from([0xff, 0xc4]), second);
  const third = whole.indexOf(SCAN, second + 2);
  const one = whole.subarray(second, tables > 0 && tables < third ? tables : third);
  const scans = Array.from({ length: count - 1 }, (_, i) => {
    const scan = Buffer.from(one);
    const coefficient = 1 + (i % 63);
    // Component, first and last coefficient, and no successive approximation.
    scan[5] = 1 + Math.floor(i / 63);
    scan.set([coefficient, coefficient, 0], 7);
    return scan;
  });
  return Buffer.concat([whole.subarray(0, second), ...scans, END]);
}

test.each<[string, () => Buffer | Promise<Buffer>]>([
  ['PNG of one row', () => blackPng(MAX_SIDE_PIXELS + 1, 1)],
  ['PNG of one column', () => blackPng(1, MAX_SIDE_PIXELS + 1)],
  ['PNG of forty million columns', () => pngOf({ width: MAX_PIXELS, height: 1 })],
  ['PNG of forty million rows', () => pngOf({ width: 1, height: MAX_PIXELS })],
  ['JPEG that claims 65,500 columns', () => claiming(65_500, 1)],
  ['JPEG that claims 65,500 rows', () => claiming(1, 65_500)],
  ['WebP that claims sixteen million columns', () => canvas(2 ** 24, 1)],
  ['WebP that claims sixteen million rows', () => canvas(1, 2 ** 24)],
])('a %s is refused before it is decoded', async (_what, make) => {
  const refused = decodeImage(await make(), MAX_PIXELS);
  await expect(refused).rejects.toBeInstanceOf(DecodeError);
  await expect(refused).rejects.toThrow(/^The image has \d+ x \d+ pixels, and a side may have 16384; send/);
});

test('an image whose side is at the limit is decoded', async () => {
  for (const image of [blackPng(MAX_SIDE_PIXELS, 1), blackPng(1, MAX_SIDE_PIXELS)])
    expect((await decodePixels(image, MAX_PIXELS)).every((level) => level === 0)).toBe(true);
});

describe('the scans of a JPEG', () => {
  test('are decoded up to the limit', async () => {
    const pixels = await decodePixels(await ofScans(MAX_SCANS), MAX_PIXELS);
    expect(pixels.every((level) => Math.abs(level - 128) <= 1)).toBe(true);
  });

  test('are refused above it', async () => {
    const sentence = `The JPEG has more than ${MAX_SCANS} scans; save it again with fewer.`;
    await expect(decodePixels(await ofScans(MAX_SCANS + 1), MAX_PIXELS)).rejects.toThrow(sentence);
  });

  test('do not include what looks like scans in a comment or behind the image', async () => {
    const image = await blank(300, 300).jpeg().toBuffer();
    const looks = Buffer.concat(Array.from({ length: 2 * MAX_SCANS }, () => Buffer.from([0xff, 0xda, 0, 2])));
    const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), looks]);
    comment.writeUInt16BE(comment.length - 2, 2);
    const marked = Buffer.concat([image.subarray(0, 2), comment, image.subarray(2), looks]);
    const pixels = await decodePixels(marked, MAX_PIXELS);
    // Jest compares the elements of an array one by one and slowly.
    expect(pixels.equals(await decodePixels(image, MAX_PIXELS))).toBe(true);
  });
});

describe('the compressed texts of a PNG', () => {
  const HALF = MAX_TEXT_BYTES / 2;
  const zipped = (size: number) =>
    pngChunk('zTXt', Buffer.concat([Buffer.from('K\0\0'), Buffer.alloc(size)]));
  const international = (isCompressed: number, size: number) =>
    pngChunk('iTXt', Buffer.concat([Buffer.from(`K\0${'\0\x01'[isCompressed]!}\0\0\0`), Buffer.alloc(size)]));
  const rows = () => pngChunk('IDAT', deflateSync(Buffer.alloc(33 * 32)));
  const png = (...texts: Buffer[]) => pngOf({ width: 32, height: 32 }, ...texts, rows());

  test.each<[string, () => Buffer]>([
    ['zTXt', () => png(zipped(HALF), zipped(HALF))],
    ['iTXt', () => png(international(1, HALF), international(1, HALF))],
    ['zTXt behind the pixels', () => pngOf({ width: 32, height: 32 }, rows(), zipped(2 * HALF))],
  ])('are refused above the limit: %s', async (_kind, make) => {
    await expect(decodePixels(make(), MAX_PIXELS)).rejects.toThrow(
      `The PNG has more than ${MAX_TEXT_BYTES} bytes of compressed text; save it again without.`,
    );
  });

  test('do not include plain text', async () => {
    const pixels = await decodePixels(png(international(0, 2 * HALF)), MAX_PIXELS);
    expect(pixels.every((level) => level === 0)).toBe(true);
  });
});

describe('the groups of Huffman codes of a lossless WebP', () => {
  test('are decoded up to the limit', async () => {
    const pixels = await decodePixels(webpOfGroups(MAX_GROUPS), MAX_PIXELS);
    expect(pixels.every((level) => level === 0)).toBe(true);
  });

  test.each([MAX_GROUPS + 1, 65_536])('are refused above it: %d', async (groups) => {
    await expect(decodePixels(webpOfGroups(groups), MAX_PIXELS)).rejects.toThrow(
      `The WebP has more than ${MAX_GROUPS} groups of Huffman codes; save it again with libwebp.`,
    );
  });
});
