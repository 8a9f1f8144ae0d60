/** Slow, because each call searches all deployments. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { addPlan } from '../../cli/plan';
import { dataFolder } from '../bench/adviser/data-folder';
import { runCommand } from './run-command';

const COMMAND = join(__dirname, '..', '..', 'bin', 'tandem.cjs');
const data = dataFolder();
const folder = mkdtempSync(join(tmpdir(), 'tandem-plan-'));
const plan = (...words: string[]) => runCommand(addPlan, ['plan', '--data', data, ...words]);

test('plan prints the deployment, what it was compared with and where its figures come from', async () => {
  const page = join(folder, 'plan.md');
  const { stdout, stderr, exitCode } = await plan(
    ...['--slo', 'p95=400ms', '--load', 'poisson:8:40s', '--explain', page],
  );
  expect(exitCode).toBeUndefined();
  expect(stdout).toContain('p95 ≤ 400 ms under poisson:8:40s on 3 nodes');
  for (const words of [
    'Each node gives pods 4000m CPU (--cpu-millis) and',
    'recommended',
    'replicas',
    'KRR',
    'VPA',
    'Kubecost',
    'latency-max-size-1: fitted to p50 and p95',
  ])
    expect(stdout).toContain(words);
  expect(stderr).toContain(`${data}: the recordings have no CPU time per image of ResNet101V2`);
  const markdown = readFileSync(page, 'utf8');
  expect(markdown).toMatch(/^# p95 ≤ 400 ms/);
  expect(markdown).toContain('| model | latency at fp32 |');
}, 120_000);

test('plan --emit writes manifests with the recommended figures', async () => {
  const out = join(folder, 'planned');
  process.env['TANDEM_IMGAE'] = 'tandem:2';
  const { stdout, stderr } = await plan(
    ...['--slo', 'p95=400ms', '--load', 'poisson:8:40s', '--model', 'latency', '--emit', out],
  ).finally(() => delete process.env['TANDEM_IMGAE']);
  const row = JSON.parse(/\{[^]*\}/.exec(stdout)![0]) as { name: string; resources: { requests: object } };
  expect(readdirSync(out)).toEqual(['00-namespace.k8s.yaml', `${row.name}.k8s.yaml`]);
  const yaml = readFileSync(join(out, `${row.name}.k8s.yaml`), 'utf8');
  const requests = row.resources.requests as { cpu: string; memory: string };
  expect(yaml).toContain(`cpu: ${requests.cpu}`);
  expect(yaml).toContain(`memory: ${requests.memory}`);
  expect(stderr).toContain(`wrote ${join(out, `${row.name}.k8s.yaml`)}`);
  expect(stderr).toContain('warning: TANDEM_IMGAE is no setting and is ignored: did you mean TANDEM_IMAGE?');
}, 120_000);

test('an objective that nothing meets ends with exit code 1 and writes no manifests', async () => {
  const out = join(folder, 'none');
  const { stdout, exitCode } = await plan(
    ...['--slo', 'p99=21ms', '--load', 'poisson:8:20s', '--model', 'latency', '--emit', out],
  );
  expect(exitCode).toBe(1);
  expect(stdout).toContain('No deployment meets p99 ≤ 21 ms');
  expect(stdout).toContain('of a predicted p99: ');
  expect(readdirSync(out)).toEqual([]);
}, 120_000);

test('the example of docs/twin.md works from any folder with the recordings of the package', () => {
  const args = ['plan', '--slo', 'p95=400ms', '--rate', '10', '--nodes', '3'];
  const { stdout, status } = spawnSync('node', [COMMAND, ...args], { cwd: folder, encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stdout).toContain('p95 ≤ 400 ms under poisson:10:300s on 3 nodes');
  expect(stdout).toContain('10 images per second on average, at random times (Poisson), for 300 s');
  expect(stdout).toMatch(/^ {2}limits .* \d+Mi memory$/m);
  expect(stdout).toMatch(/p95 \d+ ms; upper bound \d+ ms ≤ 400 ms/);
}, 240_000);
