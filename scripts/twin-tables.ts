/**
 * Simulates every recorded run with the twin and fills the tables of docs/twin.md: `npm run validate:twin`. With
 * `-- --check` it writes nothing and fails if the page would change.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { validate, type Validation } from '../bench/adviser/validation';
import { hpasTable, profilesTable, ratesTable, validationSummary } from '../bench/adviser/validation-tables';
import { readEvidence } from '../bench/evidence/evidence';
import { BAND_SEEDS } from '../bench/twin/bands';
import { writeFileAtomic } from '../files/write';
import { withTables } from './docs-tables';
import { ROOT } from './documents';

export const COMMAND = 'npm run validate:twin';
const PAGE = join(ROOT, 'docs/twin.md');
const DATA = join(ROOT, 'docs/experiment/data');

/** The parts of the page by the name in their markers. */
export const partsOf = (validation: Validation): Readonly<Record<string, () => string>> => ({
  summary: () => validationSummary(validation),
  profiles: () => profilesTable(validation),
  rates: () => ratesTable(validation),
  hpas: () => hpasTable(validation),
});

/** The page as it is and as the data gives it. */
export function twinPage(): { readonly file: string; readonly now: string; readonly wanted: string } {
  const now = readFileSync(PAGE, 'utf8');
  const validation = validate(readEvidence(DATA), BAND_SEEDS);
  return { file: PAGE, now, wanted: withTables(now, partsOf(validation), COMMAND) };
}

function main(isCheck: boolean): void {
  const { file, now, wanted } = twinPage();
  console.log(/<!-- summary: [^]*?-->\n<!-- prettier-ignore -->\n([^]*?)\n\n<!--/.exec(wanted)?.[1]);
  if (now === wanted) return;
  if (isCheck) {
    console.error(`docs/twin.md does not agree with docs/experiment/data/: run ${COMMAND}`);
    process.exitCode = 1;
  } else writeFileAtomic(file, wanted);
}

if (require.main === module) main(process.argv.includes('--check'));
