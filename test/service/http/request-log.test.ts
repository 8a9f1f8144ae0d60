/** Log lines of answers that are errors. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import express from 'express';

import { errorHandler, ServiceError } from '../../../service/errors';
import { httpLog } from '../../../service/http/request-log';
import { recorded } from '../../support/recorded-log';

const { lines, log } = recorded();
const app = express();
app.use(httpLog(log));
app.get('/items/:id', (_request, response) => void response.json({}));
app.get('/busy', () => {
  throw new ServiceError('OVERLOADED', 'Try again.');
});
app.get('/broken', () => {
  throw new TypeError('a defect');
});
app.use(errorHandler);
const server = app.listen(0);
afterAll(() => server.close());

async function linesOf(path: string, headers: Record<string, string> = {}) {
  if (!server.listening) await once(server, 'listening');
  lines.length = 0;
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { headers });
  return lines;
}

test('a 503 is logged with its status and code, without an error object', async () => {
  const logged = await linesOf('/busy');
  expect(logged).toMatchObject([{ res: { statusCode: 503 }, code: 'OVERLOADED' }]);
  expect(logged[0]).not.toHaveProperty('err');
});

test('an unexpected error is logged once with its stack, and its 500 in the request log', async () => {
  const logged = await linesOf('/broken');
  expect(logged).toMatchObject([
    { level: 50, err: { type: 'TypeError', stack: expect.stringMatching(/a defect\n.*request-log\.test/) } },
    { res: { statusCode: 500 }, code: 'INTERNAL' },
  ]);
  expect(logged[1]).not.toHaveProperty('err');
});

test('route and trace are logged once, whatever the answer', async () => {
  // The recorder throws for a key that is there twice.
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', parentId: '00f067aa0ba902b7' };
  for (const path of ['/items/1', '/busy', '/broken']) {
    const logged = await linesOf(path, { traceparent });
    expect(logged.at(-1)).toMatchObject({ ...trace, route: path.replace('1', ':id') });
  }
});
