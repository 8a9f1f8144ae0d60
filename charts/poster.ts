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
/** Width of a title's line, pixels. */
const TITLE_WIDTH_PX = POSTER_WIDTH_PX - 2 * MARGIN_PX;
/** Widths of characters in the widest of the card's fonts at the title's size and weight, pixels. */
const TITLE_CHARACTERS: readonly (readonly [RegExp, number])[] = [
  [/[ ijlIJ.,:;/’-]/, 5.5],
  [/[frt()–]/, 7],
  [/[csz]/, 8.9],
  [/[mwMW%]/, 15],
  [/[A-Z≤]/, 11.8],
];
const OTHER_CHARACTER_PX = 10.4;
const STRIP_LINE_PX = 15;
const STRIP_FONT_PX = 11;
const MAX_STRIP_CHARACTERS = 98;

const characters = (content: string) => content.length;

/** Width of a title's line where the font is the widest, pixels. */
const titlePx = (content: string) =>
  Array.from(content).reduce(
    (sum, each) =>
      sum + (TITLE_CHARACTERS.find(([pattern]) => pattern.test(each))?.[1] ?? OTHER_CHARACTER_PX),
    0,
  );

/** A space that may end a line: none before a unit or beside a comparison. */
const BREAK = /(?<!≤) (?!(?:ms|s|%|≤)(?!\w))/;

/**
 * Breaks text at spaces into lines; a word that is too long has a line of its own.
 *
 * @param max of a line, in what `sizeOf` gives. @default characters
 */
export function wrap(content: string, max: number, sizeOf: (line: string) => number = characters): string[] {
  const lines: string[] = [];
  for (const word of content.split(BREAK)) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && sizeOf(longer) <= max) lines[lines.length - 1] = longer;
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
  const titles = wrap(words.title, TITLE_WIDTH_PX, titlePx);
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
