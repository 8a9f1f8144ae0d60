import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../../scripts/documents';

const TEST = join(ROOT, 'test');

/** Variables that a text asks for where it skips something: `SKIPPED: …; set NAME to …`. */
const variablesIn = (text: string) =>
  [...text.matchAll(/SKIPPED.*?\bset ([A-Z][A-Z0-9]*_[A-Z0-9_]+)/g)].map(([, name]) => name!);

const files = readdirSync(TEST, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|cjs|sh|py)$/.test(file) && file !== join('docs', 'skipped.test.ts'))
  .map((file) => ({ file, text: readFileSync(join(TEST, file), 'utf8') }));
const asked = new Set(files.flatMap(({ text }) => variablesIn(text)));

/** How often a text says `SKIPPED:` other than by `sayAloud`: Jest prints no title of a skipped test. */
const silentIn = (text: string) =>
  [...text.matchAll(/(sayAloud\(\s*['"`])?SKIPPED: /g)].filter(([, aloud]) => aloud === undefined).length;

test('each test that is skipped says so aloud', () => {
  // Programs beside Jest print what they skip as they like.
  const tests = files.filter(({ file }) => file.endsWith('.test.ts') || file.startsWith('support/'));
  const silent = tests.filter(({ file, text }) => !file.startsWith('support/aloud.') && silentIn(text) > 0);
  expect(silent.map(({ file }) => file)).toEqual([]);
  expect(silentIn("sayAloud(\n  'SKIPPED: it; install x');\nconst title = ' (SKIPPED: it)';")).toBe(1);
});

test('docs/development.md names every variable that a skipped test asks for', () => {
  const page = readFileSync(join(ROOT, 'docs', 'development.md'), 'utf8');
  expect([...asked].sort()).toEqual(expect.arrayContaining(['IMAGENET_H5', 'KERAS_PYTHON']));
  expect([...asked].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('a variable is found where something is skipped, and only there', () => {
  expect(variablesIn("? '' : ` (SKIPPED: it is not there; set SOME_FILE to one`;")).toEqual(['SOME_FILE']);
  expect(variablesIn('set OTHER_FILE\nSKIPPED: it needs Go')).toEqual([]);
});
