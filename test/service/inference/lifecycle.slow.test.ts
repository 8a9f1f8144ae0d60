import { cpSync, rmSync, writeFileSync } from 'node:fs';
import dns from 'node:dns';
import { type AddressInfo, Server } from 'node:net';
import { join } from 'node:path';

import { checksummed, readSavedModel } from '../../../models/weights/saved-model';
import { ModelQueue } from '../../../service/inference/model-queue';
import type { Running } from '../../../service/main';
import { recorded } from '../../support/recorded-log';
import { fakeModels, grey, startServer } from '../../support/server';

/** Long enough for an answer on a busy machine. */
const REQUEST_TIMEOUT_MS = 20_000;

const servers: Running[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop())));

async function start(...options: Parameters<typeof startServer>) {
  const server = await startServer(...options);
  servers.push(server);
  const classify = async (share: number) =>
    fetch(`${server.url}/v1/classify?model=latency`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: new Uint8Array(await grey(share).png().toBuffer()),
    });
  const status = async (path: string) => (await fetch(`${server.url}${path}`)).status;
  return { ...server, classify, status };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('waited a minute in vain');
}

test('the service is live at once and ready only after its models are', async () => {
  const server = await start({ models: ['latency'], modelsDir: fakeModels('slow') });
  expect(await server.status('/v2/health/live')).toBe(200);
  expect(await server.status('/v2/health/ready')).toBe(503);
  expect((await server.classify(0.9)).status).toBe(503);
  await server.ready;
  expect(await server.status('/v2/health/ready')).toBe(200);
  expect((await server.classify(0.9)).status).toBe(200);
});

test('a model that cannot be loaded leaves the service live and not ready', async () => {
  const { lines, log } = recorded();
  const server = await start({ models: ['latency'], modelsDir: fakeModels('broken') }, REQUEST_TIMEOUT_MS, {
    log,
  });
  await until(() => server.queues.get('latency')!.state.kind === 'failed');
  expect(await server.status('/v2/health/live')).toBe(200);
  expect(await server.status('/v2/health/ready')).toBe(503);
  for (const [path, sentence] of [
    ['/v2/models/latency', 'The model cannot be loaded; see the log.'],
    ['/v2/models/latency/ready', 'The model cannot be loaded; see the log.'],
    ['/v2/health/ready', 'latency: The model cannot be loaded; see the log.'],
  ]) {
    const answer = await fetch(`${server.url}${path}`);
    expect(await answer.json()).toMatchObject({ code: 'NOT_READY', detail: sentence });
  }
  expect(server.queues.get('latency')!.state).toEqual({
    kind: 'failed',
    message: 'the weights are damaged',
  });
  expect(await server.status('/v2/models/latency')).toBe(503);
  // The log names the problem's code and invents no error.
  const logged = lines.find(({ route }) => route === '/v2/models/:id');
  expect(logged).toMatchObject({ res: { statusCode: 503 }, code: 'NOT_READY' });
  expect(logged).not.toHaveProperty('err');
});

test('the log says what was loaded: files with checksums, engine, precision, threads', async () => {
  const modelsDir = fakeModels();
  const folder = join(modelsDir, 'latency');
  writeFileSync(join(folder, 'base.safetensors'), 'base');
  const base = checksummed(folder, 'base.safetensors');
  const manifest = { ...readSavedModel(folder), folder: undefined };
  writeFileSync(join(folder, 'model.json'), JSON.stringify({ ...manifest, base: { kind: 'demo', ...base } }));
  const { lines, log } = recorded();
  const server = await start({ models: ['latency'], modelsDir }, REQUEST_TIMEOUT_MS, { log });
  await server.ready;
  const ready = lines.find(({ msg }) => msg === 'model ready');
  expect(ready).toMatchObject({
    model: 'latency',
    architecture: 'mobilenetv2',
    engine: 'onnxruntime',
    precision: 'fp32',
    threads: 1,
    files: [checksummed(folder, 'model.json'), checksummed(folder, 'weights.safetensors'), base],
  });
});

