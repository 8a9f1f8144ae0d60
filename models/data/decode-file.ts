/**
 * Decodes image files, for training and for `tandem predict`: the formats of the service, and some that no request may
 * have. GIF and TIFF give their first frame or page.
 */
import { isMainThread } from 'node:worker_threads';

import { decodeBySharp, decodeImage, DecodeError, decodePixels, type Resize, RESIZE } from './decode';
import {
  FILE_FORMAT_NAMES,
  FILE_ONLY_FORMATS,
  IMAGE_FORMATS,
  isFormat,
  OTHER_FORMATS,
} from './image-formats';
import { sharp } from './libvips';
import { fillInput } from './pixels';

// libvips.ts blocks them. The rule service-decodes-its-formats-only keeps this file out of the service.
if (isMainThread) sharp.unblock({ operation: FILE_ONLY_FORMATS.map(({ loader }) => loader) });

/** @throws DecodeError if an image is of a format that is not decoded */
function isFileOnly(image: Buffer): boolean {
  const is = isFormat(image);
  if (FILE_ONLY_FORMATS.some(is)) return true;
  if (IMAGE_FORMATS.some(is)) return false;
  const other = OTHER_FORMATS.find(is);
  if (other === undefined) {
    throw new DecodeError('invalid', `This is not an image; choose a file in ${FILE_FORMAT_NAMES}.`);
  }
  throw new DecodeError('unsupported', `The image is ${other.name}; save it as ${FILE_FORMAT_NAMES}.`);
}

/** Like `decodePixels`, for the bytes of a file. */
export async function decodeFilePixels(
  image: Buffer,
  maxPixels: number,
  resize: Resize = RESIZE,
): Promise<Buffer> {
  return isFileOnly(image) ? decodeBySharp(image, maxPixels, resize) : decodePixels(image, maxPixels, resize);
}

/** Like `decodeImage`, for the bytes of a file. */
export async function decodeFileImage(image: Buffer, maxPixels: number): Promise<Float32Array> {
  if (!isFileOnly(image)) return decodeImage(image, maxPixels);
  const pixels = await decodeBySharp(image, maxPixels);
  const input = new Float32Array(pixels.length);
  fillInput(pixels, input);
  return input;
}
