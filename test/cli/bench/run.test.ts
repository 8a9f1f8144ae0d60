import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ClusterRun, ClusterRunOptions } from '../../../bench/cluster-run/run-variant';
import { addRunCommand, type LoadFunctions } from '../../../cli/bench/run';
import { runCommand } from '../run-command';

const mockRun = jest.fn<Promise<ClusterRun>, [ClusterRunOptions]>();
jest.mock('../../../bench/cluster-run/run-variant', () => ({
  runVariant: (options: ClusterRunOptions) => mockRun(options),
}));

const LOAD: LoadFunctions = {
  durationSecondsOf: (load) => {
    if (load === 'fast') throw new RangeError(`--load must be a load, received ${load}`);
    return load.endsWith(':5h') ? 5 * 3600 : 60;
  },
  mergeRuns: ([first]) => first!,
  brokenText: ({ rule }) => rule,
};

let folder: string;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-run-'));
  out = join(folder, 'run.json');
  mockRun.mockReset();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a file and returns its path. */
function fileOf(name: string, contents: string | Buffer = 'jpeg'): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

/** Runs the command with some options changed. */
function bench(changes: Readonly<Record<string, string | readonly string[]>> = {}) {
  const options: Record<string, string | readonly string[]> = {
    ...{ kubeconfig: 'missing.kubeconfig', variant: 'latency-hpa', load: 'poisson:20:60s' },
    ...{ image: fileOf('weave.jpg'), out },
    ...changes,
  };
  const args = Object.entries(options).flatMap(([name, values]) => [`--${name}`, ...[values].flat()]);
  return runCommand((program) => addRunCommand(program, LOAD), ['run', ...args]);
}

const imagesIn = (...names: readonly string[]) => names.map((name) => fileOf(name));

test.each([
  ['Allowed choices are accuracy-single-pod, ', () => ({ variant: 'no-such-variant' })],
  ['--load must be a load, received fast', () => ({ load: 'fast' })],
  ['--load must last at most 14400 s: shorten it, received poisson:1:5h', () => ({ load: 'poisson:1:5h' })],
  ["argument '0' is invalid. It must be a whole number from 1 to 50", () => ({ pods: '0' })],
  ["argument '-1' is invalid. It must be a whole number from 0 to 3600", () => ({ idle: '-1' })],
  ["argument '' is invalid. It must be a path", () => ({ out: '' })],
  ['--connections must be fresh, kept:N or renewed:N:10s', () => ({ connections: 'kept' })],
  ['--slo must look like p95=100ms', () => ({ slo: '100ms' })],
  ['--timeout must be at least the limit of --slo, 15 s, received 10 s', () => ({ slo: 'p95=15s' })],
  ["argument '5' is invalid. a duration must look like 500ms", () => ({ timeout: '5' })],
  ["argument '121s' is invalid. It must be at most 120 s: Kubernetes stops", () => ({ timeout: '121s' })],
  ["no such file or directory, open 'missing.jpg'", () => ({ image: 'missing.jpg' })],
  ['--image must end in .jpg, .jpeg, .png, .webp, received notes.txt', () => ({ image: 'notes.txt=weave' })],
  ['received "my weave.jpg"', () => ({ image: imagesIn('my weave.jpg') })],
  [
    '--image must be at most 716800 bytes together',
    () => ({ image: fileOf('large.jpg', Buffer.alloc(800_000)) }),
  ],
  ['--out must be a file, received', () => ({ out: folder })],
  ['--out must be a file in a folder that can be', () => ({ out: join(fileOf('file'), 'run.json') })],
  ['no such file or directory', () => ({ load: `trace:${join(folder, 'none.csv')}:all:peak=20` })],
] as const)('refuses before the cluster is touched: %s', async (message, changes) => {
  await expect(bench(changes())).rejects.toThrow(message);
  expect(mockRun).not.toHaveBeenCalled();
});

test('refuses two images of one name, and names both files', async () => {
  const other = mkdtempSync(join(folder, 'other-'));
  const twins = [fileOf('weave.jpg'), join(other, 'weave.jpg')];
  await expect(bench({ image: twins })).rejects.toThrow(`received ${twins.join(' and ')}`);
  expect(mockRun).not.toHaveBeenCalled();
});

