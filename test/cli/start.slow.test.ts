import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

import { scripts } from '../../package.json';
import { headerOf, SYNTH } from '../../infra/write-manifests';
import { copyWithoutBase, DEMO_MODELS_DIR, type SavedModelManifest } from '../../models/weights/saved-model';
import { sayAloud } from '../support/aloud';

const ROOT = join(__dirname, '..', '..');
const ENTRY = join(ROOT, 'test', 'support', 'start-entry.ts');
const TSX = pathToFileURL(require.resolve('tsx')).href;
/** A real model is exported and loaded, on a busy machine. */
const TIMEOUT_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'tandem-start-'));
const outdir = join(folder, 'dist');
const hasCurl = spawnSync('curl', ['--version']).status === 0;
if (!hasCurl) sayAloud('SKIPPED: the curl command that npm start prints is not run; install curl');
/** Everything here listens on this machine, which no proxy reaches. */
const withoutProxies = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)),
);
const environment = (changes: NodeJS.ProcessEnv) => ({
  ...withoutProxies,
  PORT: '0',
  MODELS: 'latency',
  ONNX_CACHE_DIR: join(folder, 'onnx'),
  // Without models that someone pulled on this machine.
  TANDEM_CACHE: join(folder, 'cache'),
  ...changes,
});
const children: ChildProcess[] = [];
// A test that fails leaves its service running, and Jest would wait for it.
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));
const spawned = (words: readonly string[], changes: NodeJS.ProcessEnv, cwd: string) => {
  const child = spawn(process.execPath, words, {
    cwd,
    env: environment(changes),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
};
const run = (changes: NodeJS.ProcessEnv, ...words: string[]) =>
  spawned(['--import', TSX, ENTRY, outdir, ...words], changes, ROOT);

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
  'npm start serves pulled models where they are, without the demo’s samples',
  async () => {
    const cache = join(folder, 'pulled');
    const pulled = join(cache, 'imagenet', 'latency');
    copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), pulled);
    const manifest = join(pulled, 'model.json');
    const saved = JSON.parse(readFileSync(manifest, 'utf8')) as SavedModelManifest;
    writeFileSync(manifest, JSON.stringify({ ...saved, demo: false }));
    const child = run({ TANDEM_CACHE: cache });
    const [first] = (await once(createInterface(child.stdout), 'line')) as [string];
    const samples = await fetch(`${first.replace('Open ', '')}/samples`);
    expect(await samples.json()).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'npm start prints the URL first, then a curl command that runs as it is printed',
  async () => {
    // A cache of its own, so that the graph is exported here whichever test ran before.
    const child = run({ ONNX_CACHE_DIR: join(folder, 'onnx-of-the-first') }, '--verbose');
    const stderr = text(child.stderr);
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (line.startsWith('Stop')) break;
    }
    expect(lines[0]).toMatch(/^Open http:\/\/localhost:\d+$/);
    expect(lines[1]).toMatch(/^Ready after [\d.]+ s:$/);
    expect(lines[2]).toMatch(
      /^ {2}latency: mobilenetv2 on onnxruntime .*; 6 classes; [\d.]+ % of \d+ held-out images right \(measured at (int8|fp32)\); a demo/,
    );
    expect(lines.filter((line) => line.includes('SHA-256'))).not.toEqual([]);
    const curl = lines.find((line) => line.startsWith('  curl'))!;
    expect(curl).toMatch(/^ {2}curl --data-binary /);
    if (hasCurl) {
      const answer = execFileSync('bash', ['-c', curl], {
        cwd: ROOT,
        env: withoutProxies,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(JSON.parse(answer)).toMatchObject({ model: 'latency', demo: true });
    }
    expect(lines.filter((line) => line.includes('Some pods of'))).toHaveLength(1);
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
  'npm start says which manifests of an earlier call it changed or removed, and applies no namespace that has no file',
  async () => {
    const other = mkdtempSync(join(tmpdir(), 'tandem-start-'));
    for (const name of ['00-namespace.k8s.yaml', 'latency-single-pod.k8s.yaml'])
      writeFileSync(join(other, name), `${headerOf(SYNTH)}\nkind: Earlier\n`);
    const child = spawned(['--import', TSX, ENTRY, other], { TANDEM_NAMESPACE: 'vision' }, ROOT);
    const stderr = text(child.stderr);
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (line.startsWith('Stop')) break;
    }
    expect(lines).toContain('  kubectl apply -f dist/latency-single-pod.k8s.yaml');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await stderr).toMatch(
      /^Loading .*\nwrote \d+ files to .*; changed 00-namespace\.k8s\.yaml and latency-single-pod\.k8s\.yaml\n$/,
    );
  },
  TIMEOUT_MS,
);

test(
  'a SIGTERM to the shell in which npm runs the start script ends the service',
  async () => {
    const words = scripts.start.replace('cli/start.ts', `'${ENTRY}' '${outdir}'`);
    const child = spawn('sh', ['-c', words], {
      cwd: ROOT,
      env: environment({}),
      stdio: ['ignore', 'pipe', 'inherit'],
      // A service that outlives its shell is ended with its group.
      detached: true,
    });
    try {
      await once(createInterface(child.stdout), 'line');
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
    }
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
    expect(await stderr).toMatch(
      /^Loading latency on onnxruntime …( Exporting latency to ONNX first, once\.)?\n$/,
    );
  },
  TIMEOUT_MS,
);

test(
  'tandem serve serves a folder from anywhere under the model’s name, writes no manifests and offers none',
  async () => {
    const other = mkdtempSync(join(tmpdir(), 'tandem-serve-'));
    const model = join(other, 'mine');
    cpSync(join(DEMO_MODELS_DIR, 'latency'), model, { recursive: true });
    const manifest = join(model, 'model.json');
    const saved = JSON.parse(readFileSync(manifest, 'utf8')) as SavedModelManifest;
    writeFileSync(manifest, JSON.stringify({ ...saved, model: 'flowers' }));
    cpSync(join(DEMO_MODELS_DIR, 'mobilenetv2.safetensors.gz'), join(other, 'mobilenetv2.safetensors.gz'));
    const child = spawned([join(ROOT, 'bin', 'tandem.cjs'), 'serve', 'mine'], { MODELS: 'accuracy' }, other);
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (line.startsWith('Stop')) break;
    }
    expect(lines.join('\n')).not.toContain('kubectl');
    const url = lines[0]!.replace('Open ', '');
    expect(await (await fetch(`${url}/v2`)).json()).toMatchObject({ models: ['flowers'] });
    expect(await (await fetch(`${url}/v2/models/flowers`)).json()).toHaveProperty('testAccuracy.images');
    expect(readdirSync(other).sort()).toEqual(['mine', 'mobilenetv2.safetensors.gz']);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
  TIMEOUT_MS,
);
