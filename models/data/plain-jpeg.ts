/**
 * Recognises the common JPEG, whose pixels are its colours: baseline, eight bits, three components, no profile and no
 * orientation.
 *
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf annex B
 */

/** Size of an image, pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

const START_OF_SCAN = 0xda;
/** Huffman tables, quantization tables and the restart interval. */
const TABLES: readonly number[] = [0xc4, 0xdb, 0xdd];
const BASELINE: readonly number[] = [0xc0, 0xc1];
const JFIF = 0xe0;
const COMMENT = 0xfe;
/** Sampling factors, horizontal and vertical, of luma and of each chroma component: 4:4:4, 4:2:2 and 4:2:0. */
const SAMPLINGS: readonly number[] = [0x111111, 0x211111, 0x221111];

/** Size in a frame header; undefined unless it is of the common kind. */
function sizeOf(image: Buffer, at: number): ImageSize | undefined {
  const [precision, components] = [image.readUInt8(at), image.readUInt8(at + 5)];
  if (precision !== 8 || components !== 3) return undefined;
  const sampling = [7, 10, 13].reduce((all, offset) => 256 * all + image.readUInt8(at + offset), 0);
  if (!SAMPLINGS.includes(sampling)) return undefined;
  return { height: image.readUInt16BE(at + 1), width: image.readUInt16BE(at + 3) };
}

/**
 * The size of a JPEG; undefined if it is damaged before its first scan or not plain. An application's segment other than
 * JFIF's may hold a profile, an orientation or another colour space.
 */
export function plainJpegSize(image: Buffer): ImageSize | undefined {
  let size: ImageSize | undefined;
  let at = 2;
  while (at + 4 <= image.length && image[at] === 0xff) {
    const marker = image[at + 1]!;
    if (marker === START_OF_SCAN) return size;
    const next = at + 2 + image.readUInt16BE(at + 2);
    if (next > image.length) return undefined;
    if (BASELINE.includes(marker)) {
      if (size !== undefined || next < at + 19) return undefined;
      size = sizeOf(image, at + 4);
      if (size === undefined) return undefined;
    } else if (!TABLES.includes(marker) && marker !== JFIF && marker !== COMMENT) return undefined;
    at = next;
  }
  return undefined;
}
