/** Slow, because it opens hundreds of connections. */
import { type Agent, get } from 'node:http';

import { agentOf, parseConnections } from '../../../bench/load/connections';
import { startServer, type TestServer } from './server';

/** Each sends hundreds of requests, on a busy machine. */
jest.setTimeout(120_000);

let server: TestServer;
let agent: Agent;
afterEach(async () => {
  agent.destroy();
  await server.close();
});

/** Sends so many requests at once, and resolves with the status of each. */
const burst = (count: number): Promise<(number | undefined)[]> =>
  Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<number | undefined>((resolve, reject) => {
          get(server.url, { agent }, (response) => {
            response.resume().once('end', () => resolve(response.statusCode));
          }).once('error', reject);
        }),
    ),
  );

const connectionsIn = (pool: Agent['sockets']) => Object.values(pool).flat().length;

test('renewed connections are renewed while requests wait for one, and none of these is lost', async () => {
  agent = agentOf(parseConnections('renewed:1:50ms'));
  server = await startServer((_, response) => setTimeout(() => response.end('{}'), 5));
  // The answers take a second at least.
  expect(await burst(200)).toEqual(Array(200).fill(200));
  const { requestsPerConnection } = server;
  expect(requestsPerConnection.length).toBeGreaterThanOrEqual(10);
  expect(requestsPerConnection.reduce((sum, each) => sum + each)).toBe(200);
});

test('a connection that is older than its time when it opens still carries one request', async () => {
  agent = agentOf(parseConnections('renewed:2:0.001ms'));
  server = await startServer((_, response) => response.end('{}'));
  expect(await burst(20)).toEqual(Array(20).fill(200));
  expect(server.requestsPerConnection).toEqual(Array(20).fill(1));
});

test.each(['kept:400', 'renewed:400:1h'])('%s keeps all 400 connections that a burst opens', async (text) => {
  agent = agentOf(parseConnections(text));
  const waiting: (() => void)[] = [];
  // It answers once all are there, so that each has a connection of its own.
  server = await startServer((_, response) => {
    waiting.push(() => response.end('{}'));
    if (waiting.length === 400) waiting.forEach((end) => end());
  });
  await burst(400);
  while (connectionsIn(agent.sockets) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(connectionsIn(agent.freeSockets)).toBe(400);
});
