import { poster, wrap } from '../../charts/poster';
import { text } from '../../charts/svg';

const WORDS = {
  title: 'A claim with its number: 12',
  description: 'what it shows',
  strip: ['measured', 'n = 3'],
};

test('text breaks at spaces, and a word that is too long has a line of its own', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('a incomprehensible b', 5)).toEqual(['a', 'incomprehensible', 'b']);
});

test('a number keeps its unit and its comparison on its line', () => {
  expect(wrap('late at p95 ≤ 250 ms here', 14)).toEqual(['late at', 'p95 ≤ 250 ms', 'here']);
  expect(wrap('about 99 % (all)', 9)).toEqual(['about', '99 %', '(all)']);
});

test('a title breaks where its letters fill the line: a line of wide letters holds fewer', () => {
  const linesOf = (title: string) => poster(100, { ...WORDS, title }).match(/font-weight="600"/g)!.length;
  expect(linesOf('mm '.repeat(21).trim())).toBe(2);
  expect(linesOf('ii '.repeat(21).trim())).toBe(1);
});

test('a poster is drawn at twice its coordinates, so that its text is 12 px high at half width', () => {
  const svg = poster(100, WORDS);
  expect(svg).toMatch(/^<svg [^>]*width="1200" height="326" viewBox="0 0 600 163"/);
  expect(svg).toContain('font-size="12"');
});

test('a poster has its claim, its body below it, and the strip at the bottom', () => {
  const svg = poster(100, WORDS, text(1, 2, 'body'));
  expect(svg).toContain('<title>A claim with its number: 12</title><desc>what it shows</desc>');
  expect(svg).toContain('<g transform="translate(0 34)">\n<text x="1" y="2">body</text></g>');
  expect(svg).toContain('y="152" font-size="11" fill="#5c5c5c">measured · n = 3</text>');
});

test('a long title and a long strip take more lines, and the card grows', () => {
  const heightOf = (svg: string) => Number(/height="(\d+)"/.exec(svg)![1]);
  const long = { ...WORDS, title: 'word '.repeat(30).trim(), strip: ['measured', 'x '.repeat(60).trim()] };
  expect(heightOf(poster(100, long))).toBe(heightOf(poster(100, WORDS)) + 2 * (2 * 20 + 2 * 15));
});
