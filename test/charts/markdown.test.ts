import { code, escapeMarkdown, fenced, table } from '../../charts/markdown';

test('names cannot break the Markdown', () => {
  expect(escapeMarkdown('a|b\n<c> `d` *e* [f](g) h_i')).toBe(
    'a\\|b \\<c\\> \\`d\\` \\*e\\* \\[f\\](g) h\\_i',
  );
});

test('a table has its head, a rule and a line per row', () => {
  expect(
    table(
      ['model', 'images'],
      [
        ['accuracy', 300],
        ['latency', 20],
      ],
    ),
  ).toBe('| model | images |\n| --- | --- |\n| accuracy | 300 |\n| latency | 20 |');
});

test('code is shown inline or as a block', () => {
  expect(code('npm ci')).toBe('`npm ci`');
  expect(fenced(['a: 1', 'b: 2'], 'yaml')).toBe('```yaml\na: 1\nb: 2\n```');
});
