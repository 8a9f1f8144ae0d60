import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';

import { addExplain } from '../../cli/explain';
import { ROOT } from '../../scripts/documents';
import { dataFolder } from '../bench/adviser/data-folder';
import { HPA_RUN } from '../bench/adviser/subject';
import { runCommand } from './run-command';

const data = dataFolder();
const folder = mkdtempSync(join(tmpdir(), 'tandem-explain-'));
const RUN = join(data, 'latency-hpa-steps-1.json.gz');
const explain = (...words: string[]) => runCommand(addExplain, ['explain', 'hpa', ...words]);

test('explain hpa prints each decision with the line of its rule', async () => {
  const { stdout, exitCode } = await explain(RUN);
  expect(exitCode).toBeUndefined();
  expect(stdout).toMatch(/^\d+ syncs, decided again by Kubernetes' rules from the recorded pods/m);
  expect(stdout).toContain('[replica_calculator.go:118]');
});

test('the example of its help works with the recordings of this clone', async () => {
  const { stdout } = await explain(join(ROOT, 'docs/experiment/data/latency-hpa-steps-1.json.gz'));
  expect(stdout).toMatch(/ 2 to \d+ pods/);
});

test('the example of its help names the recording from any folder', () => {
  const before = process.cwd();
  process.chdir(folder);
  try {
    let help = '';
    const program = new Command('tandem').configureOutput({ writeOut: (text) => (help += text) });
    addExplain(program);
    program.commands[0]!.outputHelp();
    const [, run] = /Example: npx tandem explain hpa (\S+)/.exec(help)!;
    expect(existsSync(run!)).toBe(true);
  } finally {
    process.chdir(before);
  }
});

test('a timeline alone is explained, and a change decides each of its syncs again', async () => {
  const file = join(folder, 'timeline.json');
  writeFileSync(file, JSON.stringify(HPA_RUN.timeline));
  await expect(explain(file)).rejects.toThrow(
    'the pods of latency-hpa must state a CPU request in each container',
  );
  const { subject } = HPA_RUN.timeline;
  const containers = [{ resources: { requests: { cpu: '41m' } } }];
  const deploymentSpec = { template: { spec: { containers } } };
  writeFileSync(file, JSON.stringify({ ...HPA_RUN.timeline, subject: { ...subject, deploymentSpec } }));
  expect((await explain(file)).stdout).toContain('decided again');
  const { stdout } = await explain(file, '--what-if', 'target=70');
  expect(stdout).toMatch(/^Decided again with the recorded settings: \d+ of \d+ syncs as the HPA did/);
  for (const option of [
    ['--chart', 'any.svg'],
    ['--seeds', '10'],
  ])
    await expect(explain(file, '--what-if', 'target=70', ...option)).rejects.toThrow(
      `${option[0]} needs a run of npm run experiments: name one, or leave ${option[0]} out`,
    );
});

test.each<[string[], string]>([
  [[join(folder, 'none.json')], 'none.json: ENOENT'],
  [
    [join(ROOT, 'README.md')],
    'README.md: the document must be JSON with schema "tandem.timeline" and version 1',
  ],
  [[join(ROOT, 'README.md')], 'use a file that "tandem bench timeline --out" wrote'],
  [[join(data, 'latency-single-pod-1.json.gz')], 'has no HPA: record a variant that has one'],
  [[RUN, '--chart', join(folder, 'chart.svg')], '--chart draws a change: add --what-if'],
  [[RUN, '--seeds', '10'], '--seeds simulates a change: add --what-if, such as --what-if target=70'],
  [[RUN, '--duration', '5m'], '--duration watches a cluster: add --kubeconfig'],
  [['web', '--kubeconfig', 'any'], 'name the HPA as NAMESPACE/NAME, received web'],
  [
    ['shop/web', '--kubeconfig', 'any', '--what-if', 'target=70'],
    '--what-if decides syncs again: add --duration',
  ],
  [
    ['shop/web', '--kubeconfig', 'any', '--what-if', 'target=70', '--chart', 'any.svg'],
    '--chart needs a run of npm run experiments',
  ],
  [
    ['shop/web', '--kubeconfig', 'any', '--what-if', 'target=70', '--seeds', '10'],
    '--seeds needs a run of npm run experiments',
  ],
  [[RUN, '--what-if', 'speed=2'], 'a change must be one of target'],
  [[RUN, '--what-if', 'target=70', '--seeds', '0'], 'It must be a whole number from 1 to 10000.'],
])('explain hpa %j is refused', async (words, message) => {
  await expect(explain(...words)).rejects.toThrow(message);
});
