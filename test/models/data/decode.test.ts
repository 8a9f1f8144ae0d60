import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import sharp from 'sharp';

import { DecodeError, decodeImage, decodePixels } from '../../../models/data/decode';

const MAX_PIXELS = 1_000_000;
const SIDE = 224;

/** An image whose left half is red and right half blue. */
async function halves(side = SIDE): Promise<sharp.Sharp> {
  const pixels = new Uint8Array(3 * side * side);
  for (let i = 0; i < side * side; i++) pixels[3 * i + (i % side < side / 2 ? 0 : 2)] = 255;
  return sharp(
    await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
      .png()
      .toBuffer(),
  );
}

const pixelAt = (pixels: Buffer, row: number, column: number) => [
  ...pixels.subarray(3 * (SIDE * row + column)).subarray(0, 3),
];
const left = (pixels: Buffer) => pixelAt(pixels, 112, 20);
const right = (pixels: Buffer) => pixelAt(pixels, 112, 200);

test('an image of the input size passes untouched', async () => {
  const image = await halves();
  expect(
    (await decodePixels(await image.png().toBuffer(), MAX_PIXELS)).equals(await image.raw().toBuffer()),
  ).toBe(true);
  const floats = await decodeImage(await image.png().toBuffer(), MAX_PIXELS);
  expect(floats).toHaveLength(SIDE * SIDE * 3);
  expect([...floats.subarray(0, 3)]).toEqual([1, 0, 0]);
});

test.each([96, 500])('an image of %i pixels a side is stretched to the input size', async (side) => {
  const pixels = await decodePixels(await (await halves(side)).png().toBuffer(), MAX_PIXELS);
  expect(pixels).toHaveLength(SIDE * SIDE * 3);
  expect(left(pixels)).toEqual([255, 0, 0]);
  expect(right(pixels)).toEqual([0, 0, 255]);
});

test.each([
  [1, [255, 0, 0], [0, 0, 255]],
  [2, [0, 0, 255], [255, 0, 0]],
  [3, [0, 0, 255], [255, 0, 0]],
  [4, [255, 0, 0], [0, 0, 255]],
])('EXIF orientation %i is obeyed', async (orientation, expectedLeft, expectedRight) => {
  const image = await (await halves()).withMetadata({ orientation }).png().toBuffer();
  const pixels = await decodePixels(image, MAX_PIXELS);
  expect(left(pixels)).toEqual(expectedLeft);
  expect(right(pixels)).toEqual(expectedRight);
});

