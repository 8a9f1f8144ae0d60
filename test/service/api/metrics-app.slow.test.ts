import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { pino } from 'pino';

import { createMetricsApp } from '../../../service/api/metrics-app';
import { createMetrics } from '../../../service/metrics';

const lines: Record<string, unknown>[] = [];
const log = pino({}, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
const metrics = createMetrics(new Map());
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer(createMetricsApp(metrics, log));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => void lines.splice(0));

test('a collector that fails is in the log under the id of the request that the answer names', async () => {
  jest.spyOn(metrics.registry, 'metrics').mockRejectedValueOnce(new Error('the collector failed'));
  const response = await fetch(`${url}/metrics`, { headers: { 'x-request-id': 'scrape-1' } });
  expect(response.status).toBe(500);
  expect(lines).toContainEqual(
    expect.objectContaining({
      req: expect.objectContaining({ id: 'scrape-1' }) as unknown,
      err: expect.objectContaining({ message: 'the collector failed' }) as unknown,
      msg: 'request failed',
    }),
  );
});

test('scrapes are not logged', async () => {
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  expect(lines).toEqual([]);
});