test('the precision that the configuration names reaches the engine, and log, metadata and metrics say it', async () => {
  const { lines, log } = recorded();
  const server = await start({ models: ['latency'], precision: 'int8' }, REQUEST_TIMEOUT_MS, { log });
  await server.ready;
  expect(lines.find(({ msg }) => msg === 'model ready')).toMatchObject({ precision: 'int8' });
  expect(await (await fetch(`${server.url}/v2/models/latency`)).json()).toMatchObject({ precision: 'int8' });
  expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(
    /inference_model_info\{model="latency",version="[0-9a-f]{12}",engine="onnxruntime",precision="int8"\} 1\n/,
  );
});

test('a damaged model is logged in one line, with the file and both checksums, and loading is retried', async () => {
  const modelsDir = fakeModels();
  const weights = join(modelsDir, 'latency', 'weights.safetensors');
  writeFileSync(weights, 'damaged');
  const { lines, log } = recorded();
  const server = await start({ models: ['latency'], modelsDir }, REQUEST_TIMEOUT_MS, { log });
  const text = async () => (await fetch(`${server.url}/metrics`)).text();
  await until(async () => /worker_restarts_total\{model="latency"\} [2-9]/.test(await text()));
  expect(await server.status('/v2/health/live')).toBe(200);
  expect(await server.status('/v2/health/ready')).toBe(503);
  const logged = lines.filter(({ level }) => Number(level) >= 40);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatchObject({
    model: 'latency',
    msg: expect.stringMatching(/not loaded; retrying with exponential backoff of up to 30 s$/),
  });
  expect(logged[0]!['reason']).toMatch(`${weights} must have SHA-256 `);
  expect(logged[0]!['reason']).toMatch(/received [0-9a-f]{64}: the file is damaged; copy it again/);
  writeFileSync(weights, '');
  await server.ready;
  expect(await server.status('/v2/health/ready')).toBe(200);
});

test.each<[string, (modelsDir: string) => void, RegExp]>([
  [
    'of another name',
    (modelsDir) => {
      rmSync(join(modelsDir, 'latency'), { recursive: true });
      cpSync(join(modelsDir, 'accuracy'), join(modelsDir, 'latency'), { recursive: true });
    },
    /model.json: model must be "latency".*received "accuracy": move each model to the folder of its name/,
  ],
  [
    'without its weights',
    (modelsDir) => rmSync(join(modelsDir, 'latency', 'weights.safetensors')),
    /weights.safetensors is not there, and .*model.json names it: copy the whole folder again/,
  ],
])('a model %s is not served, and one line says why', async (_what, spoil, reason) => {
  const modelsDir = fakeModels();
  spoil(modelsDir);
  const { lines, log } = recorded();
  const server = await start({ models: ['latency'], modelsDir }, REQUEST_TIMEOUT_MS, { log });
  await until(() => server.queues.get('latency')!.state.kind === 'failed');
  expect(await server.status('/v2/health/live')).toBe(200);
  expect(await server.status('/v2/health/ready')).toBe(503);
  const logged = lines.filter(({ msg }) => String(msg).includes('not loaded'));
  expect(logged).toHaveLength(1);
  expect(logged[0]!['reason']).toMatch(reason);
});

test('the log says which ports were picked', async () => {
  const { lines, log } = recorded();
  const server = await start({ models: ['latency'], metricsPort: 0 }, REQUEST_TIMEOUT_MS, { log });
  const { port, metricsPort } = server;
  expect(metricsPort).toBeGreaterThan(0);
  expect(lines.find(({ msg }) => msg === 'listening')).toMatchObject({ port, metricsPort });
  const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  expect(await metrics.text()).toContain('inference_worker_ready');
});

