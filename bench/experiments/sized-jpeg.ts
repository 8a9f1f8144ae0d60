/**
 * A JPEG of a given size, as a client would send it.
 */
import { join } from 'node:path';

import sharp from 'sharp';

import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';

/** A sample that every demo model recognizes. */
export const SAMPLE = join(DEMO_MODELS_DIR, 'samples', 'zigzag.jpg');
const QUALITY = 85;

/**
 * Writes an image as a JPEG.
 *
 * @param size such as `320x240`, pixels
 */
export async function writeJpeg(source: string, size: string, file: string): Promise<void> {
  const [widthPixels, heightPixels] = size.split('x').map(Number);
  const resized = sharp(source).resize(widthPixels, heightPixels, { fit: 'fill' });
  await resized.jpeg({ quality: QUALITY }).toFile(file);
}