const TIMELINE = { complete: true, failures: [] } as unknown as NonNullable<ClusterRun['timeline']>;

test('the pods get the images and the trace of the load, by their names', async () => {
  mockRun.mockResolvedValue({ timeline: TIMELINE });
  const trace = fileOf('day.csv', 'minute,all\n1,9\n');
  await bench({ image: imagesIn('weave.jpg', 'dots.png'), load: `trace:${trace}:all:peak=20:0-9` });
  const { images, args } = mockRun.mock.calls[0]![0].load;
  expect(Object.keys(images)).toEqual(['weave.jpg', 'dots.png', 'day.csv']);
  expect(args('http://10.96.0.7').join(' ')).toBe(
    '--url http://10.96.0.7 --load trace:/images/day.csv:all:peak=20:0-9 --seed 1 --connections fresh ' +
      '--timeout 10s --image /images/weave.jpg /images/dots.png --json',
  );
});

test('the pods get the connection policy, the deadline, the objective and the class of each image', async () => {
  mockRun.mockResolvedValue({ timeline: TIMELINE });
  const [weave, dots] = imagesIn('weave.jpg', 'dots.png');
  await bench({
    ...{ image: [`${weave}=weave`, dots!], connections: 'kept:8', timeout: '2.5s', slo: 'p95=250ms' },
  });
  const { images, args } = mockRun.mock.calls[0]![0].load;
  expect(Object.keys(images)).toEqual(['weave.jpg', 'dots.png']);
  expect(args('http://10.96.0.7').join(' ')).toContain(
    '--connections kept:8 --timeout 2.5s --slo p95=250ms ' +
      '--image /images/weave.jpg=weave /images/dots.png --json',
  );
});

test('a run writes its timeline, and says how many reads failed', async () => {
  const failures = [{ atMs: 1000, read: 'metrics of latency-hpa-a', message: 'status 503' }];
  mockRun.mockResolvedValue({ timeline: { ...TIMELINE, failures } });
  const { stdout, stderr, exitCode } = await bench();
  expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual({ ...TIMELINE, failures });
  expect(stdout).toBe(out);
  expect(stderr).toBe('1 reads failed, the first of metrics of latency-hpa-a: status 503');
  expect(exitCode).toBe(0);
});

test('a namespace that may remain is named, fails the command and costs no timeline', async () => {
  mockRun.mockResolvedValue({ timeline: TIMELINE, remains: 'namespace bench may remain' });
  const { stderr, exitCode } = await bench();
  expect(stderr).toBe('namespace bench may remain');
  expect(existsSync(out)).toBe(true);
  expect(exitCode).toBe(1);
});

/** What a run leaves that Ctrl-C ends. */
const interruptedRun = (left: ClusterRun) => () => Promise.resolve((process.emit('SIGINT'), left));

test('Ctrl-C before the load exits with 130 and writes no file', async () => {
  mockRun.mockImplementation(interruptedRun({}));
  const { stdout, stderr, exitCode } = await bench();
  expect(stderr).toMatch(/^stopping: deleting the namespace of the run\nstopped before the load/);
  expect(stdout).toBe('');
  expect(existsSync(out)).toBe(false);
  expect(exitCode).toBe(130);
});

test('Ctrl-C during the load exits with 130 and writes what was recorded', async () => {
  mockRun.mockImplementation(interruptedRun({ timeline: { ...TIMELINE, complete: false } }));
  const { exitCode } = await bench();
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ complete: false });
  expect(exitCode).toBe(130);
});

test.each([
  ['is then deleted', {}],
  ['may remain', { remains: 'namespace bench may remain' }],
])('Ctrl-C after the recording exits with 130 too, where the namespace %s', async (_, left) => {
  mockRun.mockImplementation(interruptedRun({ timeline: TIMELINE, ...left }));
  const { exitCode } = await bench();
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ complete: true });
  expect(exitCode).toBe(130);
});
