/** Faults of the system around a real service: a log that cannot be written, and no descriptors left. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

import { RESERVED_DESCRIPTORS } from '../../service/descriptors';
import { converse } from '../support/client';
import { fakeModels } from '../support/server';

const SUPPORT = join(__dirname, '..', 'support');
const TSX = pathToFileURL(require.resolve('tsx')).href;
/** The start and the end of a process on a busy machine. */
const TIMEOUT_MS = 120_000;

const children: ChildProcess[] = [];
const descriptors: number[] = [];
afterAll(() => {
  children.forEach((child) => child.kill('SIGKILL'));
  descriptors.forEach((descriptor) => closeSync(descriptor));
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 100));

/** Starts the service with the fake engine; waits until it is ready. */
async function start({ stdout = 'ignore' as number | 'ignore', maxDescriptors = 1_000 }) {
  const port = await freePort();
  const command = `ulimit -n ${maxDescriptors}; exec "$0" --import "$1" "$2"`;
  const child = spawn('bash', ['-c', command, process.execPath, TSX, join(SUPPORT, 'fake-service.ts')], {
    env: {
      ...process.env,
      PORT: String(port),
      MODELS: 'latency',
      MODELS_DIR: fakeModels(),
      LOG_LEVEL: 'info',
      // One model process, so that the service is ready only when it is.
      CPU_LIMIT_MILLIS: '1000',
    },
    stdio: ['ignore', stdout, 'pipe'],
  });
  children.push(child);
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const stderr = text(child.stderr!);
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const isReady = () =>
    get('/v2/health/ready').then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) await pause();
  return { child, port, get, exit, stderr };
}

/** Opens a file of the system; it is closed after the tests. */
function open(file: string, flags: number): number {
  const descriptor = openSync(file, flags);
  descriptors.push(descriptor);
  return descriptor;
}

/** A pipe that is full and that nobody reads; returns the end to write to. */
function fullPipe(): number {
  const file = join(mkdtempSync(join(tmpdir(), 'tandem-pipe-')), 'pipe');
  execFileSync('mkfifo', [file]);
  const filler = open(file, constants.O_RDWR | constants.O_NONBLOCK);
  const end = open(file, constants.O_WRONLY);
  try {
    for (;;) writeSync(filler, Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' });
  }
  return end;
}

test.each<[string, () => number, RegExp]>([
  ['on a full disk', () => open('/dev/full', constants.O_WRONLY), /^inference_log_lines_lost_total [1-9]/m],
  ['to a pipe that nobody reads', fullPipe, /^inference_log_lines_lost_total \d/m],
])(
  'a log %s neither stops the service nor keeps it from ending',
  async (_where, openLog, metric) => {
    const { child, get, exit, stderr } = await start({ stdout: openLog() });
    for (let i = 0; i < 50; i++) expect((await get('/v2')).status).toBe(200);
    // Lines wait a while to be written together.
    while (!metric.test(await (await get('/metrics')).text())) await pause();
    child.kill('SIGINT');
    expect(await exit).toEqual([0, null]);
    expect(await stderr).toBe('');
  },
  TIMEOUT_MS,
);

/** Ids of the model processes of a service. */
const workersOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((id) => /^\d+$/.test(id))
    .filter((id) => {
      try {
        const isChild = readFileSync(`/proc/${id}/stat`, 'latin1').includes(` ${parent} `);
        return isChild && readFileSync(`/proc/${id}/cmdline`, 'latin1').includes('fake-worker');
      } catch {
        return false;
      }
    })
    .map(Number);

test(
  'a model process restarts while clients hold as many connections as they can',
  async () => {
    const maxDescriptors = RESERVED_DESCRIPTORS + 50;
    const { child, port, exit } = await start({ maxDescriptors });
    const asking = await converse(port);
    const ask = async (path: string) => {
      asking.say(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      return asking.hear(/\r\n\r\n/);
    };
    await ask('/v2');
    const connections = await Promise.all(Array.from({ length: maxDescriptors }, () => converse(port)));
    /** Reads the metrics until a counter is above a number. */
    const untilAbove = async (counter: RegExp, least: number) => {
      for (;;) {
        asking.say('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
        // The last of the metrics.
        const metrics = await asking.hear(/# TYPE inference_worker_tensors /);
        if (Number(counter.exec(metrics)?.[1] ?? 0) > least) return;
        await pause();
      }
    };
    // The kernel connects clients before the service accepts or refuses them.
    await untilAbove(/^inference_connections_refused_total (\d+)/m, 50);
    const [before] = workersOf(child.pid!);
    process.kill(before!, 'SIGKILL');
    await untilAbove(/^inference_worker_restarts_total\{model="latency"\} (\d+)/m, 0);
    while (!/ 200 OK/.test(await ask('/v2/health/ready'))) await pause();
    connections.forEach((connection) => connection.end());
    asking.end();
    child.kill('SIGINT');
    expect(await exit).toEqual([0, null]);
  },
  TIMEOUT_MS,
);

test(
  'a model process that cannot be started for want of descriptors is started later',
  async () => {
    const modelDir = join(fakeModels(), 'latency');
    const script = join(SUPPORT, 'start-without-descriptors.ts');
    const command = 'ulimit -n 100; exec "$0" --import "$1" "$2" "$3"';
    const child = spawn('bash', ['-c', command, process.execPath, TSX, script, modelDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines = (await text(child.stdout)).trimEnd().split('\n');
    expect(lines).toEqual([
      'EMFILE',
      expect.stringMatching(/^the process could not be started \(spawn .* EMFILE\)$/),
      'ready',
    ]);
  },
  TIMEOUT_MS,
);
