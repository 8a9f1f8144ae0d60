/**
 * Image bytes to a model's input: the one way, for training and for serving.
 */
import { isMainThread } from 'node:worker_threads';

import sharp from 'sharp';

import { INPUT_SHAPE } from '../catalog';
import { IMAGE_FORMAT_NAMES, IMAGE_FORMATS, OTHER_FORMATS, PNG, type Signature } from './image-formats';
import { fillInput } from './pixels';

// libvips' settings are the process': a thread that set them again would take JPEG from the others for a moment.
if (isMainThread) {
  // It can read far more formats than we serve; what is blocked here cannot be reached by any bytes.
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp'] });
  // Parallel decoding would take CPU from the inference beside it.
  sharp.concurrency(1);
}

/** Why an image was refused: it is of another format, or it is damaged or too large. */
export class DecodeError extends Error {
  constructor(
    readonly reason: 'unsupported' | 'invalid',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Most pixels of an image that is decoded for training: more than the largest cameras' 60 million. */
export const MAX_TRAINING_PIXELS = 100_000_000;

/** How images are brought to the input size, in training as in serving; saved models depend on it. */
export interface Resize {
  readonly kernel: keyof typeof sharp.kernel;
  /** Whether a JPEG may be decoded at a half, a quarter or an eighth of its size first. */
  readonly fastShrinkOnLoad: boolean;
}

/** Chosen by bench/experiments/resize-filter.ts and whole trainings; docs/training.md, "The resize filter", has both. */
export const RESIZE: Resize = { kernel: 'linear', fastShrinkOnLoad: false };

/** What transparent pixels are put on. */
const BACKGROUND = { r: 255, g: 255, b: 255 };
const [HEIGHT, WIDTH] = INPUT_SHAPE;

const matches =
  (image: Buffer) =>
  ({ offset, bytes }: Signature) =>
    image.toString('latin1', offset, offset + bytes.length) === bytes;

function checkFormat(image: Buffer): void {
  if (IMAGE_FORMATS.some(matches(image))) return;
  const other = OTHER_FORMATS.find(matches(image));
  if (other !== undefined) {
    throw new DecodeError('unsupported', `The image is ${other.name}; send a ${IMAGE_FORMAT_NAMES} instead.`);
  }
  throw new DecodeError(
    'invalid',
    `The body is not an image; send the bytes of a ${IMAGE_FORMAT_NAMES} file.`,
  );
}

/** Where a PNG says how many bits a sample has. */
const PNG_DEPTH_AT = 24;

/** Whether sharp leaves an image's colours in Display P3, as it does those of 16 bits that have a profile. */
async function isLeftInP3(image: Buffer): Promise<boolean> {
  if (!matches(image)(PNG) || image[PNG_DEPTH_AT] !== 16) return false;
  const { space, hasProfile } = await sharp(image).metadata();
  return space === 'rgb16' && hasProfile;
}

/**
 * Decodes a JPEG, PNG or WebP to RGB bytes [224, 224, 3]: turned as its EXIF orientation says, converted to sRGB, put
 * on white where transparent, stretched to the input size with a bilinear filter (antialiased when shrinking). An
 * image of the input size passes untouched.
 *
 * @param maxPixels largest width times height that is decoded
 * @param resize another than the frozen one is for measuring what it would change
 * @throws DecodeError with a sentence for the sender
 */
export async function decodePixels(
  image: Buffer,
  maxPixels: number,
  resize: Resize = RESIZE,
): Promise<Buffer> {
  checkFormat(image);
  try {
    const pixels = sharp(image, { failOn: 'error', limitInputPixels: maxPixels })
      .autoOrient()
      .flatten({ background: BACKGROUND })
      .resize(WIDTH, HEIGHT, { fit: 'fill', ...resize })
      .toColourspace('srgb')
      .removeAlpha();
    if (await isLeftInP3(image)) pixels.withIccProfile('srgb', { attach: false });
    return await pixels.raw({ depth: 'uchar' }).toBuffer();
  } catch (error) {
    const { message } = error as Error;
    if (message.includes('pixel limit')) {
      throw new DecodeError('invalid', `The image has more than ${maxPixels} pixels; send a smaller one.`);
    }
    throw new DecodeError('invalid', 'The image is damaged or cut off; send the whole file again.', {
      cause: error,
    });
  }
}

/** Decodes a blank image of each format, since the first decoding of each loads and lays out much. */
export async function warmUpDecoder(): Promise<void> {
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    const blank = sharp({
      create: { width: 2 * WIDTH, height: 2 * HEIGHT, channels: 3, background: BACKGROUND },
    });
    await decodePixels(await blank.toFormat(format).toBuffer(), 4 * WIDTH * HEIGHT);
  }
}

/** Decodes as {@link decodePixels} does, to float32 [224, 224, 3] in [0, 1]. */
export async function decodeImage(image: Buffer, maxPixels: number): Promise<Float32Array> {
  const pixels = await decodePixels(image, maxPixels);
  const values = new Float32Array(pixels.length);
  fillInput(pixels, values);
  return values;
}
