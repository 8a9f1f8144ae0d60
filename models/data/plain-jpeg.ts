/**
 * Reads the headers of the common JPEG, whose pixels are its colours: baseline, eight bits, three components in one scan,
 * no restarts, no profile and no orientation.
 *
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf annex B
 */

/** Size of an image, pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Luma or one of the two kinds of chroma. */
interface Component {
  /** Where its 64 quantization steps begin in the file. */
  readonly steps: number;
  /** Numbers of the Huffman tables of its first and of its other coefficients, 0 or 1. */
  readonly dc: number;
  readonly ac: number;
}

/** What the compressed data of a file means. */
export interface PlainJpeg extends ImageSize {
  /** Blocks of luma for one of chroma, along both directions: 1 or 2. */
  readonly across: number;
  readonly down: number;
  readonly components: readonly Component[];
  /** Where each used Huffman table begins in the file: DC 0 and 1, AC 0 and 1. */
  readonly tables: readonly (number | undefined)[];
  /** Where the compressed data begins in the file. */
  readonly scan: number;
}

/** What the segments before the scan said. */
interface Headers {
  frame?: { readonly at: number; readonly sampling: number };
  /** By number. */
  readonly steps: Map<number, number>;
  readonly tables: (number | undefined)[];
}

const START_OF_SCAN = 0xda;
const HUFFMAN = 0xc4;
const QUANTIZATION = 0xdb;
const RESTART = 0xdd;
const BASELINE: readonly number[] = [0xc0, 0xc1];
/** JFIF's, and a comment. */
const IGNORED: readonly number[] = [0xe0, 0xfe];
/** Sampling factors, horizontal and vertical, of luma and of each chroma component: 4:4:4, 4:2:2 and 4:2:0. */
const SAMPLINGS: readonly number[] = [0x111111, 0x211111, 0x221111];
/** What names the components of an image that is stored as red, green and blue. */
const RGB_NAMES = 'RGB';
/** In a scan's header: all coefficients, with all their bits. */
const WHOLE = 0x003f00;
const STEPS_BYTES = 64;
const COUNTS_BYTES = 16;

/** Each reads a segment, from `at` to `end`; returns whether it is of the common kind. */
const READERS: Readonly<
  Record<number, (headers: Headers, image: Buffer, at: number, end: number) => boolean>
> = {
  [QUANTIZATION]: ({ steps }, image, at, end) => {
    // The upper half of the number says whether steps have 16 bits.
    for (; at + 1 + STEPS_BYTES <= end && image[at]! < 4; at += 1 + STEPS_BYTES)
      steps.set(image[at]!, at + 1);
    return at === end;
  },
  [HUFFMAN]: ({ tables }, image, at, end) => {
    while (at + 1 + COUNTS_BYTES <= end) {
      const number = image[at]!;
      if ((number & ~0x11) !== 0) return false;
      tables[(number >> 4) * 2 + (number & 1)] = at + 1;
      const counts = image.subarray(at + 1, at + 1 + COUNTS_BYTES);
      at += 1 + COUNTS_BYTES + counts.reduce((sum, count) => sum + count, 0);
    }
    return at === end;
  },
  [RESTART]: (_headers, image, at, end) => end === at + 2 && image.readUInt16BE(at) === 0,
};

/** Reads a frame's header. */
function readFrame(headers: Headers, image: Buffer, at: number, end: number): boolean {
  if (headers.frame !== undefined || end !== at + 15 || image[at] !== 8 || image[at + 5] !== 3) return false;
  const sampling = [7, 10, 13].reduce((all, offset) => 256 * all + image[at + offset]!, 0);
  const names = [6, 9, 12].map((offset) => String.fromCharCode(image[at + offset]!)).join('');
  headers.frame = { at, sampling };
  return SAMPLINGS.includes(sampling) && names !== RGB_NAMES;
}

/** Reads a scan's header and puts everything together. */
function readScan({ frame, steps, tables }: Headers, image: Buffer, at: number, end: number) {
  if (frame === undefined || end !== at + 10 || image[at] !== 3 || image.readUIntBE(at + 7, 3) !== WHOLE)
    return undefined;
  const components: Component[] = [];
  for (let i = 0; i < 3; i++) {
    const [inFrame, inScan] = [frame.at + 6 + 3 * i, at + 1 + 2 * i];
    const [stepsAt, numbers] = [steps.get(image[inFrame + 2]!), image[inScan + 1]!];
    const [dc, ac] = [numbers >> 4, numbers & 15];
    if (image[inFrame] !== image[inScan] || stepsAt === undefined || dc > 1 || ac > 1) return undefined;
    if (tables[dc] === undefined || tables[2 + ac] === undefined) return undefined;
    components.push({ steps: stepsAt, dc, ac });
  }
  const [height, width] = [image.readUInt16BE(frame.at + 1), image.readUInt16BE(frame.at + 3)];
  const [across, down] = [frame.sampling >> 20, (frame.sampling >> 16) & 15];
  return { width, height, across, down, components, tables, scan: end };
}

/**
 * Reads the headers; undefined if they are damaged or the JPEG is not plain. An application's segment other than JFIF's may
 * hold a profile, an orientation or another colour space.
 */
export function readPlainJpeg(image: Buffer): PlainJpeg | undefined {
  const headers: Headers = { steps: new Map(), tables: [] };
  let at = 2;
  while (at + 4 <= image.length && image[at] === 0xff) {
    const marker = image[at + 1]!;
    const end = at + 2 + image.readUInt16BE(at + 2);
    if (end > image.length || end < at + 4) return undefined;
    if (marker === START_OF_SCAN) return readScan(headers, image, at + 4, end);
    const read = BASELINE.includes(marker) ? readFrame : READERS[marker];
    if (read === undefined ? !IGNORED.includes(marker) : !read(headers, image, at + 4, end)) return undefined;
    at = end;
  }
  return undefined;
}
