import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { evidenceOf } from '../../bench/evidence/evidence';
import { validate } from '../../bench/adviser/validation';
import { ROOT } from '../../scripts/documents';
import { COMMAND, partsOf, twinPage } from '../../scripts/twin-tables';

test('docs/twin.md agrees with docs/experiment/data/; if not, run `npm run validate:twin`', () => {
  const { now, wanted } = twinPage();
  expect(now).toBe(wanted);
}, 300_000);

test('every part that the data gives is on the page once', () => {
  const page = readFileSync(join(ROOT, 'docs/twin.md'), 'utf8');
  const found = [...page.matchAll(new RegExp(`<!-- ([\\w-]+): ${COMMAND} -->`, 'g'))].map(
    ([, name]) => name!,
  );
  expect(found.sort()).toEqual(Object.keys(partsOf(validate(evidenceOf([]), 1))).sort());
});
