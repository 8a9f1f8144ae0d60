/** Compressed and oversized bodies: what is read, what is refused, and what counts as memory. */
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deflateSync, gzipSync } from 'node:zlib';

import express, { type Request } from 'express';

import { LIMITS } from '../../../service/contract';
import { errorHandler } from '../../../service/errors';
import {
  type Bodies,
  type BodyLimit,
  createBodies,
  type PendingBytes,
  readWhole,
} from '../../../service/http/body';
import { createHttpServer } from '../../../service/http/server';
import { requestId } from '../../../service/http/request-log';
import { converse, expectProblem, json, post } from '../../support/client';

const LIMIT: BodyLimit = { bytes: 1_000_000, subject: 'The text is', remedy: 'send less' };

const start = (bodies: Bodies, onRead?: (read: Promise<Buffer>) => void): Server => {
  const app = express();
  app.use(requestId);
  app.post(
    '/',
    bodies.accept(() => LIMIT),
    async (request, response) => {
      const read = readWhole(bodies, request, LIMIT);
      onRead?.(read);
      const body = await read;
      response.json({ bytes: body.length, start: body.toString('latin1', 0, 5) });
    },
  );
  app.use(errorHandler);
  return createHttpServer(app, {}, { maxConnections: 100 }).listen(0);
};
const portOf = (listening: Server) => (listening.address() as AddressInfo).port;
const server = start(createBodies());
const port = () => portOf(server);
beforeAll(async () => {
  if (!server.listening) await once(server, 'listening');
});
afterAll(() => server.close());

const send = (body: Buffer, encoding?: string) =>
  post(
    `http://127.0.0.1:${port()}/`,
    body,
    'text/plain',
    encoding === undefined ? {} : { 'content-encoding': encoding },
  );
const text = Buffer.from('hello '.repeat(1000));

test.each<[string, Buffer]>([
  ['gzip', gzipSync(text)],
  ['x-gzip', gzipSync(text)],
  ['GZIP', gzipSync(text)],
  ['deflate', deflateSync(text)],
  ['identity', text],
])('a body with Content-Encoding %s is read', async (encoding, body) => {
  expect(await json(await send(body, encoding))).toEqual({ bytes: text.length, start: 'hello' });
});

test('a body that inflates beyond the limit gets 413, and the connection stays usable', async () => {
  const bomb = gzipSync(Buffer.alloc(100 * LIMIT.bytes));
  expect(bomb.length).toBeLessThan(LIMIT.bytes);
  await expectProblem(
    await send(bomb, 'gzip'),
    413,
    'BODY_TOO_LARGE',
    /The text is larger than 1000000 bytes; send less/,
  );
  expect((await send(text)).status).toBe(200);
});

test('damaged and cut compressed bodies get 400, other encodings 415', async () => {
  await expectProblem(await send(text, 'gzip'), 400, 'BAD_REQUEST', /compressed body is damaged/);
  await expectProblem(
    await send(gzipSync(text).subarray(0, -9), 'gzip'),
    400,
    'BAD_REQUEST',
    /damaged or incomplete/,
  );
  await expectProblem(await send(text, 'br'), 415, 'UNSUPPORTED_TYPE', /send gzip, deflate or no/);
  await expectProblem(await send(text, 'gzip, gzip'), 415, 'UNSUPPORTED_TYPE', /Content-Encoding/);
});

test('a declared length above the limit is refused before the body, without 100 Continue', async () => {
  const client = await converse(port());
  client.say(
    `POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${LIMIT.bytes + 1}\r\n\r\n`,
  );
  expect(await client.hear(/BODY_TOO_LARGE/)).toMatch(/^HTTP\/1.1 413 /);
  client.end();
});

