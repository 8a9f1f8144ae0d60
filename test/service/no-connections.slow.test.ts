/** The service opens no connection to another machine from its start to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';

const folder = mkdtempSync(join(tmpdir(), 'tandem-connections-'));
const file = join(folder, 'connections');
const recorder = join(__dirname, '../support/connections.cjs');
const root = join(__dirname, '..', '..');
afterAll(() => rmSync(folder, { recursive: true }));

const environment = {
  ...process.env,
  CONNECTIONS_FILE: file,
  NODE_OPTIONS: `--require ${recorder}`,
  PORT: '0',
  MODELS: 'latency',
  ONNX_CACHE_DIR: folder,
  LOG_LEVEL: 'info',
};

test('the service opens no outgoing connection, which the recorder would detect', async () => {
  const service = spawn(process.execPath, ['--import', 'tsx', 'service/main.ts'], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let port = 0;
  for await (const line of createInterface(service.stdout)) {
    const entry = JSON.parse(line);
    port = entry.port ?? port;
    if (entry.msg === 'ready') break;
  }
  const image = readFileSync(join(DEMO_MODELS_DIR, 'samples', 'weave.jpg'));
  const url = `http://127.0.0.1:${port}`;
  const headers = { 'content-type': 'image/jpeg' };
  const answer = await fetch(`${url}/v1/classify`, { method: 'POST', body: new Uint8Array(image), headers });
  expect(answer.status).toBe(200);
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  service.kill('SIGINT');
  await once(service, 'exit');
  expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe('');

  const other = spawn(
    process.execPath,
    ['-e', 'require("node:net").connect(1, "127.0.0.1").on("error", () => {})'],
    {
      env: environment,
    },
  );
  await once(other, 'exit');
  expect(readFileSync(file, 'utf8')).toMatch(/^connect .*"port":1\b/);
}, 120_000);
