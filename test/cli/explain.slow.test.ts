/** Slow, because a what-if fits a profile first. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import type { ExperimentRun } from '../../bench/evidence/experiment-run';
import { addExplain } from '../../cli/explain';
import { ROOT } from '../../scripts/documents';
import { dataFolder } from '../bench/adviser/data-folder';
import { runCommand } from './run-command';

const RUN = join(dataFolder(), 'latency-hpa-steps-1.json.gz');
const folder = mkdtempSync(join(tmpdir(), 'tandem-explain-'));
const explain = (...words: string[]) => runCommand(addExplain, ['explain', 'hpa', ...words]);

/** Makes the recorded run one that the twin cannot explain: five more pods were ready than the HPA asked for. */
function moreReadyPods(file: string): void {
  const run = JSON.parse(gunzipSync(readFileSync(file)).toString()) as ExperimentRun;
  const replicas = run.timeline.replicas.map(({ ready = 0, ...rest }) => ({ ...rest, ready: ready + 5 }));
  writeFileSync(file, gzipSync(JSON.stringify({ ...run, timeline: { ...run.timeline, replicas } })));
}

test('--what-if prints how far the twin is from the record, and refuses where that is too far', async () => {
  moreReadyPods(RUN);
  const chart = join(folder, 'refused.svg');
  const { stdout, stderr, exitCode } = await explain(
    ...[RUN, '--what-if', 'target=70', '--seeds', '2', '--chart', chart],
  );
  expect(stdout).toContain(
    'Simulated as recorded, 2 seeds: the recorded ready pods are inside the 90 % band',
  );
  expect(stdout).toContain('so no change is simulated');
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`${chart} is not written`);
  expect(() => readFileSync(chart)).toThrow('ENOENT');
}, 120_000);

test('the what-if of docs/twin.md works with the recordings of this clone, chart included', async () => {
  const example = /^npx tandem explain hpa (\S+) --what-if (\S+) --chart /m.exec(
    readFileSync(join(ROOT, 'docs/twin.md'), 'utf8'),
  )!;
  const chart = join(folder, 'what-if.svg');
  const { stdout, exitCode } = await explain(
    ...[join(ROOT, example[1]!), '--what-if', example[2]!, '--chart', chart],
  );
  expect(stdout).not.toContain('so no change is simulated');
  expect(exitCode).toBeUndefined();
  expect(readFileSync(chart, 'utf8')).toContain('<svg');
}, 120_000);
