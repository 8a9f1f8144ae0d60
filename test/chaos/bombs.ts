/**
 * Decoder bombs: images within 1 MB that claim tens of millions of pixels, or hide much data beside few pixels.
 */
import { once } from 'node:events';
import { createDeflate } from 'node:zlib';

import sharp from 'sharp';

import { LIMITS } from '../../service/contract';
import { webpOfGroups } from '../support/lossless-webp';
import { type PngHeader, pngChunk, pngOf } from '../support/png';

export const MAX_BOMB_BYTES = 1_000_000;

/** An image and what it claims. */
export interface Bomb {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Side of the largest square within the limit of pixels. */
const SIDE = Math.floor(Math.sqrt(LIMITS.imagePixels));
const BLOCK_BYTES = 1 << 20;

/** Compresses zeros without holding them in memory. */
async function deflatedZeros(bytes: number): Promise<Buffer> {
  const deflate = createDeflate({ level: 9 });
  const parts: Buffer[] = [];
  deflate.on('data', (part: Buffer) => parts.push(part));
  const block = Buffer.alloc(BLOCK_BYTES);
  for (let left = bytes; left > 0; left -= BLOCK_BYTES)
    if (!deflate.write(left < BLOCK_BYTES ? block.subarray(0, left) : block)) await once(deflate, 'drain');
  deflate.end();
  await once(deflate, 'end');
  return Buffer.concat(parts);
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 6: 4 };

/** The passes of an interlaced PNG: first column and row, and the steps to the next. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function rawBytes({ width, height, depth = 8, colour = 0, interlaced = false }: PngHeader): number {
  const rowBytes = (pixels: number) => 1 + Math.ceil((pixels * depth * CHANNELS[colour]!) / 8);
  if (!interlaced) return height * rowBytes(width);
  return PASSES.reduce((sum, [x, y, stepX, stepY]) => {
    const [columns, rows] = [Math.ceil((width - x) / stepX), Math.ceil((height - y) / stepY)];
    return columns > 0 && rows > 0 ? sum + rows * rowBytes(columns) : sum;
  }, 0);
}

/** EXIF that turns the image by 90 degrees: the decoder needs all of it at once. */
const TURNED = pngChunk(
  'eXIf',
  Buffer.concat([
    Buffer.from('II*\0\x08\0\0\0\x01\0', 'latin1'),
    Buffer.from('\x12\x01\x03\0\x01\0\0\0\x06\0\0\0', 'latin1'),
    Buffer.alloc(4),
  ]),
);
const PALETTE = pngChunk('PLTE', Buffer.from([0, 0, 0, 255, 255, 255]));

const png = async (header: PngHeader, ...before: readonly Buffer[]) =>
  pngOf(header, ...before, pngChunk('IDAT', await deflatedZeros(rawBytes(header))));

const text = async (bytes: number) =>
  pngChunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), await deflatedZeros(bytes)]));
const profile = async (bytes: number) =>
  pngChunk('iCCP', Buffer.concat([Buffer.from('icc\0\0'), await deflatedZeros(bytes)]));

const flat = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: 'white' } });

/** A progressive JPEG whose first scan comes again and again. */
async function manyScans(): Promise<Buffer> {
  const whole = await flat(2_000, 2_000).jpeg({ progressive: true }).toBuffer();
  const first = whole.indexOf(Buffer.from([0xff, 0xda]));
  const next = whole.indexOf(Buffer.from([0xff, 0xc4]), first);
  const scan = whole.subarray(first, next);
  const times = Math.floor((MAX_BOMB_BYTES - whole.length) / scan.length);
  return Buffer.concat([whole.subarray(0, -2), ...Array<Buffer>(times).fill(scan), whole.subarray(-2)]);
}

const square = { width: SIDE, height: SIDE };
const small = { width: 300, height: 300 };

const MAKERS: Readonly<Record<string, () => Promise<Buffer>>> = {
  'PNG, one row': () => png({ width: LIMITS.imagePixels, height: 1 }),
  'PNG, one column': () => png({ width: 1, height: LIMITS.imagePixels }),
  'PNG, grey': () => png(square),
  'PNG, 1 bit, palette': () => png({ ...square, depth: 1, colour: 3 }, PALETTE),
  'PNG, 16 bits, RGBA': () => png({ ...square, depth: 16, colour: 6 }),
  'PNG, interlaced': () => png({ ...square, colour: 2, interlaced: true }),
  'PNG, 16 bits, RGBA, interlaced, turned': () =>
    png({ ...square, depth: 16, colour: 6, interlaced: true }, TURNED),
  'PNG, above the limit': () => png({ width: 20_000, height: 20_000, depth: 1 }),
  'PNG, text of 100 MB': async () => png(small, await text(100_000_000)),
  'PNG, profile of 100 MB': async () => png(small, await profile(100_000_000)),
  JPEG: () => flat(SIDE, SIDE).jpeg({ quality: 1 }).toBuffer(),
  'JPEG, one row': () => flat(65_500, 600).jpeg({ quality: 1 }).toBuffer(),
  'JPEG, progressive': () => flat(SIDE, SIDE).jpeg({ quality: 1, progressive: true }).toBuffer(),
  'JPEG, progressive, turned': () =>
    flat(SIDE, SIDE).withMetadata({ orientation: 6 }).jpeg({ quality: 1, progressive: true }).toBuffer(),
  'JPEG, CMYK': () => flat(4_000, 4_000).toColourspace('cmyk').jpeg({ quality: 1 }).toBuffer(),
  'JPEG, many scans': manyScans,
  WebP: () => flat(SIDE, SIDE).webp({ quality: 1, effort: 0 }).toBuffer(),
  'WebP, lossless': () => flat(SIDE, SIDE).webp({ lossless: true, effort: 0 }).toBuffer(),
  'WebP, 65,536 groups of Huffman codes': () => Promise.resolve(webpOfGroups(65_536)),
  'WebP, 36,000 groups of large Huffman codes': () => Promise.resolve(webpOfGroups(36_000, true)),
  'WebP, turned': () =>
    flat(16_383, 2_441).withMetadata({ orientation: 6 }).webp({ quality: 1, effort: 0 }).toBuffer(),
};

/** Makes every bomb, one at a time: each takes a second or less. */
export async function* makeBombs(): AsyncGenerator<Bomb> {
  for (const [name, make] of Object.entries(MAKERS)) {
    const bytes = await make();
    if (bytes.length > MAX_BOMB_BYTES)
      throw new Error(
        `${name} must have at most ${MAX_BOMB_BYTES} bytes, has ${bytes.length}: claim fewer pixels`,
      );
    yield { name, bytes };
  }
}
