/**
 * Reads Markdown for the tests of the documents.
 */

/** Fenced blocks, which hold neither headings nor links. */
const FENCE = /^```(\w*)\n([^]*?)^```$/gm;

/** The contents of the fenced blocks of a language. */
export const fencedBlocks = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(FENCE)].filter(([, name]) => name === language).map(([, , text]) => text!);

/** The text outside of fenced blocks. */
export const prose = (markdown: string): string => markdown.replace(FENCE, '');

/** The text of inline code. */
export const inlineCode = (markdown: string): string[] =>
  [...prose(markdown).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!);

/** The anchor of a heading, as GitHub makes it. */
export const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** The headings of a page. */
export const headings = (markdown: string): string[] =>
  [...prose(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, text]) => text!);

/** The targets of links and images. */
export const linkTargets = (markdown: string): string[] =>
  [...prose(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
