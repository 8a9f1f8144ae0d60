/**
 * The card that a chart is drawn on: background, title and description.
 */
import { COLOURS } from './colours';
import { element, escapeXml, rect, text } from './svg';

const MARGIN_PX = 20;
/** Mean width of a character of the title, pixels. */
const TITLE_CHARACTER_WIDTH_PX = 8.4;

/** Width of the narrowest card that holds a title, pixels. */
export const titleWidthPx = (title: string) => title.length * TITLE_CHARACTER_WIDTH_PX + 2 * MARGIN_PX;

/**
 * A whole SVG document: a chart on a white card, readable on light and dark pages.
 *
 * @param widthPx whole pixels
 * @param heightPx whole pixels
 * @param title drawn at the top of the card, and the name that screen readers announce
 * @param description what the chart shows, for readers who cannot see it
 * @param body elements, drawn in their order
 */
export function card(
  widthPx: number,
  heightPx: number,
  { title, description }: { readonly title: string; readonly description: string },
  ...body: readonly string[]
): string {
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: widthPx,
      height: heightPx,
      viewBox: `0 0 ${widthPx} ${heightPx}`,
      role: 'img',
      'font-family': 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif',
      'font-size': 12,
      fill: COLOURS.ink,
    },
    element('title', {}, escapeXml(title)),
    element('desc', {}, escapeXml(description)),
    rect(0.5, 0.5, widthPx - 1, heightPx - 1, { rx: 8, fill: COLOURS.paper, stroke: COLOURS.grid }),
    text(MARGIN_PX, 28, title, { 'font-size': 15, 'font-weight': 600 }),
    ...body.map((part) => `\n${part}`),
    '\n',
  );
  return `${svg}\n`;
}
