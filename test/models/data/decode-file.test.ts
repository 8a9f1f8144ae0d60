import sharp from 'sharp';

import { decodePixels } from '../../../models/data/decode';
import { decodeFileImage, decodeFilePixels } from '../../../models/data/decode-file';
import { FILE_EXTENSIONS, FILE_FORMAT_NAMES, FILE_ONLY_FORMATS } from '../../../models/data/image-formats';

const MAX_PIXELS = 1_000_000;

/** A red image of 40 x 30 pixels. */
const red = () => sharp({ create: { width: 40, height: 30, channels: 3, background: '#f00' } });
const firstPixel = (pixels: ArrayLike<number>) => [pixels[0], pixels[1], pixels[2]];

test.each(['gif', 'tiff', 'avif'] as const)(
  'a %s file is decoded, though no request may have it',
  async (format) => {
    const image = await red().toFormat(format, { quality: 100 }).toBuffer();
    const { offset, bytes } = FILE_ONLY_FORMATS.find(({ extensions }) =>
      (extensions as readonly string[]).includes(`.${format}`),
    )!;
    expect(image.toString('latin1', offset, offset + bytes.length)).toBe(bytes);
    const [r, g, b] = firstPixel(await decodeFilePixels(image, MAX_PIXELS));
    expect(r).toBeGreaterThan(250);
    expect(g! + b!).toBeLessThan(8);
    expect((await decodeFileImage(image, MAX_PIXELS))[0]).toBeGreaterThan(0.98);
    await expect(decodePixels(image, MAX_PIXELS)).rejects.toMatchObject({ reason: 'unsupported' });
  },
);

test('an animated GIF gives its first frame', async () => {
  const frames = await Promise.all(
    ['#f00', '#00f'].map((background) =>
      sharp({ create: { width: 40, height: 30, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  const animation = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
  expect((await sharp(animation).metadata()).pages).toBe(2);
  const pixels = await decodeFilePixels(animation, MAX_PIXELS);
  expect(firstPixel(pixels)).toEqual([255, 0, 0]);
  expect(firstPixel(pixels.subarray(-3))).toEqual([255, 0, 0]);
});

/** An uncompressed TIFF of one colour, 16 bits a channel, with a colour profile: sharp writes 8 bits only. */
function deepTiff(colour: readonly number[], side: number, profile: Buffer): Buffer {
  const pixels = Buffer.from(new Uint16Array(side * side * 3).map((_, i) => 257 * colour[i % 3]!).buffer);
  const [SHORT, LONG, UNDEFINED] = [3, 4, 7];
  const entries = 10;
  const depthsAt = 8 + 2 + 12 * entries + 4;
  const profileAt = depthsAt + 8;
  const pixelsAt = profileAt + profile.length + (profile.length % 2);
  const file = Buffer.alloc(pixelsAt + pixels.length);
  file.write('II*\0\x08\0\0\0', 'latin1');
  file.writeUInt16LE(entries, 8);
  const tags: readonly (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, SHORT, 1, side], // width
    [257, SHORT, 1, side], // height
    [258, SHORT, 3, depthsAt], // bits per sample
    [259, SHORT, 1, 1], // no compression
    [262, SHORT, 1, 2], // RGB
    [273, LONG, 1, pixelsAt],
    [277, SHORT, 1, 3], // samples per pixel
    [278, SHORT, 1, side], // rows per strip
    [279, LONG, 1, pixels.length],
    [34675, UNDEFINED, profile.length, profileAt],
  ];
  for (const [i, [tag, type, count, value]] of tags.entries()) {
    const at = 10 + 12 * i;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
  }
  for (let i = 0; i < 3; i++) file.writeUInt16LE(16, depthsAt + 2 * i);
  profile.copy(file, profileAt);
  pixels.copy(file, pixelsAt);
  return file;
}

test('a 16-bit TIFF in Display P3 becomes sRGB as an 8-bit one does', async () => {
  const shallow = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#c86432' } })
    .withIccProfile('p3')
    .tiff({ compression: 'none' })
    .toBuffer();
  const { icc } = await sharp(shallow).metadata();
  const raw = await sharp(shallow, { ignoreIcc: true }).raw().toBuffer();
  const deep = deepTiff([...raw.subarray(0, 3)], 40, icc!);
  expect(await sharp(deep).metadata()).toMatchObject({ depth: 'ushort', hasProfile: true });
  const [a, b] = await Promise.all([deep, shallow].map((image) => decodeFilePixels(image, MAX_PIXELS)));
  for (const [i, level] of firstPixel(a!).entries()) expect(Math.abs(level! - b![i]!)).toBeLessThanOrEqual(3);
  // Without the profile the colours would differ.
  expect(Math.abs(a![0]! - raw[0]!)).toBeGreaterThan(5);
});

test('a JPEG has the pixels that the service would see', async () => {
  const image = await red().jpeg().toBuffer();
  expect((await decodeFilePixels(image, MAX_PIXELS)).equals(await decodePixels(image, MAX_PIXELS))).toBe(
    true,
  );
});

/** The start of a file of the ISO base media format. */
const isoFile = (brand: string) => Buffer.from(`\0\0\0\x14ftyp${brand}\0\0\0\0`);

test.each<readonly [string, Buffer]>([
  ['BMP', Buffer.from('BM00000000000000')],
  ['HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0')],
  ['HEIF', Buffer.from('\0\0\0\x18ftypmif1\0\0\0\0')],
  ...['heif', 'mif2', 'avci'].map((brand) => ['HEIF', isoFile(brand)] as const),
  ['Canon raw', isoFile('crx ')],
  ...['qt  ', 'isom', 'iso5', 'mp41', 'mp42', 'M4V ', '3gp4', '3g2a', 'avc1'].map(
    (brand) => ['a video', isoFile(brand)] as const,
  ),
  ['a file of another kind', isoFile('M4A ')],
  ['SVG', Buffer.from('<svg width="3" height="3"/>')],
])('%s is refused with the formats to choose from', async (name, image) => {
  for (const decode of [decodeFilePixels, decodeFileImage])
    await expect(decode(image, MAX_PIXELS)).rejects.toThrow(
      `The image is ${name}; save it as ${FILE_FORMAT_NAMES}.`,
    );
});

test('a file with too many pixels, or cut off, is refused', async () => {
  const image = await red().tiff().toBuffer();
  await expect(decodeFilePixels(image, 100)).rejects.toThrow('more than 100 pixels');
  await expect(decodeFilePixels(image.subarray(0, image.length / 2), MAX_PIXELS)).rejects.toThrow('damaged');
});

test('formats and extensions are listed once each', () => {
  expect(FILE_FORMAT_NAMES).toBe('JPEG, PNG, WebP, GIF, TIFF or AVIF');
  expect(FILE_EXTENSIONS.join(' ')).toBe('.jpg .jpeg .png .webp .gif .tif .tiff .avif');
});

test('a file that is no image is named as such, with the formats that a file may have', async () => {
  const error = `This is not an image; choose a file in ${FILE_FORMAT_NAMES}.`;
  for (const decode of [decodeFilePixels, decodeFileImage]) {
    await expect(decode(Buffer.from('# Readme'), MAX_PIXELS)).rejects.toMatchObject({
      reason: 'invalid',
      message: error,
    });
  }
});
