/**
 * Bounds what decoding may cost: reads the headers, before any pixel is decoded.
 */
import { isFormat, JPEG, PNG, WEBP } from './image-formats';
import { losslessExcess, MAX_BLOCKS, MAX_GROUPS } from './lossless-webp';
import type { ImageSize } from './plain-jpeg';

/**
 * Largest width and height, pixels. Decoders hold hundreds of rows, so one row of 40 million pixels takes 1.1 GiB; and
 * they work row by row, so 40 million rows of one pixel take 20 s of CPU time. Within this limit, 40 million pixels in any
 * format take at most 350 MiB and 2 s (measured on one core of a Xeon at 2.5 GHz).
 */
export const MAX_SIDE_PIXELS = 16_384;

/**
 * Most scans of a JPEG. Each decodes all pixels once more, though an empty one has only a hundred bytes. Encoders write
 * about ten.
 */
export const MAX_SCANS = 100;

/** Most bytes of compressed texts in a PNG: a decoder inflates them all, and 750 KB can take 2.5 s of CPU time. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** Facts of a JPEG's headers. */
interface JpegFacts {
  /** Undefined if there is no frame. */
  readonly size: ImageSize | undefined;
  readonly scans: number;
}

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
/** SOF0 to SOF15, without the three other markers between them. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** A stuffed byte of compressed data, TEM, a restart, or another start of image. */
const hasNoLength = (marker: number) =>
  marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd7) || marker === 0xd8;

/** Walks over the markers up to the end of the image, as libjpeg does; what follows may be another image or a film. */
function jpegFacts(image: Buffer): JpegFacts {
  let size: ImageSize | undefined;
  let scans = 0;
  let at = image.indexOf(0xff, 2);
  while (at >= 0 && at + 9 <= image.length && scans <= MAX_SCANS) {
    const marker = image[at + 1]!;
    if (marker === END_OF_IMAGE) break;
    // A marker may follow any number of fill bytes.
    if (marker === 0xff) at += 1;
    else if (hasNoLength(marker)) at += 2;
    else {
      if (marker === START_OF_SCAN) scans += 1;
      if (isFrame(marker)) size ??= { height: image.readUInt16BE(at + 5), width: image.readUInt16BE(at + 7) };
      at += 2 + image.readUInt16BE(at + 2);
    }
    at = image.indexOf(0xff, at);
  }
  return { size, scans };
}

/** Size in a PNG's header, which comes first. */
const pngSize = (image: Buffer): ImageSize | undefined =>
  image.length < 24 ? undefined : { width: image.readUInt32BE(16), height: image.readUInt32BE(20) };

/** Bytes of the chunks of a PNG that hold compressed text. */
function compressedTextBytes(image: Buffer): number {
  let bytes = 0;
  let at = 8;
  while (at + 8 <= image.length) {
    const size = image.readUInt32BE(at);
    const type = image.toString('latin1', at + 4, at + 8);
    // An iTXt says after its keyword, which ends with 0, whether it is compressed.
    const isText = type === 'zTXt' || (type === 'iTXt' && image[image.indexOf(0, at + 8) + 1] === 1);
    if (isText) bytes += size;
    at += 12 + size;
  }
  return bytes;
}

/** Size of an extended WebP's canvas; the sides of the other kinds have 14 bits. */
const webpSize = (image: Buffer): ImageSize | undefined =>
  image.length < 30 || image.toString('latin1', 12, 16) !== 'VP8X'
    ? undefined
    : { width: 1 + image.readUIntLE(24, 3), height: 1 + image.readUIntLE(27, 3) };

/** Sentence for the sender of an image that no decoder reads. */
export const DAMAGED = 'The image is damaged or cut off; use the whole file.';

const WEBP_PROBLEMS: Readonly<Record<NonNullable<ReturnType<typeof losslessExcess>>, string>> = {
  groups: `The WebP has more than ${MAX_GROUPS} groups of Huffman codes; save it again with libwebp.`,
  blocks: `The WebP is compressed in more than ${MAX_BLOCKS} blocks; save it again with libwebp.`,
  damaged: DAMAGED,
};

/** Why decoding an image would cost too much, in a sentence for its sender; undefined if it would not. */
export function decodingProblem(image: Buffer): string | undefined {
  const is = isFormat(image);
  const { size, scans }: JpegFacts = is(JPEG)
    ? jpegFacts(image)
    : { size: is(PNG) ? pngSize(image) : is(WEBP) ? webpSize(image) : undefined, scans: 0 };
  if (size !== undefined && Math.max(size.width, size.height) > MAX_SIDE_PIXELS)
    return `The image has ${size.width} x ${size.height} pixels, and a side may have ${MAX_SIDE_PIXELS}; send a smaller one.`;
  if (is(PNG) && compressedTextBytes(image) > MAX_TEXT_BYTES)
    return `The PNG has more than ${MAX_TEXT_BYTES} bytes of compressed text; save it again without.`;
  if (scans > MAX_SCANS) return `The JPEG has more than ${MAX_SCANS} scans; save it again with fewer.`;
  const excess = is(WEBP) ? losslessExcess(image) : undefined;
  return excess && WEBP_PROBLEMS[excess];
}
