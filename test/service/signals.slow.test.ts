/** Signals to a real process during an upload. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

import { converse } from '../support/client';
import { fakeModels, grey } from '../support/server';

const ENTRY = join(__dirname, '../support/fake-service.ts');
const TSX = pathToFileURL(require.resolve('tsx')).href;
/** The drain's delay, the answers and the start of a process on a busy machine. */
const TIMEOUT_MS = 60_000;

const children: ChildProcess[] = [];
afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

/** Starts the service, sends half of an image, then each signal once the one before it has taken effect. */
async function interrupt(signals: readonly NodeJS.Signals[]) {
  const child = spawn(process.execPath, ['--import', TSX, ENTRY], {
    env: { ...process.env, PORT: '0', MODELS: 'latency', MODELS_DIR: fakeModels(), LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const stderr = text(child.stderr);
  let port = 0;
  const log = createInterface(child.stdout);
  const said = (message: string) =>
    new Promise<void>((resolve) => {
      log.on('line', (line) => {
        const entry = JSON.parse(line) as { msg: string; port?: number };
        port = entry.port ?? port;
        if (entry.msg === message) resolve();
      });
    });
  const draining = said('draining');
  await said('ready');

  const image = await grey(0.9).png().toBuffer();
  const upload = await converse(port);
  const head = `POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: ${image.length}\r\n`;
  upload.say(`${head}Expect: 100-continue\r\n\r\n`);
  await upload.hear(/100 Continue/);
  upload.say(image.subarray(0, 50));
  for (const signal of signals) {
    child.kill(signal);
    await Promise.race([draining, exit]);
    // A signal that should be ignored would have ended the process by then.
    await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 300))]);
  }
  return { upload, rest: image.subarray(50), exit, stderr };
}

test.each([[['SIGTERM', 'SIGTERM']], [['SIGTERM', 'SIGINT']], [['SIGINT', 'SIGTERM']]] as const)(
  'an upload that is on its way is answered though %j come',
  async (signals) => {
    const { upload, rest, exit, stderr } = await interrupt(signals);
    upload.say(rest);
    expect(await upload.hear(/\r\n\r\n.+/s)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await exit).toEqual([0, null]);
    expect(await stderr).toBe('');
  },
  TIMEOUT_MS,
);

test(
  'a second Ctrl-C ends the process at once with 130 and one line',
  async () => {
    const { exit, stderr } = await interrupt(['SIGINT', 'SIGINT']);
    expect(await exit).toEqual([130, null]);
    expect(await stderr).toBe('stopped at once: requests in flight were aborted\n');
  },
  TIMEOUT_MS,
);
