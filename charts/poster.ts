/**
 * A card for a poster: drawn at twice its coordinates, so that its text is still legible at half width, with a claim as
 * its title and a strip that says where the figures come from.
 */
import { blankCard, MARGIN_PX, titleLine } from './card';
import { COLOURS } from './colours';
import { element, line, text } from './svg';

/** Width of the coordinates, pixels; the document is {@link SCALE} times as wide. */
export const POSTER_WIDTH_PX = 600;
const SCALE = 2;
const TITLE_LINE_PX = 20;
const MAX_TITLE_CHARACTERS = 66;
const STRIP_LINE_PX = 15;
const STRIP_FONT_PX = 11;
const MAX_STRIP_CHARACTERS = 98;

/** Breaks text at spaces into lines of at most `maxCharacters`; a longer word has a line of its own. */
export function wrap(content: string, maxCharacters: number): string[] {
  const lines: string[] = [];
  for (const word of content.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= maxCharacters)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Joins facts with dots between them into lines; a fact is not broken unless it alone is too long. */
function stripLines(facts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const joined = `${lines.at(-1)} · ${fact}`;
    if (lines.length > 0 && joined.length <= MAX_STRIP_CHARACTERS) lines[lines.length - 1] = joined;
    else lines.push(...wrap(fact, MAX_STRIP_CHARACTERS));
  }
  return lines;
}

export interface PosterText {
  /** One claim with its number. */
  readonly title: string;
  /** What the chart shows, for readers who cannot see it. */
  readonly description: string;
  /** Where the figures come from, the word `measured` or `simulated` first. */
  readonly strip: readonly string[];
}

/**
 * A whole SVG document.
 *
 * @param bodyHeightPx height of the body; its coordinates start below the title
 * @param body elements, drawn in their order
 */
export function poster(bodyHeightPx: number, words: PosterText, ...body: readonly string[]): string {
  const titles = wrap(words.title, MAX_TITLE_CHARACTERS);
  const strips = stripLines(words.strip);
  const top = 14 + titles.length * TITLE_LINE_PX;
  const bottom = top + bodyHeightPx;
  const stripStyle = { 'font-size': STRIP_FONT_PX, fill: COLOURS.quiet };
  return blankCard(
    POSTER_WIDTH_PX,
    bottom + strips.length * STRIP_LINE_PX + 14,
    words,
    SCALE,
    ...titles.map((words, i) => titleLine(28 + i * TITLE_LINE_PX, words)),
    element('g', { transform: `translate(0 ${top})` }, ...body.map((part) => `\n${part}`)),
    line(MARGIN_PX, bottom, POSTER_WIDTH_PX - MARGIN_PX, bottom),
    ...strips.map((words, i) => text(MARGIN_PX, bottom + 18 + i * STRIP_LINE_PX, words, stripStyle)),
  );
}
