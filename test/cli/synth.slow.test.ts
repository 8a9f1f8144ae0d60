import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const COMMAND = join(ROOT, 'bin', 'tandem.cjs');
const folder = mkdtempSync(join(tmpdir(), 'tandem-commands-'));

/** Runs the command; returns its output and status. */
const tandem = (...args: string[]) =>
  spawnSync('node', [COMMAND, ...args], { cwd: folder, encoding: 'utf8' });

test.each([
  [
    ['fit', '--memory', '4GB'],
    "error: option '--memory <quantity>' argument '4GB' is invalid. It must be a quantity above 0, such as 8050000Ki, 4Gi or 4294967296.",
  ],
  [
    ['fit', '--memory', '0Gi'],
    "error: option '--memory <quantity>' argument '0Gi' is invalid. It must be a quantity above 0, .*",
  ],
  [
    ['fit', '--memory=-4Gi'],
    "error: option '--memory <quantity>' argument '-4Gi' is invalid. It must be a quantity above 0, .*",
  ],
  [
    ['fit', '--nodes', '5001'],
    "error: option '--nodes <count>' argument '5001' is invalid. It must be a whole number from 1 to 5000.",
  ],
  [
    ['fit', '--kubeconfig', ''],
    "error: option '--kubeconfig <file>' argument '' is invalid. It must be a path.",
  ],
  [['synth', '--out', ''], "error: option '--out <folder>' argument '' is invalid. It must be a path."],
  [
    ['synth', '--route', 'latency=hpa', '--out', join(ROOT, 'dist', 'routes')],
    'error: --route must not write into dist/, which holds variants only: .*',
  ],
])('%j is refused with the option’s name', (args, message) => {
  const { status, stderr } = tandem(...args);
  expect(stderr).toMatch(new RegExp(`^${message}\n(\\n?\\(add --help for the options\\)\n)?$`));
  expect(status).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['TANDEM_NAMESPACE', 'UPPER'],
  ['TANDEM_NAMESPACE', 'kube-system'],
  ['TANDEM_IMAGE', 'two words'],
  ['TANDEM_BASIS', 'pod'],
  ['TANDEM_SERVICE_TYPE', 'Cluster'],
])('fit refuses %s=%s as synth does', (variable, value) => {
  const refusal = (...args: string[]) => {
    const env = { ...process.env, [variable]: value };
    const { stderr, status } = spawnSync('node', [COMMAND, ...args], { cwd: folder, encoding: 'utf8', env });
    expect(status).toBe(1);
    return stderr;
  };
  const refused = refusal('synth', '--out', 'manifests');
  expect(refused).toMatch(new RegExp(`^error: ${variable} must .*\n$`));
  expect(refusal('fit', 'latency-hpa')).toBe(refused);
  expect(readdirSync(folder)).toEqual([]);
});

test('fit names the settings that described nodes cannot answer to', () => {
  const env = {
    ...process.env,
    TANDEM_NODE_SELECTOR: 'disk=ssd',
    TANDEM_PRIORITY_CLASS: 'high',
  };
  const args = [COMMAND, 'fit', 'latency-hpa', '--basis', 'container'];
  const { stdout } = spawnSync('node', args, { cwd: folder, encoding: 'utf8', env });
  expect(stdout.match(/(?<=not counted: ).*/g)).toEqual([
    'rules by the labels disk, which the described nodes do not have',
    'the priority class high, whose value is unknown',
  ]);
});

test.each([['latency-max-size'], ['--file', join(ROOT, 'dist', 'latency-max-size.k8s.yaml')]])(
  'fit %s %s says why described nodes of an architecture without an image take no pod',
  (...args) => {
    const { stdout } = tandem('fit', ...args, '--nodes', '2', '--arch', 's390x');
    expect(stdout).toContain("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.");
    expect(stdout).toContain('    worker-1, worker-2 labels: kubernetes.io/arch=s390x, needs amd64 or arm64');
    expect(stdout).not.toContain('not counted');
  },
);

test('synth names a mistyped setting, counts its files on stderr and prints the folder on stdout', () => {
  const env = { ...process.env, TANDEM_NAMESPCE: 'foo' };
  const args = [COMMAND, 'synth', '--out', 'mistyped'];
  const { stdout, stderr } = spawnSync('node', args, { cwd: folder, encoding: 'utf8', env });
  expect(stdout).toBe('mistyped\n');
  const lines = stderr.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^warning: TANDEM_NAMESPCE is no setting .* did you mean TANDEM_NAMESPACE\?/);
  expect(lines.at(-1)).toBe(`wrote ${readdirSync(join(folder, 'mistyped')).length} files to mistyped`);
  rmSync(join(folder, 'mistyped'), { recursive: true });
});

test('synth refuses a file as its folder in a sentence', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const { stderr, status } = tandem('synth', '--out', file);
  expect(stderr).toMatch(/^error: --out must be a folder that can be created and written to, received .*\n$/);
  expect(status).toBe(1);
  rmSync(file);
});

test('with custom nodes, no node is a control plane unless --control-plane is set', () => {
  const printed = (...args: string[]) =>
    tandem('fit', 'latency-hpa', '--basis', 'container', '--memory', '4Gi', ...args).stdout;
  expect(printed()).toContain('at minReplicas 2: worker-1 1, worker-2 1, worker-3 0;');
  expect(printed('--control-plane')).toContain('at minReplicas 2: control-plane 0, worker-1 1, worker-2 1;');
  expect(tandem('fit', '--help').stdout.replace(/\s+/g, ' ')).toContain(
    '(default: on, unless --nodes, --cpu-millis or --memory is set)',
  );
});
