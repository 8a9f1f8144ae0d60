/**
 * The worst mistakes on one sheet: each image with its true class, the predicted one and the confidence.
 */
import sharp, { type OverlayOptions } from 'sharp';

// For its effect: the formats that it blocks stay blocked here, whatever is imported first.
import '../data/decode';
import { percent } from '../../charts/percent';
import { COLOURS, shortened } from '../../charts/svg';

/** An image that was taken for another class. */
export interface MistakenImage {
  /** Bytes of a JPEG, PNG or WebP. */
  readonly image: Buffer;
  /** Names of the true class and of the predicted one. */
  readonly truth: string;
  readonly predicted: string;
  /** Probability of the predicted class. */
  readonly confidence: number;
}

export interface MistakesSheet {
  /** Bytes of a JPEG. */
  readonly jpeg: Buffer;
  /** False where this machine has no font: the sheet then has boxes instead of letters. */
  readonly hasText: boolean;
}

/** Images that a sheet has room for. */
export const SHEET_IMAGES = 24;

const COLUMNS = 6;
const IMAGE_PIXELS = 224;
const GAP_PIXELS = 12;
const CAPTION_HEIGHT_PIXELS = 38;
const TITLE_HEIGHT_PIXELS = 32;
const NAME_CHARACTERS = 18;
const LETTERBOX = '#efefef';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Pango's markup is XML, too, but refuses less and needs fewer entities than SVG. */
const escapeMarkup = (name: string) =>
  name.replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd').replace(/[&<>]/g, (character) => ENTITIES[character]!);

/**
 * Text as RGBA pixels. Drawn by Pango, not through an SVG: reading SVG is blocked, since uploads must not reach it.
 *
 * @param markup in Pango's markup
 * @param sizePixels of the letters
 */
async function renderText(markup: string, sizePixels: number) {
  const text = `<span foreground="${COLOURS.ink}">${markup}</span>`;
  const { data, info } = await sharp({ text: { text, font: `sans ${sizePixels}`, dpi: 72, rgba: true } })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 4 as const };
}

/** Whether letters differ from each other: without a font, each is the same empty box. */
async function hasFont(): Promise<boolean> {
  const [a, b] = await Promise.all(['A', 'B'].map((letter) => renderText(letter, 12)));
  return !a!.data.equals(b!.data);
}

/** Text at a point of the sheet, cut off where it is wider than its room. */
async function placedText(
  markup: string,
  sizePixels: number,
  left: number,
  top: number,
  roomPixels: number,
): Promise<OverlayOptions> {
  const { data, ...raw } = await renderText(markup, sizePixels);
  if (raw.width <= roomPixels) return { input: data, raw, left, top };
  const cut = sharp(data, { raw }).extract({ left: 0, top: 0, width: roomPixels, height: raw.height });
  return { input: await cut.raw().toBuffer(), raw: { ...raw, width: roomPixels }, left, top };
}

async function placedImage(
  image: Buffer,
  left: number,
  top: number,
  maxPixels: number,
): Promise<OverlayOptions> {
  const { data, info } = await sharp(image, { limitInputPixels: maxPixels })
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
 * Lays images out on a sheet, in their order: six a row, each letterboxed to 224 pixels a side.
 *
 * @param title says what was measured, of which model and on which split
 * @param maxPixels largest width times height that is decoded
 * @throws RangeError where there is no image or more than {@link SHEET_IMAGES}; what sharp says of an image that
 *   cannot be decoded
 */
export async function mistakesSheet(
  images: readonly MistakenImage[],
  title: string,
  maxPixels: number,
): Promise<MistakesSheet> {
  if (images.length === 0 || images.length > SHEET_IMAGES) {
    throw new RangeError(
      `a sheet holds 1 to ${SHEET_IMAGES} images, received ${images.length}: leave out the less confident ones`,
    );
  }
  const columns = Math.min(COLUMNS, Math.max(2, images.length));
  const rows = Math.ceil(images.length / columns);
  const rowHeight = IMAGE_PIXELS + CAPTION_HEIGHT_PIXELS + GAP_PIXELS;
  const width = GAP_PIXELS + columns * (IMAGE_PIXELS + GAP_PIXELS);
  const placed: OverlayOptions[] = [
    await placedText(`<b>${escapeMarkup(title)}</b>`, 15, GAP_PIXELS, GAP_PIXELS, width - 2 * GAP_PIXELS),
  ];
  for (const [i, { image, truth, predicted, confidence }] of images.entries()) {
    const left = GAP_PIXELS + (i % columns) * (IMAGE_PIXELS + GAP_PIXELS);
    const top = GAP_PIXELS + TITLE_HEIGHT_PIXELS + Math.floor(i / columns) * rowHeight;
    const [is, was] = [truth, predicted].map((name) => escapeMarkup(shortened(name, NAME_CHARACTERS)));
    const caption = `true: <b>${is}</b>\npredicted, ${percent(confidence)}: <b>${was}</b>`;
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