test('grey, 16-bit and transparent images become RGB, the transparent on white', async () => {
  const grey = await sharp({ create: { width: 50, height: 50, channels: 3, background: '#808080' } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  expect(left(await decodePixels(grey, MAX_PIXELS))).toEqual([128, 128, 128]);
  const deep = await (await halves()).toColourspace('rgb16').png().toBuffer();
  expect(left(await decodePixels(deep, MAX_PIXELS))).toEqual([255, 0, 0]);
  const clear = await sharp({
    create: { width: 50, height: 50, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
  })
    .png()
    .toBuffer();
  expect(left(await decodePixels(clear, MAX_PIXELS))).toEqual([255, 255, 255]);
});

test('a CMYK JPEG becomes RGB', async () => {
  const cmyk = await (await halves()).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
  const [red, , blue] = left(await decodePixels(cmyk, MAX_PIXELS));
  expect(red).toBeGreaterThan(200);
  expect(blue).toBeLessThan(80);
});

test.each([
  [5, 'top'],
  [6, 'top'],
  [7, 'bottom'],
  [8, 'bottom'],
])('EXIF orientation %i puts the left half at the %s', async (orientation, where) => {
  const image = await (await halves()).withMetadata({ orientation }).jpeg({ quality: 100 }).toBuffer();
  const pixels = await decodePixels(image, MAX_PIXELS);
  const [top, bottom] = [pixelAt(pixels, 20, 112), pixelAt(pixels, 200, 112)];
  const red = where === 'top' ? top : bottom;
  const blue = where === 'top' ? bottom : top;
  expect(red[0]).toBeGreaterThan(240);
  expect(blue[2]).toBeGreaterThan(240);
});

describe('an image in Display P3', () => {
  /** sRGB's transfer function, which Display P3 has too. */
  const linear = (level: number) => {
    const share = level / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const encoded = (light: number) => {
    const share = Math.min(1, Math.max(0, light));
    return Math.round(255 * (share <= 0.0031308 ? 12.92 * share : 1.055 * share ** (1 / 2.4) - 0.055));
  };
  /** Linear Display P3 to linear sRGB, both with white D65; derived from the primaries in CSS Color 4, section 10. */
  const P3_TO_SRGB = [
    [1.2249402, -0.2249402, 0],
    [-0.0420569, 1.0420569, 0],
    [-0.0196376, -0.0786361, 1.0982735],
  ];
  const golden = (p3: readonly number[]) =>
    P3_TO_SRGB.map((row) => encoded(row.reduce((sum, factor, i) => sum + factor * linear(p3[i]!), 0)));

  test.each([
    ['8-bit PNG', 'uchar', 'png'],
    ['16-bit PNG', 'ushort', 'png'],
    ['WebP', 'uchar', 'webp'],
    ['JPEG', 'uchar', 'jpeg'],
  ] as const)('becomes sRGB: %s', async (_what, depth, format) => {
    for (const background of ['#c86432', '#1ec83c', '#808080']) {
      const plain = sharp({ create: { width: 64, height: 64, channels: 3, background } });
      if (depth === 'ushort') plain.toColourspace('rgb16');
      plain.withIccProfile('p3').toFormat(format, format === 'png' ? {} : { quality: 100 });
      const image = await plain.toBuffer();
      expect(await sharp(image).metadata()).toMatchObject({ depth, hasProfile: true });
      // The values in the file, before a profile is applied.
      const raw = await sharp(image, { ignoreIcc: true }).toColourspace('srgb').raw().toBuffer();
      const expected = golden([...raw.subarray(0, 3)]);
      const actual = left(await decodePixels(image, MAX_PIXELS));
      for (const [i, level] of actual.entries())
        expect(Math.abs(level - expected[i]!)).toBeLessThanOrEqual(3);
    }
  });
});

test('half-transparent grey is half way to white', async () => {
  const background = { r: 0, g: 0, b: 0, alpha: 0.5 };
  const image = await sharp({ create: { width: 50, height: 50, channels: 4, background } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  expect(await sharp(image).metadata()).toMatchObject({ space: 'b-w', channels: 2 });
  expect(left(await decodePixels(image, MAX_PIXELS))).toEqual([127, 127, 127]);
});

test('other formats are unsupported, whatever the library could read', async () => {
  for (const format of ['gif', 'tiff', 'avif'] as const) {
    const image = await (await halves(16)).toFormat(format).toBuffer();
    await expect(decodePixels(image, MAX_PIXELS)).rejects.toMatchObject({ reason: 'unsupported' });
  }
});

test('a JPEG cut off anywhere is refused as invalid', async () => {
  const image = await (await halves()).jpeg().toBuffer();
  for (let share = 0.05; share < 1; share += 0.1) {
    const cut = image.subarray(0, Math.floor(share * image.length));
    await expect(decodePixels(cut, MAX_PIXELS)).rejects.toBeInstanceOf(DecodeError);
  }
});

test('an image of too many pixels is refused before it is decoded', async () => {
  const image = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: 'white' } })
    .png()
    .toBuffer();
  await expect(decodePixels(image, MAX_PIXELS)).rejects.toThrow(
    'more than 1000000 pixels; send a smaller one',
  );
});

test('images are decoded while threads that decode are started', async () => {
  // Progressive, so that libvips decodes it.
  const jpeg = await (await halves()).jpeg({ progressive: true }).toBuffer();
  const register = `require(${JSON.stringify(require.resolve('tsx/cjs'))})`;
  const decoder = JSON.stringify(require.resolve('../../../models/data/decode'));
  // Loaded repeatedly: a thread that set libvips' formats would block JPEG for a moment each time.
  const again = `for (let i = 0; i < 300; i++) { delete require.cache[${decoder}]; require(${decoder}); }`;
  const thread = new Worker(`${register};${again}`, { eval: true, execArgv: [] });
  const running = new AbortController();
  void once(thread, 'exit').then(() => running.abort());
  while (!running.signal.aborted) {
    await Promise.all(Array.from({ length: 4 }, () => decodePixels(jpeg, MAX_PIXELS)));
  }
});
