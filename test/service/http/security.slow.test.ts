import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { pino } from 'pino';

import type { Running } from '../../../service/main';
import { OPERATIONS } from '../../../service/api/endpoints';
import { expectProblem, formOf, json, post } from '../../support/client';
import { parseLogLine } from '../../support/recorded-log';
import { grey, startServer } from '../../support/server';

const CANARY = 'CANARY-9f3a';
const KEY = `key-${CANARY}`;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

const lines: string[] = [];
const log = pino(
  { level: 'trace' },
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  }),
);

let server: Running & { url: string };
let jpeg: Buffer;
const authorization = { authorization: `Bearer ${KEY}` };

beforeAll(async () => {
  const apiKeyFile = join(mkdtempSync(join(tmpdir(), 'tandem-key-')), 'keys');
  writeFileSync(apiKeyFile, `${KEY}\n`);
  server = await startServer({ models: ['latency'], apiKeyFile, metricsPort: 0 }, 20_000, { log });
  await server.ready;
  jpeg = await grey(0.9)
    .withExif({ IFD0: { Artist: CANARY, ImageDescription: CANARY } })
    .jpeg()
    .toBuffer();
});
afterAll(() => server.stop());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { headers });
const classify = (headers: Record<string, string>) =>
  post(`${server.url}/v1/classify`, jpeg, 'image/jpeg', headers);

test('without the API key, protected paths answer 401 and say how to send it', async () => {
  const wrong: Record<string, string>[] = [{}, { authorization: 'Bearer wrong' }, { authorization: KEY }];
  for (const headers of wrong) {
    const response = await classify(headers);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="tandem"');
    await expectProblem(response, 401, 'UNAUTHENTICATED', /Send "Authorization: Bearer"/);
  }
  const { versions } = await json(await get('/v2/models/latency', authorization));
  for (const { path, method, isOpen } of Object.values(OPERATIONS)) {
    const asked = path
      .replaceAll('\\', '')
      .replace(':id', 'latency')
      .replace(':version', versions[0])
      .replace(':name', 'weave.jpg');
    const { status } = await fetch(`${server.url}${asked}`, { method });
    if (path === '/metrics') expect(status).toBe(404);
    else expect([path, status]).toEqual([path, isOpen === true ? 200 : 401]);
  }
});

test('with the key, every path answers', async () => {
  expect((await classify(authorization)).status).toBe(200);
  expect((await get('/v2', authorization)).status).toBe(200);
});

test('the metrics port serves nothing else and needs no key', async () => {
  const metrics = `http://127.0.0.1:${server.metricsPort}`;
  expect(await (await fetch(`${metrics}/metrics`)).text()).toContain('inference_request_duration_seconds');
  await expectProblem(await fetch(`${metrics}/v2`), 404, 'NOT_FOUND', /nothing at this path/);
  await expectProblem(await get('/metrics', authorization), 404, 'NOT_FOUND', /nothing at this path/);
});

test('a valid traceparent is echoed with its tracestate and logged; an invalid one is ignored', async () => {
  const tracestate = 'vendor=a b,other=1';
  const answer = await get('/v2', {
    ...authorization,
    traceparent: TRACEPARENT,
    tracestate,
    'x-request-id': 'traced',
  });
  expect(answer.headers.get('traceparent')).toBe(TRACEPARENT);
  expect(answer.headers.get('tracestate')).toBe(tracestate);
  const invalid = await get('/v2', {
    ...authorization,
    traceparent: 'no',
    tracestate,
    'x-request-id': 'untraced',
  });
  expect([invalid.headers.get('traceparent'), invalid.headers.get('tracestate')]).toEqual([null, null]);
  const logged = (id: string) => lines.map((line) => JSON.parse(line)).find(({ req }) => req?.id === id);
  expect(logged('traced')).toMatchObject({ traceId: TRACE, parentId: '00f067aa0ba902b7', route: '/v2' });
  expect(logged('untraced').traceId).toBeUndefined();
});

test('the log contains no file names, bytes, EXIF, keys, paths or queries', async () => {
  const before = lines.length;
  expect((await classify(authorization)).status).toBe(200);
  const form = formOf([jpeg, Buffer.from(CANARY)], `${CANARY}.jpg`);
  expect((await post(`${server.url}/v1/classify`, form, undefined, authorization)).status).toBe(200);
  const field = formOf([]);
  field.append(CANARY, new Blob([new Uint8Array(jpeg)], { type: `image/${CANARY}` }), CANARY);
  const bad = [
    await post(`${server.url}/v1/classify`, field, undefined, authorization),
    await post(`${server.url}/v1/classify?model=${CANARY}`, jpeg, 'image/jpeg', authorization),
    await post(`${server.url}/v1/classify`, Buffer.from(CANARY), `image/${CANARY}`, authorization),
    await post(`${server.url}/v1/classify`, `{"images":["${CANARY}"`, 'application/json', authorization),
    await post(`${server.url}/v2/models/latency/infer`, `{"${CANARY}":1}`, 'application/json', authorization),
    await post(`${server.url}/v2/models/${CANARY}/infer`, '{}', 'application/json', authorization),
    await get(`/${CANARY}?${CANARY}`, { 'user-agent': CANARY, cookie: CANARY, authorization: CANARY }),
    await get(`/samples/${CANARY}.jpg`, { traceparent: CANARY, tracestate: CANARY }),
  ];
  for (const { status } of bad) expect([400, 401, 404, 422]).toContain(status);
  const after = lines.slice(before);
  expect(after.length).toBeGreaterThanOrEqual(bad.length);
  expect(
    after.filter((line) => line.includes(CANARY) || line.includes(jpeg.toString('base64', 0, 24))),
  ).toEqual([]);
});

test('answers carry security headers', async () => {
  const answer = await get('/');
  const policy = answer.headers.get('content-security-policy')!;
  expect(policy).toContain("default-src 'self'");
  expect(policy).toMatch(/style-src 'self'(;|$)/);
  expect(policy).not.toContain('unsafe');
  // The service speaks plain HTTP: HSTS is for whoever terminates TLS.
  expect(answer.headers.get('strict-transport-security')).toBeNull();
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('x-powered-by')).toBeNull();
  expect((await json(await get('/openapi.json'))).paths['/metrics']).toBeUndefined();
});

test('no line of the log has a key twice', async () => {
  expect(() => parseLogLine('{"a": {"b": 1, "b": 2}}')).toThrow(/unique/);
  const traced = { ...authorization, traceparent: TRACEPARENT };
  await classify(traced);
  await post(`${server.url}/v2/models/latency/infer`, '{}', 'application/json', traced);
  await post(`${server.url}/v1/classify`, 'no image', 'image/jpeg', traced);
  await fetch(`${server.url}/v1/classify`, { method: 'OPTIONS', headers: traced });
  expect(lines.length).toBeGreaterThan(10);
  expect(() => lines.map(parseLogLine)).not.toThrow();
});
