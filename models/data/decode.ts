/**
 * Decodes image bytes to a model's input, the same way for training and for serving.
 */
import type { KernelEnum } from 'sharp';

import { INPUT_SHAPE, RESIZE_FILTER } from '../catalog';
import { blankJpeg } from './blank-jpeg';
import { DAMAGED, decodingProblem } from './decoding-limits';
import { fastInput, fastPixels } from './fast-jpeg';
import { IMAGE_FORMAT_NAMES, IMAGE_FORMATS, isFormat, JPEG, OTHER_FORMATS, PNG, WEBP } from './image-formats';
import { fillInput } from './pixels';

// eslint-disable-next-line @typescript-eslint/no-require-imports -- a static import would load libvips at the start
const loadSharp = () => (require('./libvips') as typeof import('./libvips.js')).sharp;

/** An image that cannot be decoded: another format, damaged or too large. */
export class DecodeError extends Error {
  constructor(
    readonly reason: 'unsupported' | 'invalid',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Which damage makes libvips refuse an image. Its default also refuses images that only cause a warning. */
export const FAIL_ON = 'error';

/** Largest image to decode for training, pixels: above the 60 million of the largest cameras. */
export const MAX_TRAINING_PIXELS = 100_000_000;

/** How images are resized to the input size, in training and in serving. Saved models depend on it. */
export interface Resize {
  readonly kernel: keyof KernelEnum;
  /** Whether to decode a JPEG at a half, a quarter or an eighth of its size first. */
  readonly fastShrinkOnLoad: boolean;
  /** Size of the result, pixels. @default that of the input */
  readonly width?: number;
  readonly height?: number;
}

/** Chosen by bench/experiments/resize-filter.ts and by full trainings: see docs/training.md, "The resize filter". */
export const RESIZE: Resize = { kernel: RESIZE_FILTER.kernel, fastShrinkOnLoad: false };

/** Background of transparent pixels. */
const BACKGROUND = { r: 255, g: 255, b: 255 };
const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;

/** @throws DecodeError if an image is of another format, or would cost too much to decode */
function check(image: Buffer): void {
  if (IMAGE_FORMATS.some(isFormat(image))) {
    const problem = decodingProblem(image);
    if (problem !== undefined) throw new DecodeError('invalid', problem);
    return;
  }
  const other = OTHER_FORMATS.find(isFormat(image));
  if (other !== undefined) {
    throw new DecodeError('unsupported', `The image is ${other.name}; send a ${IMAGE_FORMAT_NAMES} instead.`);
  }
  throw new DecodeError('invalid', `This is not an image; send the bytes of a ${IMAGE_FORMAT_NAMES} file.`);
}

/** Position of the bit depth in a PNG. */
const PNG_DEPTH_AT = 24;

/** Whether sharp leaves the colours in Display P3, as it does for 16-bit images with a profile. */
async function isLeftInP3(image: Buffer): Promise<boolean> {
  const is = isFormat(image);
  if (is(JPEG) || is(WEBP) || (is(PNG) && image[PNG_DEPTH_AT] !== 16)) return false;
  const { space, hasProfile } = await loadSharp()(image).metadata();
  return space === 'rgb16' && hasProfile;
}

/**
 * Decodes a JPEG, PNG or WebP to RGB bytes [224, 224, 3]: applies the EXIF orientation, converts to sRGB, puts
 * transparent pixels on white and stretches to the input size with a bilinear filter (antialiased when shrinking). An
 * image of the input size keeps its pixels.
 *
 * @param maxPixels largest width times height to decode
 * @param resize pass another filter only to measure what it would change
 * @throws DecodeError with a sentence for the sender of the image
 */
export async function decodePixels(
  image: Buffer,
  maxPixels: number,
  resize: Resize = RESIZE,
): Promise<Buffer> {
  check(image);
  return (
    (resize === RESIZE ? fastPixels(image, maxPixels) : undefined) ??
    (await decodeBySharp(image, maxPixels, resize))
  );
}

/** {@link decodePixels} by libvips, for an image whose format the caller checked. An animation gives its first frame. */
export async function decodeBySharp(
  image: Buffer,
  maxPixels: number,
  resize: Resize = RESIZE,
): Promise<Buffer> {
  // Outside of what follows: a library that cannot be loaded is no damaged image.
  const sharp = loadSharp();
  try {
    const pixels = sharp(image, { failOn: FAIL_ON, limitInputPixels: maxPixels })
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
    throw new DecodeError('invalid', DAMAGED, { cause: error });
  }
}

const BLANK = { width: 2 * WIDTH, height: 2 * HEIGHT } as const;

/** Decodes a blank plain JPEG, the most common image. */
export async function warmUpDecoder(): Promise<void> {
  await decodeImage(blankJpeg(BLANK), BLANK.width * BLANK.height);
}

/** What libvips' first image of is slow. */
const LIBVIPS_WARM_UPS = [
  { format: 'jpeg', progressive: true },
  { format: 'png', progressive: false },
  { format: 'webp', progressive: false },
] as const;

/** Loads libvips and decodes a blank image in each way that needs it. */
export async function warmUpLibvips(): Promise<void> {
  for (const { format, progressive } of LIBVIPS_WARM_UPS) {
    const blank = loadSharp()({ create: { ...BLANK, channels: CHANNELS, background: BACKGROUND } });
    const image = await blank.toFormat(format, { progressive }).toBuffer();
    await decodeImage(image, BLANK.width * BLANK.height);
  }
}

/** Like {@link decodePixels}, but to float32 [224, 224, 3] in [0, 1]. */
export async function decodeImage(image: Buffer, maxPixels: number): Promise<Float32Array> {
  check(image);
  return (
    fastInput(image, maxPixels)?.slice() ??
    inputBySharp(image, maxPixels, new Float32Array(HEIGHT * WIDTH * CHANNELS))
  );
}

/**
 * Like {@link decodeImage}, for one image at a time: the values are in `out` or in the decoder's memory, and the next
 * image overwrites them. A copy would cost 0.13 ms of the 7.5 ms that an image takes at int8.
 */
export async function decodeInPlace(
  image: Buffer,
  maxPixels: number,
  out: Float32Array,
): Promise<Float32Array> {
  check(image);
  return fastInput(image, maxPixels) ?? inputBySharp(image, maxPixels, out);
}

async function inputBySharp(image: Buffer, maxPixels: number, out: Float32Array): Promise<Float32Array> {
  fillInput(await decodeBySharp(image, maxPixels, RESIZE), out);
  return out;
}
