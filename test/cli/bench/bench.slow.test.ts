/** `tandem bench` as a process: results, exit codes and Ctrl-C. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { capacityChart } from '../../../bench/load/capacity-chart';
import { parseCapacityDocument } from '../../../bench/load/capacity-document';
import { parseRunDocument } from '../../../bench/load/run-document';
import { parseTimeline } from '../../../bench/timeline/timeline-document';
import { startServer, type TestServer } from '../../bench/load/server';

const ROOT = join(__dirname, '../../..');
/** Each test starts processes, on a busy machine. */
const TIMEOUT_MS = 240_000;

let server: TestServer;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  server = await startServer(({ url }, response) => {
    if (url === '/metrics') response.end('inference_request_duration_seconds_count{model="a"} 7\n');
    else setTimeout(() => response.end('{}'), 5);
  });
});
afterEach(() => server.close());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Sends a signal to the command and to the processes that it started, as Ctrl-C does. */
type Interrupt = (signal?: NodeJS.Signals) => void;

/** Runs the command; `onStderr` gets all of stderr so far, and a function that sends Ctrl-C. */
function bench(
  args: readonly string[],
  onStderr: (stderr: string, interrupt: Interrupt) => void = () => undefined,
): Promise<Ended> {
  const main = join(ROOT, 'cli/bench/main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'bench', ...args], {
    cwd: ROOT,
    // As a terminal does, so that Ctrl-C reaches the generator's own process too.
    detached: true,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onStderr(stderr, (signal = 'SIGINT') => process.kill(-child.pid!, signal));
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** Sends Ctrl-C, or another signal, once a text is in stderr. */
const interruptOnce = (text: string, signal?: NodeJS.Signals) => {
  let isSent = false;
  return (stderr: string, interrupt: Interrupt) => {
    if (isSent || !stderr.includes(text)) return;
    isSent = true;
    interrupt(signal);
  };
};

test(
  'load prints its report and writes its document',
  async () => {
    const out = join(folder, 'load.json');
    const args = ['load', '--url', server.url, '--load', 'poisson:60:1s', '--slo', 'p90=1s', '--out', out];
    const { code, stdout } = await bench(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^load +poisson:60:1s, connections fresh\noffered +[\d.]+ per second\ngoodput/);
    const document = parseRunDocument(readFileSync(out, 'utf8'));
    expect(document).toMatchObject({ complete: true, settings: { slo: 'p90=1000ms', seed: 1 } });
  },
  TIMEOUT_MS,
);

test.each([
  ['Ctrl-C', 'SIGINT'],
  ['SIGTERM to the process group', 'SIGTERM'],
] as const)(
  '%s ends a load early, keeps what was measured, marks it incomplete and exits with 130',
  async (_, signal) => {
    const out = join(folder, 'load.json');
    const args = ['load', '--url', server.url, '--load', 'constant:50:60s', '--json', '--out', out];
    const { code, stdout, stderr } = await bench(args, interruptOnce('due requests settled', signal));
    expect(stderr).toContain('stopping: waiting for the last answers');
    expect(code).toBe(130);
    const document = parseRunDocument(stdout);
    expect(document.complete).toBe(false);
    expect(document.validity.broken).toContainEqual(expect.objectContaining({ rule: 'incomplete' }));
    expect(server.requestsPerConnection.length).toBeGreaterThan(100);
    expect(document).toEqual(parseRunDocument(readFileSync(out, 'utf8')));
  },
  TIMEOUT_MS,
);

test(
  'Ctrl-C ends a search with the rates that it has tried',
  async () => {
    const out = join(folder, 'capacity.json');
    const chart = join(folder, 'capacity.svg');
    const files = ['--out', out, '--chart', chart];
    const args = ['capacity', '--url', server.url, '--slo', 'p80=50ms', ...files];
    const { code, stdout } = await bench(args, interruptOnce(' after '));
    expect(code).toBe(130);
    expect(stdout).toMatch(/^ended +interrupted$/m);
    const found = parseCapacityDocument(readFileSync(out, 'utf8'));
    expect(found.ended).toBe('interrupted');
    expect(found.probes.length).toBeLessThanOrEqual(2);
    expect(readFileSync(chart, 'utf8')).toBe(capacityChart(found));
  },
  TIMEOUT_MS,
);

test(
  'latency prints a single stream and the images per second of several clients',
  async () => {
    const { code, stdout } = await bench([
      'latency',
      '--url',
      server.url,
      '--duration',
      '1s',
      '--clients',
      '4',
    ]);
    expect(code).toBe(0);
    const [single, offline] = stdout.split('\n\n');
    expect(single).toMatch(
      /^single stream\nload +closed:1:1s, connections kept:1\n[^]*latency +p50 [\d.]+ ms/,
    );
    expect(offline).toMatch(/^offline\nimages +[\d.]+ per second\nload +closed:4:1s, connections kept:4\n/);
  },
  TIMEOUT_MS,
);

test(
  'timeline records a process for the time given and prints windows',
  async () => {
    const out = join(folder, 'timeline.json');
    const args = ['timeline', '--process', `a=${server.url}`, '--duration', '2s', '--out', out];
    const { code, stdout } = await bench(args);
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(/from s +desired +ready +answered\/s +offered\/s +sent\/s/);
    expect(parseTimeline(readFileSync(out, 'utf8')).complete).toBe(true);
  },
  TIMEOUT_MS,
);

test(
  'Ctrl-C is how a timeline without a length ends, with the load that was sent meanwhile',
  async () => {
    const [run, out] = [join(folder, 'load.json'), join(folder, 'timeline.json')];
    let interrupt: (() => void) | undefined;
    const origin = server.url.slice(0, -1);
    const recording = bench(
      ['timeline', '--process', `a=${origin}`, '--runs', run, '--out', out],
      (stderr, stop) => {
        if (stderr === 'recording until Ctrl-C\n') interrupt = stop;
      },
    );
    await bench(['load', '--url', server.url, '--load', 'constant:20:2s', '--out', run]);
    while (interrupt === undefined) await pause();
    interrupt();
    expect((await recording).code).toBe(0);
    const timeline = parseTimeline(readFileSync(out, 'utf8'));
    expect(timeline).toMatchObject({ complete: true, load: { settings: { load: 'constant:20:2s' } } });
    expect(timeline.counters.length).toBeGreaterThan(0);
    expect(timeline.replicas.every(({ ready }) => ready === 1)).toBe(true);
  },
  TIMEOUT_MS,
);

test(
  'Ctrl-C marks a timeline of a given length incomplete, and a missing run does not cost it',
  async () => {
    const out = join(folder, 'timeline.json');
    const args = ['timeline', '--process', `a=${server.url}`, '--duration', '60s', '--out', out];
    const { code, stderr } = await bench(
      [...args, '--runs', join(folder, 'missing.json')],
      (so, interrupt) => {
        if (so === 'recording for 60 s\n') setTimeout(interrupt, 1_500);
      },
    );
    expect(stderr).toContain('no such file');
    expect(code).toBe(1);
    expect(parseTimeline(readFileSync(out, 'utf8')).complete).toBe(false);
  },
  TIMEOUT_MS,
);

test(
  'a run in a cluster whose closed loop has fewer clients than pods is refused at once',
  async () => {
    const image = join(ROOT, 'models/demo/samples/weave.jpg');
    const { code, stderr } = await bench([
      ...['run', '--kubeconfig', 'missing', '--variant', 'latency-hpa', '--load', 'closed:2:60s'],
      ...['--pods', '3', '--image', image, '--out', join(folder, 'run.json')],
    ]);
    expect(stderr).toContain('closed:2 must have a client for each of the 3 generators');
    expect(code).toBe(1);
  },
  TIMEOUT_MS,
);
