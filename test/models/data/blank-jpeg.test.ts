import sharp from 'sharp';

import { blankJpeg } from '../../../models/data/blank-jpeg';
import { fastPixels } from '../../../models/data/fast-jpeg';

const SIZE = { width: 500, height: 300 } as const;

test('libvips reads a blank JPEG as grey pixels', async () => {
  const { data, info } = await sharp(blankJpeg(SIZE), { failOn: 'warning' })
    .raw()
    .toBuffer({ resolveWithObject: true });

  expect(info).toMatchObject({ ...SIZE, channels: 3 });
  expect(data.every((value) => value === 128)).toBe(true);
});

test('the decoder of plain JPEGs takes a blank one, so that it warms that decoder up', () => {
  const pixels = fastPixels(blankJpeg(SIZE), SIZE.width * SIZE.height);

  expect(pixels?.every((value) => value === 128)).toBe(true);
});
