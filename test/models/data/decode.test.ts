import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import sharp from 'sharp';

import { DecodeError, decodeImage, decodePixels } from '../../../models/data/decode';

const MAX_PIXELS = 1_000_000;
const SIDE = 224;

/** A picture whose left half is red and right half blue. */
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

test('a picture of the input size passes untouched', async () => {
  const picture = await halves();
  expect(
    (await decodePixels(await picture.png().toBuffer(), MAX_PIXELS)).equals(await picture.raw().toBuffer()),
  ).toBe(true);
  const floats = await decodeImage(await picture.png().toBuffer(), MAX_PIXELS);
  expect(floats).toHaveLength(SIDE * SIDE * 3);
  expect([...floats.subarray(0, 3)]).toEqual([1, 0, 0]);
});

test.each([96, 500])('a picture of %i pixels a side is stretched to the input size', async (side) => {
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

test('grey, 16-bit and transparent pictures become RGB, the transparent on white', async () => {
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

test('other formats are unsupported, whatever the library could read', async () => {
  for (const format of ['gif', 'tiff', 'avif'] as const) {
    const image = await (await halves()).toFormat(format).toBuffer();
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

test('a picture of too many pixels is refused before it is decoded', async () => {
  const image = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: 'white' } })
    .png()
    .toBuffer();
  await expect(decodePixels(image, MAX_PIXELS)).rejects.toThrow(
    'more than 1000000 pixels; send a smaller one',
  );
});

test('pictures are decoded while threads that decode are started', async () => {
  const jpeg = await (await halves()).jpeg().toBuffer();
  const register = `require(${JSON.stringify(require.resolve('tsx/cjs'))})`;
  const decoder = JSON.stringify(require.resolve('../../../models/data/decode'));
  // Loaded again and again: each time, a thread that set libvips' formats would take JPEG away for a moment.
  const again = `for (let i = 0; i < 300; i++) { delete require.cache[${decoder}]; require(${decoder}); }`;
  const thread = new Worker(`${register};${again}`, { eval: true, execArgv: [] });
  const running = new AbortController();
  void once(thread, 'exit').then(() => running.abort());
  while (!running.signal.aborted) {
    await Promise.all(Array.from({ length: 4 }, () => decodePixels(jpeg, MAX_PIXELS)));
  }
});
