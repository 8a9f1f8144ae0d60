import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { addPlan } from '../../cli/plan';
import { runCommand } from './run-command';

const SLO = ['--slo', 'p95=300ms'];
const empty = mkdtempSync(join(tmpdir(), 'tandem-plan-'));
const plan = (...words: string[]) => runCommand(addPlan, ['plan', ...words]);

test.each<[string[], string]>([
  [['--rate', '40'], "required option '--slo <objective>' not specified"],
  [['--slo', 'fast', '--rate', '40'], '--slo must look like p95=100ms'],
  [
    SLO,
    'the load must be given once: --rate 40, or --load such as --load ramp:5-40:20m, or --prometheus FILE',
  ],
  [[...SLO, '--rate', '2000'], 'It must be a number from 0.07 to 1666'],
  [[...SLO, '--rate', '40', '--prometheus', 'rate.json'], 'the load must be given once'],
  [[...SLO, '--prometheus', join(empty, 'none.json')], 'none.json: ENOENT'],
  [[...SLO, '--rate', '40', '--load', 'poisson:1:10s'], 'the load must be given once'],
  [[...SLO, '--rate', '0.01'], 'It must be a number from 0.07 to'],
  [
    ['--slo', 'p99=300ms', '--rate', '0.1'],
    'a plan for p99 needs at least 100 requests, received 30 in 300 s of --rate 0.1: give a higher rate, 0.34 or more',
  ],
  [
    [...SLO, '--load', 'steps:0.01,0.02:60s'],
    'a plan for p95 needs at least 20 requests, received 1.8 in 120 s of steps:0.01,0.02:60s: give a higher rate or a longer load',
  ],
  [
    ['--slo', 'p50=300ms', '--load', 'poisson:0.05:60s'],
    'a plan for p50 needs at least 20 requests, received 3',
  ],
  [[...SLO, '--load', 'closed:8:60s'], '--load must be an open loop, received "closed:8:60s"'],
  [[...SLO, '--rate', '40', '--nodes', '0'], 'It must be a whole number from 1 to'],
  [[...SLO, '--rate', '40', '--cpu-millis', '0.5'], 'It must be a whole number from 1'],
  [[...SLO, '--rate', '40', '--model', 'fast'], 'Allowed choices are accuracy, latency.'],
  [[...SLO, '--rate', '40', '--data', ' '], 'It must be a path.'],
])('plan %j is refused before anything is simulated', async (words, message) => {
  await expect(plan(...words)).rejects.toThrow(message);
});

test('without recordings the error names the command that makes them', async () => {
  await expect(plan(...SLO, '--rate', '40', '--data', empty)).rejects.toThrow(
    `${empty}: the recordings have no machine.json of ResNet101V2: run "npm run experiments -- --only machine" first`,
  );
});

test('plan --emit refuses a setting and a folder before it simulates', async () => {
  // Without recordings, so that a simulation would be refused too, with other words.
  const emitTo = (out: string) => plan(...SLO, '--rate', '40', '--data', empty, '--emit', out);
  const file = join(empty, 'file');
  writeFileSync(file, '');
  await expect(emitTo(file)).rejects.toThrow(/^--emit must be a folder that can be created and written to/);
  process.env['TANDEM_SERVICE_TYPE'] = 'Cluster';
  try {
    await expect(emitTo(join(empty, 'out'))).rejects.toThrow(/^TANDEM_SERVICE_TYPE must be one of ClusterIP/);
  } finally {
    delete process.env['TANDEM_SERVICE_TYPE'];
  }
});
