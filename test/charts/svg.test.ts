import { element, escapeXml, polyline, rotatedText, shorten, text } from '../../charts/svg';

test('text escapes XML’s characters and replaces those that XML forbids', () => {
  expect(escapeXml('a\u0000b\ud800 "<&>"')).toBe('a\ufffdb\ufffd &quot;&lt;&amp;&gt;&quot;');
  expect(text(1, 2, 'a < b')).toBe('<text x="1" y="2">a &lt; b</text>');
});

test('long names end in an ellipsis', () => {
  expect([shorten('glass', 5), shorten('glasses', 5)]).toEqual(['glass', 'glas…']);
});

test('attributes are escaped, and numbers are rounded to hundredths', () => {
  expect(element('a', { b: '"', c: 1 / 3 })).toBe('<a b="&quot;" c="0.33"/>');
});

test('rotated text turns about its own point', () => {
  expect(rotatedText(10, 20.04, -90, 'loss')).toBe(
    '<text transform="translate(10.0 20.0) rotate(-90)">loss</text>',
  );
});

test('a polyline is interrupted where a point is missing, and a single point becomes a dot', () => {
  const svg = polyline(
    [
      [0, 1],
      [1, 2],
      [2, NaN],
      [3, 4],
    ],
    '#000000',
  );
  expect(svg).toContain('points="0.0,1.0 1.0,2.0"');
  expect(svg).toContain('<circle cx="3" cy="4"');
});
