/**
 * Reads of a lossless WebP what its decoding costs beside its pixels: the groups of Huffman codes. They come after small
 * images of their own, which therefore have to be decoded.
 *
 * @see https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
 */
import { type BitReader, bitReader, DamagedWebp, readCode } from './webp-bits';

/**
 * Most groups of Huffman codes. A decoder builds their tables before the first pixel: 65,536 groups in 300 kB take 350 MiB
 * and 1.7 s, larger codes in 1.8 MB 840 MiB and 5 s (measured with libwebp on one core of a Xeon at 2.5 GHz). libwebp's encoder writes at most
 * 2,600.
 */
export const MAX_GROUPS = 4096;

/** Most pixels of the small images, which hold one for each block of the image. Encoders write at most 160,000. */
export const MAX_BLOCKS = 1024 * 1024;

/** What is above {@link MAX_GROUPS} or {@link MAX_BLOCKS}. */
export type Excess = 'groups' | 'blocks';

class TooMuch extends Error {
  constructor(readonly excess: Excess) {
    super();
  }
}

const LITERALS = 256;
const LENGTHS = 24;
const DISTANCES = 40;
const MAX_CACHE_BITS = 11;

/** A length or a distance: its symbol says how many more bits it has. */
function copied(bits: BitReader, symbol: number): number {
  if (symbol < 4) return symbol + 1;
  const more = (symbol - 2) >> 1;
  return ((2 + (symbol & 1)) << more) + bits.read(more) + 1;
}

/** Pixels before, in the order in which short distances name them: the nearest first, then the highest, then the left. */
const NEIGHBOURS = Array.from({ length: 8 }, (_, up) => up)
  .flatMap((up) => Array.from({ length: 16 }, (_, i) => ({ up, left: 8 - i })))
  .filter(({ up, left }) => up > 0 || left > 0)
  .sort((a, b) => a.up ** 2 + a.left ** 2 - b.up ** 2 - b.left ** 2 || b.up - a.up || b.left - a.left);

function distanceOf(code: number, width: number): number {
  const neighbour = NEIGHBOURS[code - 1];
  if (neighbour === undefined) return code - NEIGHBOURS.length;
  return Math.max(1, neighbour.up * width + neighbour.left);
}

/** Colours that were used before, by a hash. */
const HASH = 0x1e35a7bd;

const readCacheBits = (bits: BitReader): number => {
  if (bits.read(1) === 0) return 0;
  const cacheBits = bits.read(4);
  if (cacheBits < 1 || cacheBits > MAX_CACHE_BITS) throw new DamagedWebp();
  return cacheBits;
};

/** Decodes one of the small images: alpha, red, green and blue in 8 bits each. */
function smallImage(bits: BitReader, width: number, height: number): Uint32Array {
  if (width * height > MAX_BLOCKS) throw new TooMuch('blocks');
  const cacheBits = readCacheBits(bits);
  const cache = new Uint32Array(1 << cacheBits);
  const firstCached = LITERALS + LENGTHS;
  const greens = readCode(bits, firstCached + (cacheBits > 0 ? cache.length : 0));
  const [reds, blues, alphas] = [0, 1, 2].map(() => readCode(bits, LITERALS));
  const distances = readCode(bits, DISTANCES);
  const pixels = new Uint32Array(width * height);
  let at = 0;
  const add = (pixel: number) => {
    pixels[at++] = pixel;
    if (cacheBits > 0) cache[Math.imul(HASH, pixel) >>> (32 - cacheBits)] = pixel;
  };
  while (at < pixels.length) {
    const green = bits.symbol(greens);
    if (green < LITERALS) {
      const red = bits.symbol(reds!);
      const blue = bits.symbol(blues!);
      add((bits.symbol(alphas!) << 24) | (red << 16) | (green << 8) | blue);
    } else if (green >= firstCached) add(cache[green - firstCached]!);
    else {
      const until = at + copied(bits, green - LITERALS);
      const distance = distanceOf(copied(bits, bits.symbol(distances)), width);
      if (distance > at || until > pixels.length) throw new DamagedWebp();
      while (at < until) add(pixels[at - distance]!);
    }
  }
  return pixels;
}

