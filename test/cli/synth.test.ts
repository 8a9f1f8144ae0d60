import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const COMMAND = join(ROOT, 'bin', 'tandem.cjs');
const folder = mkdtempSync(join(tmpdir(), 'tandem-commands-'));

/** What the command printed, and its status. */
const tandem = (...args: string[]) =>
  spawnSync('node', [COMMAND, ...args], { cwd: folder, encoding: 'utf8' });

test.each([
  [
    ['fit', '--memory', '4GB'],
    '--memory must be a quantity above 0, such as 8050000Ki, 4Gi or 4294967296, received "4GB"',
  ],
  [['fit', '--memory', '0Gi'], '--memory must be a quantity above 0, .*, received "0Gi"'],
  [['fit', '--memory=-4Gi'], '--memory must be a quantity above 0, .*, received "-4Gi"'],
  [['fit', '--nodes', '5001'], '--nodes must be a whole number from 1 to 5000, received "5001"'],
  [['fit', '--kubeconfig', ''], '--kubeconfig must be a path, received ""'],
  [['synth', '--out', ''], '--out must be a path, received ""'],
  [
    ['synth', '--route', 'latency=hpa', '--out', join(ROOT, 'dist', 'routes')],
    '--route must not write into dist/, which holds the variants alone: .*',
  ],
])('%j is refused by its name', (args, message) => {
  const { status, stderr } = tandem(...args);
  expect(stderr).toMatch(new RegExp(`^${message}\n$`));
  expect(status).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

test('of nodes whose size is given none is a control plane unless that is asked for, as the help says', () => {
  const printed = (...args: string[]) =>
    tandem('fit', 'latency-hpa', '--basis', 'container', '--memory', '4Gi', ...args).stdout;
  expect(printed()).toContain('at minReplicas 2: worker-1 1, worker-2 1, worker-3 0;');
  expect(printed('--control-plane')).toContain('at minReplicas 2: control-plane 0, worker-1 1, worker-2 1;');
  expect(tandem('fit', '--help').stdout.replace(/\s+/g, ' ')).toContain(
    'with --nodes, --cpu-millis or --memory none is unless this is given',
  );
});
