import { join } from 'node:path';

import fc from 'fast-check';

import { pacer } from '../../../service/api/admission';
import type { Running } from '../../../service/main';
import { converse, formOf } from '../../support/client';
import { recorded } from '../../support/recorded-log';
import { fakeModels, grey, startServer } from '../../support/server';

const post = (bytes: number, more = '', query = '?model=latency') =>
  `POST /v1/classify${query} HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: ${bytes}\r\n${more}\r\n`;

describe('a service that rejects work', () => {
  let server: Running;
  beforeAll(async () => {
    server = await startServer({ modelsDir: fakeModels('broken') });
  });
  afterAll(() => server.stop());

  test('answers before the body arrives, drops the body and keeps the connection', async () => {
    const bytes = 5_000_000;
    const client = await converse(server.port);
    client.say(post(bytes));
    const answer = await client.hear(/NOT_READY/);
    expect(answer).toMatch(/^HTTP\/1.1 503 /);
    expect(answer).toMatch(/Retry-After: \d+/);
    client.say(Buffer.alloc(bytes));
    client.say('GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await client.hear(/"live":true/)).toMatch(/^HTTP\/1.1 200 /);
    client.end();
  });

  test('never lets a client that expects 100 Continue send its body', async () => {
    const client = await converse(server.port);
    client.say(post(5_000_000, 'Expect: 100-continue\r\n'));
    const answer = await client.hear(/NOT_READY/);
    expect(answer).toMatch(/^HTTP\/1.1 503 /);
    expect(answer).not.toContain('100 Continue');
    client.end();
  });

  test('answers before the body arrives, although only the body would name a model', async () => {
    const client = await converse(server.port);
    client.say(post(5_000_000, '', ''));
    expect(await client.hear(/NOT_READY/)).toMatch(/^HTTP\/1.1 503 /);
    client.end();
  });

  test('sends the common headers and counts the rejection', async () => {
    const url = `http://127.0.0.1:${server.port}`;
    const answer = await fetch(`${url}/v1/classify?model=latency`, { method: 'POST', body: 'x' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/inference_rejected_total\{model="latency",reason="NOT_READY"\} [1-9]/);
  });

  test.each(['/v1/classify/', '/V1/classify', '/v2/models/latency/infer/'])(
    'has no second way in: %s is no path',
    async (path) => {
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method: 'POST', body: 'x' });
      expect(answer.status).toBe(404);
    },
  );

  test('recognizes a percent-encoded model name', async () => {
    const client = await converse(server.port);
    client.say('POST /v2/models/%6catency/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n');
    expect(await client.hear(/NOT_READY/)).toMatch(/^HTTP\/1.1 503 /);
    client.end();
  });
});

describe('a service that accepts work', () => {
  let server: Running & { url: string };
  beforeAll(async () => {
    server = await startServer();
    await server.ready;
  });
  afterAll(() => server.stop());

  test('sends 100 Continue to a client that expects it', async () => {
    const image = await grey(0.9).png().toBuffer();
    const client = await converse(server.port);
    client.say(post(image.length, 'Expect: 100-continue\r\n'));
    expect(await client.hear(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.say(image);
    expect(await client.hear(/"top"/)).toMatch(/^HTTP\/1.1 200 /);
    client.end();
  });

  test('answers for one model while the other model rejects requests', async () => {
    const image = new Uint8Array(await grey(0.9).png().toBuffer());
    const classify = async (model: string) => {
      const headers = { 'content-type': 'image/png' };
      const answer = await fetch(`${server.url}/v1/classify?model=${model}`, {
        method: 'POST',
        headers,
        body: image,
      });
      return answer.status;
    };
    const flood = Promise.all(Array.from({ length: 150 }, () => classify('accuracy')));
    const others: number[] = [];
    for (let i = 0; i < 10; i++) others.push(await classify('latency'));
    expect(others).toEqual(new Array(10).fill(200));
    const statuses = await flood;
    expect(statuses).toContain(503);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
  });
});

test('a refusal of the model that a form names counts and is logged as that model’s', async () => {
  const { lines, log } = recorded();
  const modelDirs = new Map([
    ['accuracy', join(fakeModels('broken'), 'accuracy')],
    ['latency', join(fakeModels(), 'latency')],
  ]);
  const server = await startServer({}, undefined, { modelDirs, log });
  try {
    while (!(await fetch(`${server.url}/v2/models/latency/ready`)).ok)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const form = formOf([await grey(0.9).png().toBuffer()]);
    form.append('model', 'accuracy');
    expect((await fetch(`${server.url}/v1/classify`, { method: 'POST', body: form })).status).toBe(503);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('inference_rejected_total{model="accuracy",reason="NOT_READY"} 1');
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'rejecting requests', model: 'accuracy', reason: 'NOT_READY' }),
    );
  } finally {
    await server.stop();
  }
}, 60_000);

test('the pacer never exceeds its rate and does not delay slower callers', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 100 }),
      (gapsMs) => {
        let nowMs = 0;
        const turn = pacer(100, 1e6, () => nowMs);
        const turnsMs = gapsMs.map((gap) => (nowMs += gap) + turn());
        for (let i = 1; i < turnsMs.length; i++)
          expect(turnsMs[i]! - turnsMs[i - 1]!).toBeGreaterThan(10 - 1e-6);
        if (gapsMs.every((gap) => gap >= 10)) expect(turnsMs.at(-1)).toBe(nowMs);
      },
    ),
  );
});

test('the pacer never exceeds its maximum delay', () => {
  const turn = pacer(100, 25, () => 0);
  expect(Array.from({ length: 5 }, turn)).toEqual([0, 10, 20, 25, 25]);
});
