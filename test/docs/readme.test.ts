import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { withTables } from '../../scripts/readme-tables';

const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');

test('the README’s tables are those of the fact tables; if not, run `npm run docs`', () => {
  expect(withTables(readme)).toBe(readme);
});

test('no script that the README names is missing', () => {
  const { scripts } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = [...readme.matchAll(/npm run ([a-z:-]+)/g)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(0);
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});
