/**
 * Lossless WebP files with any number of groups of Huffman codes, for images that no encoder makes.
 *
 * @see https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
 */

/** Writes bits, the least significant first. */
class BitWriter {
  private readonly bytes: number[] = [];
  private held = 0;
  private count = 0;

  write(value: number, bits: number): void {
    for (let bit = 0; bit < bits; bit++) {
      this.held |= ((value >>> bit) & 1) << this.count;
      if (++this.count < 8) continue;
      this.bytes.push(this.held);
      this.held = this.count = 0;
    }
  }

  end(): Buffer {
    if (this.count > 0) this.write(0, 8 - this.count);
    return Buffer.from(this.bytes);
  }
}

const RIFF_HEADER_BYTES = 12;

/** A RIFF chunk, padded to an even length. */
export function riffChunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

/** A WebP of these chunks. */
export function webpOf(...chunks: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(RIFF_HEADER_BYTES);
  head.write('RIFF', 'latin1');
  head.write('WEBP', 8, 'latin1');
  const whole = Buffer.concat([head, ...chunks]);
  whole.writeUInt32LE(whole.length - 8, 4);
  return whole;
}

/** The shortest code: one symbol of one bit. */
function writeShortest(out: BitWriter): void {
  out.write(0b0001, 4);
}

const CODE_LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/** A code of `symbols` symbols that all have `length` bits. */
function writeUniform(out: BitWriter, length: number, symbols: number, alphabet: number): void {
  out.write(0, 1); // not simple
  const at = CODE_LENGTH_ORDER.indexOf(length);
  out.write(at + 1 - 4, 4);
  for (let i = 0; i <= at; i++) out.write(i === at ? 1 : 0, 3);
  if (symbols === alphabet) out.write(0, 1);
  else {
    out.write(1, 1);
    out.write(7, 3); // so many bits say how many lengths follow
    out.write(symbols - 2, 16);
  }
  // The lengths themselves take no bits, since their code has one symbol.
}

const reversed = (byte: number) => {
  let out = 0;
  for (let bit = 0; bit < 8; bit++) out |= ((byte >>> bit) & 1) << (7 - bit);
  return out;
};

/** What a lossless WebP claims. */
export interface LosslessHeader {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Groups of Huffman codes. Only images with as many blocks of 4 x 4 pixels decode. */
  readonly groups: number;
  /** Whether the codes are as large as they can be; then there is no pixel, and decoding fails at the end. @default false */
  readonly large?: boolean;
}

/** Bytes of the size, which an alpha channel does not have. */
export const LOSSLESS_HEADER_BYTES = 5;

const GREENS = 256 + 24;
const BLOCK_SIDE_BITS = 2;
const CACHE_BITS = 11;
const blocks = (pixels: number) => Math.ceil(pixels / (1 << BLOCK_SIDE_BITS));

function writeGroup(out: BitWriter, large: boolean): void {
  if (large) {
    writeUniform(out, CACHE_BITS, 1 << CACHE_BITS, GREENS + (1 << CACHE_BITS));
    for (let i = 0; i < 3; i++) writeUniform(out, 8, 256, 256);
  } else for (let i = 0; i < 4; i++) writeShortest(out);
  writeShortest(out);
}

/** The data of a VP8L chunk: a black image, each of whose blocks has the next group of codes. */
export function losslessData({ width, height, groups, large = false }: LosslessHeader): Buffer {
  const out = new BitWriter();
  out.write(0x2f, 8);
  out.write(width - 1, 14);
  out.write(height - 1, 14);
  out.write(0, 4); // without alpha; version 0
  out.write(0, 1); // no transform
  if (large) out.write(1 | (CACHE_BITS << 1), 5);
  else out.write(0, 1); // no cache of colours
  out.write(1, 1); // several groups
  out.write(BLOCK_SIDE_BITS - 2, 3);
  out.write(0, 1); // no cache of colours for the image of groups
  writeUniform(out, 8, 256, GREENS);
  writeUniform(out, 8, 256, 256);
  for (let i = 0; i < 3; i++) writeShortest(out);
  for (let i = 0; i < blocks(width) * blocks(height); i++) {
    const group = Math.min(i, groups - 1);
    out.write(reversed(group & 255), 8);
    out.write(reversed(group >>> 8), 8);
  }
  for (let group = 0; group < groups; group++) writeGroup(out, large);
  return out.end();
}

/** A square WebP with so many groups of Huffman codes. */
export function webpOfGroups(groups: number, large = false): Buffer {
  const side = Math.ceil(Math.sqrt(groups)) << BLOCK_SIDE_BITS;
  return webpOf(riffChunk('VP8L', losslessData({ width: side, height: side, groups, large })));
}
