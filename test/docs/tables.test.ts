import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { TABLES, withTables } from '../../scripts/docs-tables';
import { DOCUMENTS, ROOT } from '../../scripts/documents';

const read = (document: string) => readFileSync(join(ROOT, document), 'utf8');

test.each(DOCUMENTS)('the generated tables of %s are up to date; if not, run `npm run docs`', (document) => {
  const text = read(document);
  expect(withTables(text)).toBe(text);
});

test('every generated table is in exactly one document', () => {
  const text = DOCUMENTS.map(read).join('\n');
  const found = [...text.matchAll(/<!-- ([\w-]+): npm run docs -->/g)].map(([, name]) => name!);
  expect(found.sort()).toEqual(Object.keys(TABLES).sort());
});

test('a marker with an unknown name is refused', () => {
  expect(() => withTables('<!-- nothing: npm run docs -->\n<!-- /nothing -->')).toThrow(/received "nothing"/);
});
