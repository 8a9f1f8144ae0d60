/**
 * The card that a chart is drawn on: background, title and description.
 */
import { COLOURS } from './colours';
import { element, escapeXml, rect, text } from './svg';

export const MARGIN_PX = 20;
/** Mean width of a character of the title, pixels. */
const TITLE_CHARACTER_WIDTH_PX = 8.4;

/** Width of the narrowest card that holds a title, pixels. */
export const titleWidthPx = (title: string) => title.length * TITLE_CHARACTER_WIDTH_PX + 2 * MARGIN_PX;

export interface CardText {
  /** The name that screen readers announce, and the first words on the card. */
  readonly title: string;
  /** What the chart shows, for readers who cannot see it. */
  readonly description: string;
}

/**
 * A whole SVG document: a chart on a white card, readable on light and dark pages.
 *
 * @param widthPx whole pixels
 * @param heightPx whole pixels
 * @param body elements, drawn in their order
 */
export const card = (widthPx: number, heightPx: number, words: CardText, ...body: readonly string[]) =>
  blankCard(widthPx, heightPx, words, 1, titleLine(28, words.title), ...body);

/** A line of the title on its baseline. */
export const titleLine = (y: number, words: string) =>
  text(MARGIN_PX, y, words, { 'font-size': 15, 'font-weight': 600 });

/**
 * The same without a title drawn.
 *
 * @param scale pixels of the document per pixel of the coordinates
 */
export function blankCard(
  widthPx: number,
  heightPx: number,
  { title, description }: CardText,
  scale: number,
  ...body: readonly string[]
): string {
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: widthPx * scale,
      height: heightPx * scale,
      viewBox: `0 0 ${widthPx} ${heightPx}`,
      role: 'img',
      'font-family': 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif',
      'font-size': 12,
      fill: COLOURS.ink,
    },
    element('title', {}, escapeXml(title)),
    element('desc', {}, escapeXml(description)),
    rect(0.5, 0.5, widthPx - 1, heightPx - 1, { rx: 8, fill: COLOURS.paper, stroke: COLOURS.grid }),
    ...body.map((part) => `\n${part}`),
    '\n',
  );
  return `${svg}\n`;
}
