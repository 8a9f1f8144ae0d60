import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const ROOT = join(__dirname, '..', '..');
const ENTRY = join(ROOT, 'test', 'support', 'start-entry.ts');
const TSX = pathToFileURL(require.resolve('tsx')).href;
/** A real model is exported and loaded, on a busy machine. */
const TIMEOUT_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'tandem-start-'));
const outdir = join(folder, 'dist');
const environment = (changes: NodeJS.ProcessEnv) => ({
  ...process.env,
  PORT: '0',
  MODELS: 'latency',
  ONNX_CACHE_DIR: join(folder, 'onnx'),
  ...changes,
});
const run = (changes: NodeJS.ProcessEnv, ...words: string[]) =>
  spawn(process.execPath, ['--import', TSX, ENTRY, outdir, ...words], {
    cwd: ROOT,
    env: environment(changes),
    stdio: ['ignore', 'pipe', 'pipe'],
  });

test(
  'without its models, npm start ends with one sentence and 1',
  async () => {
    const child = run({ MODELS_DIR: join(folder, 'none') });
    const [said, error, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    expect([said, code]).toEqual(['', 1]);
    expect(error).toMatch(
      /^error: MODELS_DIR must hold the model latency, and .*none\/latency\/model\.json is missing: set .*\n$/,
    );
  },
  TIMEOUT_MS,
);

test(
  'npm start prints the URL first, then a curl command that runs as it is printed',
  async () => {
    const child = run({}, '--verbose');
    const stderr = text(child.stderr);
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (line.startsWith('Stop')) break;
    }
    expect(lines[0]).toMatch(/^Open http:\/\/localhost:\d+$/);
    expect(lines[1]).toMatch(/^Ready after [\d.]+ s:$/);
    expect(lines[2]).toMatch(
      /^ {2}latency: mobilenetv2 on onnxruntime .*; 6 classes; [\d.]+ % of \d+ test images right \(measured\); a demo/,
    );
    expect(lines.filter((line) => line.includes('SHA-256'))).not.toEqual([]);
    const curl = lines.find((line) => line.startsWith('  curl'))!;
    const answer = execFileSync('bash', ['-c', curl], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(JSON.parse(answer)).toMatchObject({ model: 'latency', demo: true });
    expect(lines.filter((line) => line.includes('Not all pods of'))).toHaveLength(1);
    expect(existsSync(join(outdir, 'latency-single-pod.k8s.yaml'))).toBe(true);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await stderr).toMatch(
      /^Loading latency on onnxruntime … Exporting latency to ONNX first, once\.\n$/,
    );
  },
  TIMEOUT_MS,
);

test(
  'npm start goes on when the reader of its output has ended',
  async () => {
    const child = run({});
    const stderr = text(child.stderr);
    const [first] = (await once(createInterface(child.stdout), 'line')) as [string];
    child.stdout.destroy();
    const url = first.replace('Open ', '');
    const isReady = async () => (await fetch(`${url}/v2/health/ready`)).ok;
    while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 200));
    // The lines after the first are written once the models are ready.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await isReady()).toBe(true);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await stderr).toBe('Loading latency on onnxruntime …\n');
  },
  TIMEOUT_MS,
);