test('a client that asks to close the connection and sends on regardless still reads the answer', async () => {
  // As nginx does, which speaks HTTP/1.0 to the service by default.
  const client = await converse(port());
  client.say(`POST / HTTP/1.0\r\nContent-Length: ${LIMIT.bytes + 1}\r\n\r\n`);
  for (let bytes = 0; bytes < LIMIT.bytes; bytes += 10_000) {
    client.say('x'.repeat(10_000));
    // Slower than the answer.
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.say('x');
  expect(await client.hear(/BODY_TOO_LARGE/)).toMatch(/^HTTP\/1.1 413 /);
  expect(await client.error).toBeUndefined();
});

test('one address may hold a part of the memory only, and gets it back', async () => {
  const held = await Promise.all(
    Array.from({ length: LIMITS.addressPendingBytes / LIMIT.bytes + 1 }, () => converse(port())),
  );
  const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${LIMIT.bytes}\r\n\r\n`;
  for (const client of held) client.say(head + 'x'.repeat(LIMIT.bytes - 1));
  expect(await Promise.race(held.map((client) => client.hear(/OVERLOADED/)))).toMatch(
    /^HTTP\/1.1 503 [^]*bodies of your unanswered requests/,
  );
  for (const client of held) client.end();
  let status = 0;
  for (let tries = 0; status !== 200 && tries < 50; tries++) status = (await send(text)).status;
  expect(status).toBe(200);
});

test('a body that comes in chunks of one byte is kept in few pieces', async () => {
  const bodies = createBodies();
  const pieces: Buffer[] = [];
  const app = express();
  app.post(
    '/',
    bodies.accept(() => LIMIT),
    async (request, response) => {
      await bodies.read(request, LIMIT, (piece) => pieces.push(piece) > 0);
      response.end('read');
    },
  );
  const reading = createHttpServer(app, {}, { maxConnections: 1 }).listen(0);
  await once(reading, 'listening');
  const client = await converse(portOf(reading));
  const letters = Array.from({ length: 20_000 }, (_, i) => String(i % 10));
  client.say('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  client.say(`${letters.map((letter) => `1\r\n${letter}\r\n`).join('')}0\r\n\r\n`);
  await client.hear(/read/);
  client.end();
  reading.close();
  expect(Buffer.concat(pieces).toString()).toBe(letters.join(''));
  // Each piece costs about 500 bytes beside its own.
  expect(pieces.length).toBeLessThan(10);
});

test('bytes that are dropped do not count as memory', async () => {
  const head = `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const chunk = `${LIMIT.bytes.toString(16)}\r\n${'x'.repeat(LIMIT.bytes)}\r\n`;
  const client = await converse(port());
  client.say(head);
  for (let bytes = 0; bytes <= LIMITS.pendingBytes; bytes += LIMIT.bytes) client.say(chunk);
  expect(await client.hear(/BODY_TOO_LARGE/)).toMatch(/^HTTP\/1.1 413 /);
  // While that client still sends.
  expect((await send(text)).status).toBe(200);
  client.end();
});

describe('the bytes of a body that is still coming when its request is answered or its client gone', () => {
  let heldBytes = 0;
  let onAdd: (() => void) | undefined;
  const pending: PendingBytes = {
    add: (_address, bytes) => {
      heldBytes += bytes;
      onAdd?.();
      return undefined;
    },
  };
  const BODY_TIMEOUT_MS = 100;
  let counting: Server;
  let read: Promise<Buffer>;
  beforeAll(async () => {
    counting = start(createBodies(BODY_TIMEOUT_MS, pending), (reading) => {
      read = reading;
      read.catch(() => undefined);
    });
    await once(counting, 'listening');
  });
  afterAll(() => counting.close());

  test('a body that goes on after the 408 is dropped, and its bytes are freed', async () => {
    const client = await converse(portOf(counting), true);
    const requested = once(counting, 'request');
    client.say(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n${'x'.repeat(10_000)}`);
    const [request] = (await requested) as [IncomingMessage];
    const ended = once(request, 'end');
    expect(await client.hear(/REQUEST_TIMEOUT/)).toMatch(/^HTTP\/1.1 408 /);
    client.say('x'.repeat(10_000));
    await ended;
    await expect(read).rejects.toThrow('The body is incomplete');
    expect(heldBytes).toBe(0);
    client.end();
  });

  test('a compressed body whose client is gone is inflated no further, and its bytes are freed', async () => {
    const client = await converse(portOf(counting));
    const requested = once(counting, 'request');
    const body = gzipSync(Buffer.alloc(LIMIT.bytes));
    const started = new Promise<void>((resolve) => (onAdd = resolve));
    client.say(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    client.say(body);
    const [request] = (await requested) as [IncomingMessage];
    await started;
    request.socket.destroy();
    await expect(read).rejects.toThrow('The body is incomplete');
    expect(heldBytes).toBe(0);
  });
});

/** Reads a body, and keeps its chunks no longer. */
async function readAndForget(bodies: Bodies, request: Request): Promise<WeakRef<Buffer[]>> {
  const chunks: Buffer[] = [];
  await bodies.read(request, LIMIT, (chunk) => chunks.push(chunk) > 0);
  return new WeakRef(chunks);
}

test('a body that is released neither counts nor stays in memory, though its request is not answered yet', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  let heldBytes = 0;
  const pending: PendingBytes = { add: (_address, bytes) => void (heldBytes += bytes) };
  const bodies = createBodies(60_000, pending);
  const held: unknown[] = [];
  const app = express();
  app.post(
    '/',
    bodies.accept(() => LIMIT),
    async (request, response) => {
      const chunks = await readAndForget(bodies, request);
      held.push(heldBytes);
      bodies.release(request);
      // A WeakRef holds its target until the end of the job that made it.
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
      held.push(heldBytes, chunks.deref());
      response.once('close', () => held.push(heldBytes));
      response.end();
    },
  );
  const releasing = createHttpServer(app, {}, { maxConnections: 100 }).listen(0);
  await once(releasing, 'listening');
  await post(`http://127.0.0.1:${portOf(releasing)}/`, text, 'text/plain');
  releasing.closeAllConnections();
  await new Promise((resolve) => releasing.close(resolve));
  expect(held).toEqual([text.length, 0, undefined, 0]);
});
