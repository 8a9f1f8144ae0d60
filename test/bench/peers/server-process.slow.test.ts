import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { endAll, freePort, processesOf, startServer } from '../../../bench/peers/server-process';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-server-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A group that limits nothing: its list of processes is a file that the server's shell writes. */
function openGroup() {
  writeFileSync(join(folder, 'cgroup.procs'), '');
  const never = () => {
    throw new Error('not measured here');
  };
  return {
    ...{
      folder,
      folders: [folder],
      setShares: never,
      cpuMs: never,
      throttledShare: never,
      throttling: never,
    },
    ...{ setLimitMillis: never, add: never },
    remove: () => Promise.resolve(),
  };
}

const SERVER = `
  const { createServer } = require('node:http');
  let tries = 0;
  createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      response.statusCode = ++tries < 3 ? 503 : 200;
      response.end(JSON.stringify({ top: [{ class: process.env.ANSWER }] }));
    });
  }).listen(Number(process.env.PORT), '127.0.0.1');
`;

async function start(script: string, answer: string) {
  const port = await freePort();
  const group = openGroup();
  const program = {
    command: [process.execPath, '-e', script],
    environment: { PORT: String(port), ANSWER: answer },
    log: join(folder, 'server.log'),
  };
  const image = { bytes: Buffer.from('image'), expectedClass: 'weave' };
  const ready = startServer(program, group, `http://127.0.0.1:${port}/`, image, new AbortController().signal);
  return { group, ready };
}

/** Ends the server; its group's file does not shrink by itself as a real one does. */
async function end(group: ReturnType<typeof openGroup>): Promise<void> {
  const [id] = processesOf(group);
  writeFileSync(join(folder, 'cgroup.procs'), '');
  if (id !== undefined) process.kill(id, 'SIGKILL');
  await endAll(group);
}

test('a server is ready at its first right answer, after those of status 503', async () => {
  const { group, ready } = await start(SERVER, 'weave');
  try {
    expect(await ready).toBeGreaterThan(0);
    expect(processesOf(group)).toHaveLength(1);
  } finally {
    await end(group);
  }
});

test('a server that answers another class is refused', async () => {
  const { group, ready } = await start(SERVER, 'zigzag');
  try {
    await expect(ready).rejects.toThrow(/must answer weave, received .*zigzag/);
  } finally {
    await end(group);
  }
});

test('a server that ends before it is ready is refused with what it printed', async () => {
  const { ready } = await start(`console.error('no model here'); process.exit(3);`, 'weave');
  await expect(ready).rejects.toThrow(/ended with 3 before it was ready: no model here/);
  expect(readFileSync(join(folder, 'server.log'), 'utf8')).toContain('no model here');
});
