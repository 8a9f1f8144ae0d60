/** OPTIONS, pages of other origins, and the Host header. */
import type { Config } from '../../../service/config';
import type { Running } from '../../../service/main';
import { converse, expectProblem, post } from '../../support/client';
import { recorded } from '../../support/recorded-log';
import { grey, startServer } from '../../support/server';

const ORIGIN = 'https://example.com';
const servers: Running[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop())));

const { lines, log } = recorded();
async function start(changes: Partial<Config>) {
  const server = await startServer({ models: ['latency'], ...changes }, 20_000, { log });
  servers.push(server);
  await server.ready;
  return server;
}
/** One server for all tests of a listed origin. */
let listed: ReturnType<typeof start> | undefined;
const startListed = () => (listed ??= start({ corsOrigins: [ORIGIN] }));
const preflight = (url: string, origin: string) =>
  fetch(`${url}/v1/classify`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
const allowed = (response: Response) => response.headers.get('access-control-allow-origin');

test('without the setting, OPTIONS is a method that is not allowed, and is logged, on every path', async () => {
  const { url } = await start({});
  for (const [path, methods] of [
    ['/v1/classify', 'POST'],
    ['/v2/models/latency/infer', 'POST'],
    ['/v1/models/latency:predict', 'POST'],
    ['/v2', 'GET, HEAD'],
  ] as const) {
    lines.length = 0;
    const response = await fetch(`${url}${path}`, { method: 'OPTIONS', headers: { origin: ORIGIN } });
    expect([response.headers.get('allow'), allowed(response)]).toEqual([methods, null]);
    await expectProblem(response, 405, 'METHOD_NOT_ALLOWED', /OPTIONS is not allowed here; use (GET|POST)/);
    expect(lines).toMatchObject([{ req: { method: 'OPTIONS' }, res: { statusCode: 405 } }]);
  }
  await expectProblem(await fetch(`${url}/none`, { method: 'OPTIONS' }), 404, 'NOT_FOUND', /./);
});

test('a page of a listed origin may send a preflight without the key and read every answer', async () => {
  const { url } = await startListed();
  lines.length = 0;
  const asked = await preflight(url, ORIGIN);
  expect([asked.status, allowed(asked)]).toEqual([204, ORIGIN]);
  expect(asked.headers.get('access-control-allow-methods')).toContain('POST');
  expect(asked.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
  expect(asked.headers.get('vary')).toMatch(/origin/i);
  expect(lines).toMatchObject([{ req: { method: 'OPTIONS' }, res: { statusCode: 204 } }]);
  const image = await grey(0.9).jpeg().toBuffer();
  for (const [body, status] of [
    [image, 200],
    ['none', 422],
  ] as const) {
    const answer = await post(`${url}/v1/classify`, body, 'image/jpeg', { origin: ORIGIN });
    expect([answer.status, allowed(answer)]).toEqual([status, ORIGIN]);
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-request-id');
  }
});

test('a page of another origin gets no permission', async () => {
  const { url } = await startListed();
  const other = await preflight(url, 'https://example.org');
  expect([other.status, allowed(other)]).toEqual([405, null]);
  const answer = await fetch(`${url}/v2`, { headers: { origin: 'https://example.org' } });
  expect([answer.status, allowed(answer)]).toEqual([200, null]);
});

test('* lets every origin in', async () => {
  const { url } = await start({ corsOrigins: ['*'] });
  const asked = await preflight(url, 'https://example.org');
  expect([asked.status, allowed(asked)]).toEqual([204, '*']);
});

test.each([
  ['no Host', 'GET /v2 HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['two Hosts', 'GET /v2 HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n', 400],
  ['one Host', 'GET /v2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 200],
  ['no Host in HTTP/1.0', 'GET /v2 HTTP/1.0\r\n\r\n', 200],
])('a request with %s gets %i', async (_what, text, status) => {
  const { port } = servers[0] ?? (await start({}));
  const client = await converse(port);
  client.say(text);
  const heard = await client.hear(/\r\n\r\n\{.*\}/s);
  expect(heard).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  if (status === 400) expect(heard).toMatch(/application\/problem\+json[^]*must have one Host header/);
  client.end();
});
