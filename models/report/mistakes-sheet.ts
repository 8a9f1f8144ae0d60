/**
 * The most confident mistakes on one sheet: each image with its true class, its predicted class and the confidence.
 */
import sharp, { type OverlayOptions } from 'sharp';

// For its side effect: only the formats of image files can be read, whatever is imported first.
import '../data/decode-file';
import { FAIL_ON } from '../data/decode';
import { percent } from '../../charts/percent';
import { COLOURS } from '../../charts/colours';
import { escapeXml, shorten } from '../../charts/svg';

/** A misclassified image. */
export interface MisclassifiedImage {
  /** Bytes of an image file. */
  readonly image: Buffer;
  /** Name of the true class. */
  readonly trueClass: string;
  /** Name of the predicted class. */
  readonly predictedClass: string;
  /** Probability of the predicted class. */
  readonly confidence: number;
}

/** A drawn sheet. */
export interface MistakesSheet {
  /** Bytes of a JPEG file. */
  readonly jpeg: Buffer;
  /** False if this machine has no font: the sheet then shows boxes instead of letters. */
  readonly hasText: boolean;
}

/** Number of images that fit on a sheet. */
export const MAX_SHEET_IMAGES = 24;

const COLUMNS = 6;
const IMAGE_PIXELS = 224;
const GAP_PIXELS = 12;
const CAPTION_HEIGHT_PIXELS = 38;
const TITLE_HEIGHT_PIXELS = 32;
const MAX_NAME_CHARACTERS = 18;
const LETTERBOX = '#efefef';

/**
 * Renders text as RGBA pixels, with Pango: SVG would need the SVG reader, which is blocked so that uploads cannot reach it.
 *
 * @param markup Pango markup, which is XML
 * @param sizePixels font size
 */
async function renderText(markup: string, sizePixels: number) {
  const text = `<span foreground="${COLOURS.ink}">${markup}</span>`;
  const { data, info } = await sharp({ text: { text, font: `sans ${sizePixels}`, dpi: 72, rgba: true } })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 4 as const };
}

/** Whether letters differ: without a font, every letter is the same empty box. */
async function hasFont(): Promise<boolean> {
  const [a, b] = await Promise.all(['A', 'B'].map((letter) => renderText(letter, 12)));
  return !a!.data.equals(b!.data);
}

/** Text at a point of the sheet, cut off at `maxWidthPixels`. */
async function placedText(
  markup: string,
  sizePixels: number,
  left: number,
  top: number,
  maxWidthPixels: number,
): Promise<OverlayOptions> {
  const { data, ...raw } = await renderText(markup, sizePixels);
  if (raw.width <= maxWidthPixels) return { input: data, raw, left, top };
  const cut = sharp(data, { raw }).extract({ left: 0, top: 0, width: maxWidthPixels, height: raw.height });
  return { input: await cut.raw().toBuffer(), raw: { ...raw, width: maxWidthPixels }, left, top };
}

async function placedImage(
  image: Buffer,
  left: number,
  top: number,
  maxPixels: number,
): Promise<OverlayOptions> {
  const { data, info } = await sharp(image, { failOn: FAIL_ON, limitInputPixels: maxPixels })
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .resize(IMAGE_PIXELS, IMAGE_PIXELS, { fit: 'contain', background: LETTERBOX })
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { input: data, raw: { width: info.width, height: info.height, channels: info.channels }, left, top };
}

/**
 * Lays out images on a sheet, in their order: six per row, each letterboxed to 224 by 224 pixels.
 *
 * @param title says what was measured, of which model and on which split
 * @param maxPixels largest width times height to decode
 * @throws RangeError for no image or more than {@link MAX_SHEET_IMAGES}; sharp's error for an image that cannot be
 *   decoded
 */
export async function mistakesSheet(
  images: readonly MisclassifiedImage[],
  title: string,
  maxPixels: number,
): Promise<MistakesSheet> {
  if (images.length === 0 || images.length > MAX_SHEET_IMAGES) {
    throw new RangeError(
      `a sheet holds 1 to ${MAX_SHEET_IMAGES} images, received ${images.length}: leave out the least confident mistakes`,
    );
  }
  const columns = Math.min(COLUMNS, Math.max(2, images.length));
  const rows = Math.ceil(images.length / columns);
  const rowHeight = IMAGE_PIXELS + CAPTION_HEIGHT_PIXELS + GAP_PIXELS;
  const width = GAP_PIXELS + columns * (IMAGE_PIXELS + GAP_PIXELS);
  const placed: OverlayOptions[] = [
    await placedText(`<b>${escapeXml(title)}</b>`, 15, GAP_PIXELS, GAP_PIXELS, width - 2 * GAP_PIXELS),
  ];
  for (const [i, { image, trueClass, predictedClass, confidence }] of images.entries()) {
    const left = GAP_PIXELS + (i % columns) * (IMAGE_PIXELS + GAP_PIXELS);
    const top = GAP_PIXELS + TITLE_HEIGHT_PIXELS + Math.floor(i / columns) * rowHeight;
    const bold = (name: string) => `<b>${escapeXml(shorten(name, MAX_NAME_CHARACTERS))}</b>`;
    const caption = `true: ${bold(trueClass)}\npredicted, ${percent(confidence)}: ${bold(predictedClass)}`;
    placed.push(await placedImage(image, left, top, maxPixels));
    placed.push(await placedText(caption, 12, left, top + IMAGE_PIXELS + 4, IMAGE_PIXELS));
  }
  const height = GAP_PIXELS + TITLE_HEIGHT_PIXELS + rows * rowHeight;
  const jpeg = await sharp({ create: { width, height, channels: 3, background: COLOURS.paper } })
    .composite(placed)
    .jpeg({ quality: 85 })
    .toBuffer();
  return { jpeg, hasText: await hasFont() };
}
