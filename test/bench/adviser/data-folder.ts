/** The synthetic recordings of `subject.ts` as the folder that `npm run experiments` leaves. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { EVIDENCE, MACHINE } from './subject';

/** Makes a new folder; the tests' temporary folder is removed as a whole. */
export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-data-'));
  for (const run of EVIDENCE.runs) {
    const name = `${run.experiment}-${run.repetition}.json.gz`;
    writeFileSync(join(folder, name), gzipSync(JSON.stringify(run)));
  }
  writeFileSync(join(folder, 'machine.json'), JSON.stringify(MACHINE));
  return folder;
}
