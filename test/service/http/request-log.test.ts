/** Log lines of answers that are errors. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import express from 'express';

import { errorHandler, ServiceError } from '../../../service/errors';
import { httpLog } from '../../../service/http/request-log';
import { recorded } from '../../support/server';

const { lines, log } = recorded();
const app = express();
app.use(httpLog(log));
app.get('/busy', () => {
  throw new ServiceError('OVERLOADED', 'Try again.');
});
app.get('/broken', () => {
  throw new TypeError('a defect');
});
app.use(errorHandler);
const server = app.listen(0);
afterAll(() => server.close());

async function linesOf(path: string) {
  if (!server.listening) await once(server, 'listening');
  lines.length = 0;
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
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
