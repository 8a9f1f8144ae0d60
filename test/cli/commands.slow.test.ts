import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { PACKAGE_VERSION } from '../../files/package-version';
import { VARIANTS } from '../../infra/variants';
import { MODEL_IDS } from '../../models/catalog';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { completeDocument } from '../../service/api/openapi';

const COMMAND = join(__dirname, '..', '..', 'bin', 'tandem.cjs');
const folder = mkdtempSync(join(tmpdir(), 'tandem-commands-'));

const tandem = (...args: string[]) =>
  spawnSync('node', [COMMAND, ...args], { cwd: folder, encoding: 'utf8' });

test('--version prints the version of the package', () => {
  expect(tandem('--version').stdout).toBe(`${PACKAGE_VERSION}\n`);
});

test('the help documents the exit codes', () => {
  const help = tandem('--help').stdout;
  expect(help).toMatch(/Exit codes:\n +0 +success\n +1 [^]*\n +2 .*\n +130 /);
  // test/service/signals.slow.test.ts proves both.
  expect(help).toMatch(/ 130 +stopped by Ctrl-C; serve, and bench timeline without --duration, end with 0\n/);
});

test('variants lists each variant with its model and its pods', () => {
  const [head, ...rows] = tandem('variants').stdout.trimEnd().split('\n');
  expect(head).toMatch(/^variant +model +pods$/);
  expect(rows.map((row) => row.split(/ +/)[0])).toEqual(VARIANTS.map(({ name }) => name));
  expect(rows).toContain('accuracy-hpa         accuracy  2 to 10');
});

test('openapi prints the document as JSON', () => {
  expect(JSON.parse(tandem('openapi').stdout)).toEqual(
    JSON.parse(JSON.stringify(completeDocument(MODEL_IDS))),
  );
});

test.each([
  ['openapi', 'stdout', '|'],
  ['openapi', 'stdout and stderr', '2>&1 |'],
  ['variants', 'stdout', '|'],
  ['bench --help', 'stdout', '|'],
  ['bench load', 'stdout and stderr', '2>&1 |'],
])('%s ends quietly when the reader of %s has ended', (command, _streams, pipe) => {
  // `true` reads nothing; the command starts to write long after it has ended.
  const script = `node ${COMMAND} ${command} ${pipe} true; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
  expect([stdout, stderr]).toEqual([command === 'bench load' ? '1\n' : '0\n', '']);
});

test('synth --json prints the folder, its files and the warnings', () => {
  const { stdout, stderr } = tandem('synth', '--out', 'manifests', '--json');
  const { out, files, warnings } = JSON.parse(stdout);
  expect(out).toBe('manifests');
  expect(files).toEqual(readdirSync(join(folder, 'manifests')).sort());
  expect(warnings[0]).toMatchObject({
    variant: 'accuracy-max-size',
    text: expect.stringContaining('2 stay Pending'),
  });
  expect(stderr).toBe('');
});

test.each([
  [
    ['evaluate', 'nothing', '--json'],
    'the model must be one of accuracy, latency, or a folder with a model.json, received nothing',
  ],
  [['evaluate', '--colour', '--json'], "unknown option '--colour'"],
])('%j fails with an event, since its reader parses JSON', (words, message) => {
  const { stdout, stderr, status } = tandem(...words);
  expect([stdout, status]).toEqual(['', 1]);
  expect(JSON.parse(stderr)).toEqual({ event: 'error', message: expect.stringContaining(message) });
});

test('fit --json prints verdict, requests and placements', () => {
  const { stdout, status } = tandem('fit', 'accuracy-max-size', '--basis', 'container', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual([
    {
      variant: 'accuracy-max-size',
      basis: 'container',
      verdict: '2 of 4 pods stay Pending',
      requests: { cpu: '2405m', memory: '4627034Ki' },
      limits: { cpu: '4400m', memory: '6544139520' },
      placements: [
        {
          label: 'replicas',
          replicas: 4,
          pods: { 'control-plane': 0, 'worker-1': 1, 'worker-2': 1 },
          pending: 2,
          reason: expect.stringMatching(/^0\/3 nodes are available: .*Insufficient cpu/),
          notCreated: 0,
          refusal: '',
          preempted: [],
          rollingUpdateFits: false,
        },
      ],
      notCounted: [],
      measuredMemoryBytes: expect.any(Number),
    },
  ]);
});

test('fit prints a table of all variants, and their details with --verbose', () => {
  const lines = (...args: string[]) => tandem('fit', ...args).stdout.split('\n');
  expect(lines().slice(0, 3)).toEqual([
    expect.stringMatching(/^On the reference’s cluster: 3 nodes of /),
    expect.stringMatching(/^ {2}variant +figures per container +figures per node$/),
    expect.stringMatching(/^ {2}accuracy-single-pod +fits +fits$/),
  ]);
  expect(lines('--verbose')).toContain(
    'accuracy-single-pod (--basis node: each pod requests 1000m CPU and 2Gi memory): fits',
  );
  expect(tandem('fit', '--verbose', 'latency-hpa').stderr).toMatch(/^error: --verbose is for the table /);
});

test.each([
  ['accuracy-max-size', 1],
  ['latency-hpa', 0],
])('fit --exit-code for %s on the container basis exits with %i', (variant, code) => {
  expect(tandem('fit', variant, '--basis', 'container', '--exit-code').status).toBe(code);
});

test.each([
  [{}, [], ['container', 'node'], 1],
  [{ TANDEM_BASIS: 'node' }, [], ['node'], 0],
  [{ TANDEM_BASIS: 'container' }, ['--basis', 'node'], ['node'], 0],
])('with %j and %j, fit judges the basis %j and exits with %i', (set, more, bases, code) => {
  const { stdout, status } = spawnSync(
    'node',
    [COMMAND, 'fit', 'accuracy-max-size', '--exit-code', ...more],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, ...set } },
  );
  expect(stdout.match(/(?<=^accuracy-max-size \(--basis )\w+/gm)).toEqual(bases);
  expect(status).toBe(code);
});

test('fit judges the basis of cdk8s.yaml', () => {
  const own = join(folder, 'basis');
  mkdirSync(own);
  writeFileSync(join(own, 'cdk8s.yaml'), 'context: { basis: node }\n');
  const args = [COMMAND, 'fit', 'accuracy-max-size', '--exit-code'];
  expect(spawnSync('node', args, { cwd: own, encoding: 'utf8' }).status).toBe(0);
});

test('serve refuses two models with one name before it loads any', () => {
  const latency = join(DEMO_MODELS_DIR, 'latency');
  const { stderr, stdout, status } = tandem('serve', latency, latency);
  expect(stderr).toBe(
    `error: the models must have different names, received latency for both ${latency} and ${latency}: serve one of them under another name, as NAME=FOLDER\n`,
  );
  expect([stdout, status]).toEqual(['', 1]);
});

test('an error has the prefix of commander’s errors', () => {
  const { stderr, status } = tandem('fit', '--kubeconfig', 'any', '--nodes', '2');
  expect([stderr, status]).toEqual([
    expect.stringMatching(/^error: --kubeconfig reads a real cluster: .*\n$/),
    1,
  ]);
});

test('a reader that ends early is no error', async () => {
  const child = spawn('node', [COMMAND, 'fit', '--verbose'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stderr = text(child.stderr);
  await once(createInterface(child.stdout), 'line');
  child.stdout.destroy();
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await stderr).toBe('');
});
