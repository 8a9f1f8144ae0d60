import fc from 'fast-check';
import { connect } from 'node:net';

import { rhythm } from '../../service/admission';
import type { Running } from '../../service/main';
import { fakeModels, grey, startServer } from './server';

/** Says lines to a server on one connection, and hears until a pattern has come. */
async function converse(port: number) {
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
  return {
    say: (data: string | Buffer) => void socket.write(data),
    hear: async (pattern: RegExp): Promise<string> => {
      for (let i = 0; i < 500; i++) {
        if (pattern.test(heard)) {
          const all = heard;
          heard = '';
          return all;
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`waited 5 s for ${String(pattern)}, heard ${heard}`);
    },
    end: () => socket.destroy(),
  };
}

const post = (bytes: number, more = '') =>
  `POST /v1/classify?model=latency HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: ${bytes}\r\n${more}\r\n`;

describe('a service that cannot take work', () => {
  let server: Running;
  beforeAll(async () => {
    server = await startServer({ models: ['latency'], modelsDir: fakeModels('broken') });
  });
  afterAll(() => server.stop());

  test('answers before the body comes, reads the body away and goes on with the connection', async () => {
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

  test('spares a client that asks first the sending', async () => {
    const client = await converse(server.port);
    client.say(post(5_000_000, 'Expect: 100-continue\r\n'));
    const answer = await client.hear(/NOT_READY/);
    expect(answer).toMatch(/^HTTP\/1.1 503 /);
    expect(answer).not.toContain('100 Continue');
    client.end();
  });
});

describe('a service that can', () => {
  let server: Running & { url: string };
  beforeAll(async () => {
    server = await startServer();
    await server.ready;
  });
  afterAll(() => server.stop());

  test('tells a client that asks first to go on', async () => {
    const image = await grey(0.9).png().toBuffer();
    const client = await converse(server.port);
    client.say(post(image.length, 'Expect: 100-continue\r\n'));
    expect(await client.hear(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.say(image);
    expect(await client.hear(/"top"/)).toMatch(/^HTTP\/1.1 200 /);
    client.end();
  });

  test('answers for one model while the other turns requests away', async () => {
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

test('a rhythm never exceeds its rate and delays nobody who comes slower', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 100 }),
      (gapsMs) => {
        let nowMs = 0;
        const turn = rhythm(100, 1e6, () => nowMs);
        const turnsMs = gapsMs.map((gap) => (nowMs += gap) + turn());
        for (let i = 1; i < turnsMs.length; i++)
          expect(turnsMs[i]! - turnsMs[i - 1]!).toBeGreaterThan(10 - 1e-6);
        if (gapsMs.every((gap) => gap >= 10)) expect(turnsMs.at(-1)).toBe(nowMs);
      },
    ),
  );
});

test('a rhythm keeps nobody longer than it may', () => {
  const turn = rhythm(100, 25, () => 0);
  expect(Array.from({ length: 5 }, turn)).toEqual([0, 10, 20, 25, 25]);
});
