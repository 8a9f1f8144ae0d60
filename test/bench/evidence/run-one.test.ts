import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import {
  EXPERIMENT_SCHEMA,
  EXPERIMENT_VERSION,
  type ExperimentRun,
  parseExperimentRun,
} from '../../../bench/evidence/experiment-run';
import { writeExperiment } from '../../../bench/evidence/run-one';
import { seededRandom } from '../../../statistics/seeded-random';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-experiment-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const document = (experiment: string) =>
  ({ schema: EXPERIMENT_SCHEMA, version: EXPERIMENT_VERSION, experiment }) as unknown as ExperimentRun;

test('the same document is the same bytes whenever it is written, and can be read again', () => {
  const [first, second] = ['a.json.gz', 'b.json.gz'].map((name) => join(folder, name)) as [string, string];
  writeExperiment(first, document('latency-single-pod'));
  writeExperiment(second, document('latency-single-pod'));
  expect(readFileSync(second)).toEqual(readFileSync(first));
  expect(parseExperimentRun(gunzipSync(readFileSync(first)).toString())).toEqual(
    document('latency-single-pod'),
  );
  expect(readdirSync(folder)).toEqual(['a.json.gz', 'b.json.gz']);
});

test('a document that is too large for the repository is refused and not written', () => {
  const random = seededRandom(1, 'noise');
  const noise = Array.from({ length: 1_000_000 }, () => String.fromCharCode(33 + 90 * random.uniform())).join(
    '',
  );
  const file = join(folder, 'large.json.gz');
  expect(() => writeExperiment(file, document(noise))).toThrow(
    /large\.json\.gz must have at most 655360 bytes, received \d+: shorten its load/,
  );
  expect(existsSync(file)).toBe(false);
});
