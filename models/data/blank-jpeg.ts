/**
 * A grey JPEG made without an encoder, to warm up the decoder of plain JPEGs: an encoder would have to be loaded first.
 *
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf annex B
 */
import type { ImageSize } from './plain-jpeg';

/** Sampling factors, horizontal and vertical, of luma and of each chroma component: 4:2:0. */
const SAMPLINGS = [0x22, 0x11, 0x11] as const;
/** Side of the square that each component has whole blocks of, pixels. */
const MCU_PIXELS = 16;
/** Four of luma and one of each chroma component. */
const BLOCKS_PER_MCU = 6;
/** A zero difference to the block before and the end of the block: one bit each with the tables below. */
const BITS_PER_BLOCK = 2;

const segment = (marker: number, ...contents: readonly number[]): readonly number[] => {
  const length = contents.length + 2;
  return [0xff, marker, length >> 8, length & 0xff, ...contents];
};
/** One code, of one bit, for the symbol 0. */
const huffmanTable = (classAndId: number) =>
  segment(0xc4, classAndId, 1, ...Array.from({ length: 15 }, () => 0), 0);

/** The bytes of a baseline JPEG whose pixels are all (128, 128, 128). */
export function blankJpeg({ width, height }: ImageSize): Buffer {
  const mcus = Math.ceil(width / MCU_PIXELS) * Math.ceil(height / MCU_PIXELS);
  const components = SAMPLINGS.map((_, index) => index + 1);
  return Buffer.from([
    ...[0xff, 0xd8],
    ...segment(0xdb, 0, ...Array.from({ length: 64 }, () => 1)),
    ...segment(
      0xc0,
      ...[8, height >> 8, height & 0xff, width >> 8, width & 0xff, components.length],
      ...components.flatMap((id, index) => [id, SAMPLINGS[index]!, 0]),
    ),
    ...huffmanTable(0x00),
    ...huffmanTable(0x10),
    ...segment(0xda, components.length, ...components.flatMap((id) => [id, 0]), 0, 63, 0),
    ...Array.from({ length: Math.ceil((mcus * BLOCKS_PER_MCU * BITS_PER_BLOCK) / 8) }, () => 0),
    ...[0xff, 0xd9],
  ]);
}
