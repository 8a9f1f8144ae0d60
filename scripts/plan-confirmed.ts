/** The table of docs/twin.md on a plan that real pods confirmed, from its raw data and the recordings of the experiments. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { confirmationTable, parseConfirmation } from '../bench/confirm/confirmation';
import { recordedJudge } from '../bench/confirm/judge-recorded';
import { readEvidence } from '../bench/evidence/evidence';
import { parseExperimentRun } from '../bench/evidence/experiment-run';
import { ROOT } from './documents';

const DATA = join(ROOT, 'docs/twin/data');
const FILE = join(DATA, 'confirmation.json');

export function planConfirmed(): string {
  if (!existsSync(FILE)) return 'There is no data yet: run `npm run confirm:plan`, then `npm run docs`.';
  const document = parseConfirmation(readFileSync(FILE, 'utf8'));
  const runs = new Map(
    document.predicted.map(({ run }) => [
      run,
      parseExperimentRun(gunzipSync(readFileSync(join(DATA, run))).toString('utf8')),
    ]),
  );
  return confirmationTable(
    document,
    runs,
    recordedJudge(readEvidence(join(ROOT, document.recordings)), document),
  );
}