const TRANSFORMS = ['predictor', 'colour', 'green', 'palette'] as const;

/** Reads over the transforms. @returns the width of what they transform */
function widthAfterTransforms(bits: BitReader, width: number, height: number): number {
  const seen = new Set<string>();
  let packed = width;
  while (bits.read(1) === 1) {
    const transform = TRANSFORMS[bits.read(2)]!;
    if (seen.has(transform)) throw new DamagedWebp();
    seen.add(transform);
    if (transform === 'palette') {
      const colours = bits.read(8) + 1;
      smallImage(bits, colours, 1);
      // With few colours, a pixel holds several.
      packed = Math.ceil(packed / (colours > 16 ? 1 : colours > 4 ? 2 : colours > 2 ? 4 : 8));
    } else if (transform !== 'green') {
      const side = 1 << (bits.read(3) + 2);
      smallImage(bits, Math.ceil(packed / side), Math.ceil(height / side));
    }
  }
  return packed;
}

/** Groups of Huffman codes of an image whose transforms come next. */
function groupsOf(bits: BitReader, width: number, height: number): number {
  const packed = widthAfterTransforms(bits, width, height);
  readCacheBits(bits);
  if (bits.read(1) === 0) return 1;
  const side = 1 << (bits.read(3) + 2);
  const blocks = smallImage(bits, Math.ceil(packed / side), Math.ceil(height / side));
  return blocks.reduce((most, pixel) => Math.max(most, ((pixel >>> 8) & 0xffff) + 1), 1);
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

const ANIMATION_FRAME_BYTES = 16;

/** The chunks of a WebP, those of its frames included. */
function* chunksOf(image: Buffer, from: number): Generator<Chunk> {
  for (let at = from; at + 8 <= image.length;) {
    const size = image.readUInt32LE(at + 4);
    const data = image.subarray(at + 8, at + 8 + size);
    const type = image.toString('latin1', at, at + 4);
    yield { type, data };
    if (type === 'ANMF') yield* chunksOf(data, ANIMATION_FRAME_BYTES);
    at += 8 + size + (size % 2);
  }
}

const SIGNATURE = 0x2f;
/** In the first byte of an alpha channel: it is compressed like a lossless image. */
const isCompressed = (alpha: Buffer) => (alpha[0]! & 0b11) === 1;
const sizeAt = (data: Buffer, at: number) => ({
  width: 1 + data.readUIntLE(at, 3),
  height: 1 + data.readUIntLE(at + 3, 3),
});

function checkChunks(image: Buffer): void {
  const check = (bits: BitReader, width: number, height: number) => {
    if (groupsOf(bits, width, height) > MAX_GROUPS) throw new TooMuch('groups');
  };
  // Of the alpha channel, which does not say it.
  let size = { width: 0, height: 0 };
  for (const { type, data } of chunksOf(image, 12)) {
    if (type === 'VP8X' && data.length >= 10) size = sizeAt(data, 4);
    if (type === 'ANMF' && data.length >= ANIMATION_FRAME_BYTES) size = sizeAt(data, 6);
    if (type === 'ALPH' && data.length > 0 && isCompressed(data))
      check(bitReader(data.subarray(1)), size.width, size.height);
    if (type !== 'VP8L') continue;
    const bits = bitReader(data);
    if (bits.read(8) !== SIGNATURE) throw new DamagedWebp();
    const [width, height] = [1 + bits.read(14), 1 + bits.read(14)];
    // Whether it has transparent pixels, and the version.
    bits.read(4);
    check(bits, width, height);
  }
}

/** What a WebP has too much of; `damaged` if that cannot be read, so that nothing gets past the limits. */
export function losslessExcess(image: Buffer): Excess | 'damaged' | undefined {
  try {
    checkChunks(image);
    return undefined;
  } catch (error) {
    if (error instanceof TooMuch) return error.excess;
    if (error instanceof DamagedWebp) return 'damaged';
    throw error;
  }
}
