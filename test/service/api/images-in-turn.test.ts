/** What a request asks of its model's queue, image by image, and what is recorded of its answer. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { pino } from 'pino';

import { createApp } from '../../../service/api/app';
import type { Queues } from '../../../service/api/served-models';
import { createHttpServer } from '../../../service/http/server';
import type { Disconnection, QueuedResult } from '../../../service/inference/job';
import type { LoadedModel, Work } from '../../../service/inference/protocol';
import { createMetrics } from '../../../service/metrics';
import { json } from '../../support/client';

const loaded = { classes: ['light', 'dark'], demo: true, sha256: 'f'.repeat(64) } as unknown as LoadedModel;
const IMAGE = Buffer.from('an image').toString('base64');

/** Whether each piece of work was admitted with an earlier one. */
const admitted: (boolean | undefined)[] = [];
let takesMs = 0;
const run = async (
  _work: Work,
  _disconnection: Disconnection,
  _remainingMs?: number,
  isAdmitted?: boolean,
): Promise<QueuedResult> => {
  admitted.push(isAdmitted);
  await new Promise((resolve) => setTimeout(resolve, takesMs));
  const probabilities = Float32Array.of(0.75, 0.25);
  return { probabilities, decodeMs: 1, inferenceMs: 1, queueMs: 0, loaded };
};
const queue = { state: { kind: 'ready', loaded }, timeoutMs: 15_000, rejection: () => undefined, run };
const queues = new Map([['latency', queue]]) as unknown as Queues;
const metrics = createMetrics(new Map());
const app = createApp({
  models: ['latency'],
  queues,
  metrics,
  cpuLimitMillis: 1000,
  log: pino({ level: 'silent' }),
  draining: () => false,
  samplesDir: '/none',
  modelDirOf: () => '/none',
});
const server = createHttpServer(app, {}, { maxConnections: 10 }).listen(0);
beforeAll(async () => {
  if (!server.listening) await once(server, 'listening');
});
beforeEach(() => {
  admitted.splice(0);
  takesMs = 0;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const post = (path: string, body: unknown, signal?: AbortSignal) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    ...(signal === undefined ? {} : { signal }),
  });

test.each<[string, unknown]>([
  ['/v1/classify', { images: ['', IMAGE, IMAGE, IMAGE] }],
  ['/v1/models/latency:predict', { instances: [IMAGE, IMAGE, IMAGE].map((b64) => ({ b64 })) }],
])('%s is admitted once, with its first image that is classified', async (path, body) => {
  const answer = await post(path, body);
  expect([answer.status, await json(answer)]).toEqual([200, expect.anything()]);
  expect(admitted).toEqual([false, true, true]);
});

test.each<[string, unknown]>([
  ['/v1/classify', { images: [IMAGE] }],
  ['/v1/models/latency:predict', { instances: [{ b64: IMAGE }] }],
])('%s whose client has left counts as that, and not as answered', async (path, body) => {
  metrics.requestSeconds.reset();
  metrics.rejected.reset();
  takesMs = 300;
  await expect(post(path, body, AbortSignal.timeout(100))).rejects.toThrow('timeout');
  await new Promise((resolve) => setTimeout(resolve, 2 * takesMs));
  expect(admitted).toHaveLength(1);
  expect((await metrics.requestSeconds.get()).values).toEqual([]);
  expect((await metrics.rejected.get()).values).toEqual([
    { labels: { model: 'latency', reason: 'CLIENT_GONE' }, value: 1 },
  ]);
  takesMs = 0;
  await post(path, body);
  expect((await metrics.requestSeconds.get()).values).not.toEqual([]);
});
