import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { decodePixels } from '../../../models/data/decode';
import { IMAGE_FORMAT_NAMES, IMAGE_FORMATS, IMAGE_MEDIA_TYPES } from '../../../models/data/image-formats';

test.each(IMAGE_FORMATS)('$name files start with their signature and are decoded', async (format) => {
  const blank = sharp({ create: { width: 8, height: 8, channels: 3, background: '#fff' } });
  const file = await blank.toFormat(format.mediaType.replace('image/', '') as 'jpeg').toBuffer();
  const { offset, bytes } = format;
  expect(file.toString('latin1', offset, offset + bytes.length)).toBe(bytes);
  expect(await decodePixels(file, 64)).toHaveLength(224 * 224 * 3);
});

test('names are listed as in a sentence', () => {
  expect(IMAGE_FORMAT_NAMES).toBe('JPEG, PNG or WebP');
});

test('the page’s file picker offers exactly the formats that are decoded', () => {
  const page = readFileSync(join(__dirname, '../../../service/page/index.html'), 'utf8');
  expect(page).toContain(`accept="${IMAGE_MEDIA_TYPES.join(',')}"`);
});
