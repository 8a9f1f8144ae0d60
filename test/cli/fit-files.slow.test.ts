import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'tandem-fit-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `tandem fit` with a text on standard input. */
const fit = (input: string, ...args: string[]) =>
  spawnSync('node', [join(ROOT, 'bin', 'tandem.cjs'), 'fit', ...args], {
    cwd: folder,
    encoding: 'utf8',
    input,
  });

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, resources: { requests: { cpu: 3 } } }] }
`;

test('a manifest on standard input is placed on described nodes, and its pods that wait make the exit code 1', () => {
  const { stdout, status } = fit(DEPLOYMENT, '-f', '-', '--nodes', '2', '--exit-code');
  expect(stdout).toContain('Deployment default/web (3 CPU, 0 memory per pod): 1 of 3 pods stay Pending\n');
  expect(stdout).toContain('  replicas 3: worker-1 1, worker-2 1; Pending 1 (0/2 nodes');
  expect(status).toBe(1);
});

test('files and folders are read in order, and --json prints every workload and what was left out', () => {
  writeFileSync(join(folder, 'web.yaml'), DEPLOYMENT);
  const service = '\n---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\n';
  writeFileSync(join(folder, 'more.yaml'), DEPLOYMENT.replace('name: web', 'name: more') + service);
  const { stdout, status } = fit('', '--json', '--namespace', 'shop', '-f', folder);
  expect(status).toBe(0);
  const { workloads, skipped, notPlaced } = JSON.parse(stdout) as {
    workloads: { name: string; namespace: string }[];
    skipped: string[];
    notPlaced: string[];
  };
  expect(workloads.map(({ name, namespace }) => [name, namespace])).toEqual([
    ['more', 'shop'],
    ['web', 'shop'],
  ]);
  expect(workloads[0]).toMatchObject({
    kind: 'Deployment',
    verdict: '1 of 3 pods stay Pending',
    placements: [{ pods: { 'control-plane': 0, 'worker-1': 1, 'worker-2': 1 }, rollingUpdateFits: false }],
    notes: [],
  });
  expect([skipped, notPlaced]).toEqual([['objects without pods: 1 Service'], []]);
});

test.each([
  [['-f', 'missing.yaml'], '--file must name a file or a folder that exists, received missing.yaml'],
  [['-f', '-', '--basis', 'node'], '--file places what the files hold: leave out the variants and --basis'],
  [['latency-hpa', '--namespace', 'a'], '--namespace is for --file: set TANDEM_NAMESPACE for the variants'],
  [['-f', '-'], '--file must hold a Deployment or a StatefulSet or a ReplicaSet, received no object'],
])('fit %j is refused in a sentence', (args, message) => {
  const { stderr, status } = fit('', ...args);
  expect([stderr, status]).toEqual([`error: ${message}\n`, 1]);
});
