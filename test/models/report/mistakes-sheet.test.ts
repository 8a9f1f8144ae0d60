import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';

import { decodeFilePixels } from '../../../models/data/decode-file';
import {
  MAX_SHEET_IMAGES,
  type MisclassifiedImage,
  mistakesSheet,
} from '../../../models/report/mistakes-sheet';

const TITLE = 'Worst mistakes of <accuracy> & "co", measured';
const MAX_PIXELS = 100_000;

async function image(background: string, trueClass = 'glass'): Promise<MisclassifiedImage> {
  const create = { width: 200, height: 100, channels: 3, background } as const;
  const image = await sharp({ create }).png().toBuffer();
  return { image, trueClass, predictedClass: 'metal', confidence: 0.973 };
}

/** Red, green and blue of a pixel, in steps of 64: JPEG changes values a little. */
async function colourAt(jpeg: Buffer, left: number, top: number): Promise<number[]> {
  const pixel = await sharp(jpeg).extract({ left, top, width: 1, height: 1 }).raw().toBuffer();
  return Array.from(pixel, (value) => Math.round(value / 64));
}

test('images are letterboxed in rows of six, in order', async () => {
  const colours = ['#ff0000', '#00ff00', '#0000ff', '#ff0000', '#00ff00', '#0000ff', '#00ff00'];
  const { jpeg } = await mistakesSheet(await Promise.all(colours.map((c) => image(c))), TITLE, MAX_PIXELS);
  const { width, height, format } = await sharp(jpeg).metadata();
  expect([format, width, height]).toEqual(['jpeg', 12 + 6 * 236, 44 + 2 * 274]);
  const middle = (column: number, row: number) =>
    colourAt(jpeg, 12 + column * 236 + 112, 44 + row * 274 + 112);
  expect([await middle(0, 0), await middle(1, 0), await middle(2, 0)]).toEqual([
    [4, 0, 0],
    [0, 4, 0],
    [0, 0, 4],
  ]);
  expect(await middle(0, 1)).toEqual([0, 4, 0]);
  expect(await middle(1, 1)).toEqual([4, 4, 4]);
  // The letterbox fills the space above a wide image.
  expect(await colourAt(jpeg, 12 + 112, 44 + 20)).toEqual([4, 4, 4]);
});

test('the same mistakes give the same bytes', async () => {
  const images = [await image('#808080')];
  const [one, two] = [
    await mistakesSheet(images, TITLE, MAX_PIXELS),
    await mistakesSheet(images, TITLE, MAX_PIXELS),
  ];
  expect(one.jpeg.equals(two.jpeg)).toBe(true);
});

test('names are drawn literally, whatever characters they contain and however long they are', async () => {
  const { jpeg } = await mistakesSheet(
    [await image('#808080', '<b>&amp;\u0000</i> ' + 'W'.repeat(200))],
    'W'.repeat(500),
    MAX_PIXELS,
  );
  expect((await sharp(jpeg).metadata()).width).toBe(12 + 2 * 236);
});

test('each image has a caption below it', async () => {
  const { jpeg } = await mistakesSheet([await image('#ffffff')], TITLE, MAX_PIXELS);
  const caption = { left: 12, top: 44 + 224, width: 224, height: 38 };
  const { channels } = await sharp(jpeg).extract(caption).stats();
  expect(channels[0]!.min).toBeLessThan(100);
});

test('a sheet for no images, or for more than fit on it, is refused', async () => {
  const one = await image('#808080');
  await expect(mistakesSheet([], TITLE, MAX_PIXELS)).rejects.toThrow('1 to 24 images, received 0');
  const many = new Array<MisclassifiedImage>(MAX_SHEET_IMAGES + 1).fill(one);
  await expect(mistakesSheet(many, TITLE, MAX_PIXELS)).rejects.toThrow('received 25');
});

test.each([
  ['baseline', false, 0xc0],
  ['progressive', true, 0xc2],
])(
  'a %s JPEG that libvips warns of is on the sheet, as it is in the training',
  async (_, progressive, sof) => {
    const jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#00ff00' } })
      .jpeg({ progressive })
      .toBuffer();
    const frame = jpeg.indexOf(Buffer.of(0xff, sof));
    const spare = Buffer.concat([jpeg.subarray(0, frame), Buffer.from('spare'), jpeg.subarray(frame)]);
    await expect(sharp(spare).raw().toBuffer()).rejects.toThrow('extraneous bytes');
    expect(await decodeFilePixels(spare, MAX_PIXELS)).toHaveLength(224 * 224 * 3);
    const sheet = await mistakesSheet([{ ...(await image('#808080')), image: spare }], TITLE, MAX_PIXELS);
    expect(await colourAt(sheet.jpeg, 12 + 112, 44 + 112)).toEqual([0, 4, 0]);
  },
);

test('a format that is blocked for uploads is blocked here too', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>');
  const mistake = { ...(await image('#808080')), image: svg };
  await expect(mistakesSheet([mistake], TITLE, MAX_PIXELS)).rejects.toThrow('unsupported image format');
});

test('a machine without fonts is detected', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-fonts-'));
  try {
    const configuration = join(folder, 'fonts.conf');
    writeFileSync(
      configuration,
      `<?xml version="1.0"?><fontconfig><cachedir>${folder}</cachedir></fontconfig>`,
    );
    const script = `
      const { mistakesSheet } = require('./models/report/mistakes-sheet');
      const sharp = require('sharp');
      (async () => {
        const create = { width: 9, height: 9, channels: 3, background: '#808080' };
        const image = await sharp({ create }).png().toBuffer();
        const mistake = { image, trueClass: 'a', predictedClass: 'b', confidence: 0.5 };
        console.log((await mistakesSheet([mistake], 'title', 1000)).hasText);
      })();`;
    const output = execFileSync('node', ['--import', 'tsx', '-e', script], {
      cwd: join(__dirname, '../../..'),
      env: { ...process.env, FONTCONFIG_FILE: configuration },
      encoding: 'utf8',
    });
    expect(output.trim()).toBe('false');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
