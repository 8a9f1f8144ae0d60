import { Agent, createServer, type IncomingMessage, request, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { closeServer, createDrain } from '../../../service/http/drain';

async function start(app: RequestListener) {
  const drain = createDrain(app);
  const server = createServer(drain.handler);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const agent = new Agent({ keepAlive: true });
  const get = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      request({ port: (server.address() as AddressInfo).port, agent }, (response) => {
        response.resume().on('end', () => resolve(response));
      })
        .on('error', reject)
        .end();
    });
  return { drain, server, get };
}

test('the drain waits for requests in flight and closes their connections', async () => {
  let answer: (() => void) | undefined;
  const { drain, server, get } = await start((_request, response) => {
    answer = () => response.end('late');
  });
  const underWay = get();
  while (answer === undefined) await new Promise(setImmediate);
  drain.begin();
  let closed = false;
  const closing = closeServer(server, 10_000).then(() => (closed = true));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(closed).toBe(false);
  answer();
  const { statusCode, headers } = await underWay;
  expect([statusCode, headers.connection]).toEqual([200, 'close']);
  await closing;
});

test('an idle keep-alive connection does not delay the shutdown', async () => {
  const { drain, server, get } = await start((_request, response) => response.end('early'));
  expect((await get()).headers.connection).toBe('keep-alive');
  drain.begin();
  // Longer than the test may take.
  await closeServer(server, 60_000);
});

test('a request that never completes is aborted at the time limit', async () => {
  const { server, get } = await start(() => undefined);
  const hanging = expect(get()).rejects.toThrow();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await closeServer(server, 200);
  await hanging;
});