test('a port that listens before the others knows the models and is not ready', async () => {
  const listening = jest.spyOn(Server.prototype, 'listen');
  // A host's name is looked up for each port; in the meantime clients may ask the first one.
  const lookup = dns.lookup;
  const statuses: number[] = [];
  const looking = jest.spyOn(dns, 'lookup').mockImplementation((...query: unknown[]) => {
    const address = (listening.mock.contexts[0] as Server).address() as AddressInfo | null;
    const ask = async () => {
      if (address === null) return;
      const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      for (const path of ['health/ready', 'models/latency'])
        statuses.push((await fetch(`http://${host}:${address.port}/v2/${path}`)).status);
    };
    void ask().then(() => Reflect.apply(lookup, dns, query));
  });
  try {
    await start({
      models: ['latency'],
      host: 'localhost',
      metricsPort: 0,
      modelsDir: fakeModels('slow'),
    });
  } finally {
    listening.mockRestore();
    looking.mockRestore();
  }
  expect(statuses).toEqual([503, 503]);
});

test('a port in use is reported with its variable', async () => {
  const { port } = await start({ models: ['latency'] });
  const stop = jest.spyOn(ModelQueue.prototype, 'stop');
  await expect(startServer({ port })).rejects.toThrow(
    `port ${port} is in use: stop the process that listens there or set PORT`,
  );
  await expect(startServer({ metricsPort: port })).rejects.toThrow('set METRICS_PORT to another');
  // Nor do their model processes stay: two of each.
  expect(stop).toHaveBeenCalledTimes(2 * 2);
  stop.mockRestore();
});

test('a privileged port is reported with its variable', async () => {
  const refuse = jest.spyOn(Server.prototype, 'listen').mockImplementationOnce(function (this: Server) {
    process.nextTick(() => this.emit('error', Object.assign(new Error('listen EACCES'), { code: 'EACCES' })));
    return this;
  });
  await expect(startServer({ port: 80 })).rejects.toThrow(
    'port 80 needs a privilege: set PORT to 1024 or higher, or give the process CAP_NET_BIND_SERVICE',
  );
  refuse.mockRestore();
});

test('a model process that crashes fails only its own request and is replaced', async () => {
  const server = await start({ models: ['latency'] });
  await server.ready;
  const before = server.queues.get('latency')!.processId;
  const crashed = await server.classify(0.75);
  expect(crashed.status).toBe(503);
  expect(crashed.headers.get('retry-after')).toBe('1');
  expect(await crashed.json()).toMatchObject({ code: 'WORKER_FAILED' });
  expect(await server.status('/v2/health/live')).toBe(200);
  await until(async () => (await server.status('/v2/health/ready')) === 200);
  expect((await server.classify(0.9)).status).toBe(200);
  expect(server.queues.get('latency')!.processId).not.toBe(before);
});

test('a request that hangs gets 504 at its deadline, and the process is replaced', async () => {
  const server = await start({ models: ['latency'] }, 600);
  await server.ready;
  const hung = await server.classify(0.25);
  expect(hung.status).toBe(504);
  expect(await hung.json()).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  // Again, should a busy machine take longer than the deadline.
  await until(async () => (await server.classify(0.9)).status === 200);
});

test('requests above the queue’s bound are rejected with Retry-After; the others get answers', async () => {
  const server = await start({ models: ['latency'] }, 15_000);
  await server.ready;
  const image = new Uint8Array(await grey(0.9).png().toBuffer());
  const post = () =>
    fetch(`${server.url}/v1/classify`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: image,
    });
  // At 30 ms each they exceed the queue's bound of 2 s.
  const count = 120;
  const answers = await Promise.all(Array.from({ length: count }, post));
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(answers.filter(({ status }) => status === 200).length).toBe(count - refused.length);
  expect(await server.status('/v2/health/ready')).toBe(200);
});

test('stopping fails readiness at once, sends Connection: close and finishes requests in flight', async () => {
  const server = await start({ models: ['latency'] });
  await server.ready;
  const stopped = server.stop(3_000);
  const again = server.stop();
  expect(await server.status('/v2/health/ready')).toBe(503);
  const during = await server.classify(0.9);
  expect(during.status).toBe(200);
  expect(during.headers.get('connection')).toBe('close');
  const last = server.classify(0.8);
  await again;
  expect((await last).status).toBe(200);
  await stopped;
  await expect(server.classify(0.9)).rejects.toThrow();
});
