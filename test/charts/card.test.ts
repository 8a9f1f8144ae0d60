import { card, titleWidthPx } from '../../charts/card';
import { text } from '../../charts/svg';

test('a card is an SVG document with its title, its description and its body', () => {
  const svg = card(300, 200, { title: 'a < b', description: 'c & d' }, text(1, 2, 'e'));
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="300" height="200"/);
  expect(svg).toContain('<title>a &lt; b</title><desc>c &amp; d</desc>');
  expect(svg).toMatch(/\n<text x="1" y="2">e<\/text>\n<\/svg>\n$/);
});

test('a longer title needs a wider card', () => {
  expect(titleWidthPx('ab')).toBeGreaterThan(titleWidthPx('a'));
});
