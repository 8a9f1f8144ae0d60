import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { validate } from '../../bench/adviser/validation';
import { evidenceOf } from '../../bench/evidence/evidence';
import { ROOT } from '../../scripts/documents';
import { COMMAND, partsOf, staleFiles, twinFigures } from '../../scripts/twin-tables';

test('the twin’s tables and chart agree with docs/experiment/data/; if not, run `npm run validate:twin`', () => {
  expect([...staleFiles(twinFigures()).keys()]).toEqual([]);
}, 600_000);

test.each(Object.entries(partsOf({ validation: validate(evidenceOf([]), 1) })))(
  'every part that the data gives is in %s once',
  (name, parts) => {
    const page = readFileSync(join(ROOT, name), 'utf8');
    const found = [...page.matchAll(new RegExp(`<!-- ([\\w-]+): ${COMMAND} -->`, 'g'))].map(
      ([, part]) => part!,
    );
    expect(found.sort()).toEqual(Object.keys(parts).sort());
  },
);
