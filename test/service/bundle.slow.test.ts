/** The service as the container image starts it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { PACKAGE_ROOT } from '../../files/package-root';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { ENV, PATHS } from '../../service/contract';

/** Bundling, exporting a graph and starting on a busy machine. */
const TIMEOUT_MS = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'tandem-bundle-'));
let child: ChildProcess | undefined;
afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** The image's folder: the bundle, and what is not in it. */
function bundle(): string {
  const out = join(folder, 'build', 'bundle');
  execFileSync('npm', ['run', '--silent', 'build:bundle', '--', `--outdir=${out}`], { cwd: PACKAGE_ROOT });
  copyFileSync(join(PACKAGE_ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(PACKAGE_ROOT, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'service'));
  symlinkSync(join(PACKAGE_ROOT, 'service', 'page'), join(folder, 'service', 'page'));
  return join(out, 'main.js');
}

function start(main: string): Promise<number> {
  const environment = {
    [ENV.port]: '0',
    [ENV.models]: 'latency',
    [ENV.modelsDir]: DEMO_MODELS_DIR,
    [ENV.onnxCacheDir]: join(folder, 'onnx'),
    [ENV.logLevel]: 'info',
  };
  const service = spawn(process.execPath, [main], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = service;
  let port = 0;
  return new Promise((resolve, reject) => {
    service.once('exit', (code) => reject(new Error(`the service ended with exit code ${code}`)));
    createInterface(service.stdout).on('line', (line) => {
      const entry = JSON.parse(line) as { msg: string; port?: number };
      port = entry.port ?? port;
      if (entry.msg === 'ready') resolve(port);
    });
  });
}

test(
  'the bundle of the service classifies a JPEG, serves its page and API explorer and prints its metrics',
  async () => {
    const url = `http://127.0.0.1:${await start(bundle())}`;
    const sample = readFileSync(join(DEMO_MODELS_DIR, 'samples', 'weave.jpg'));
    const classified = await fetch(`${url}${PATHS.classify}`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg' },
      body: new Uint8Array(sample),
    });
    const { top } = (await classified.json()) as { top: readonly { class: string }[] };
    expect(top[0]!.class).toBe('weave');
    const texts = ['/', '/docs/swagger-ui-bundle.js', PATHS.openapi, PATHS.metrics].map(async (path) => {
      const response = await fetch(`${url}${path}`);
      return [response.status, (await response.text()).length > 1000];
    });
    expect(await Promise.all(texts)).toEqual(texts.map(() => [200, true]));
  },
  TIMEOUT_MS,
);
