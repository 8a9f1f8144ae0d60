/** What one connection may hold. */
import { once } from 'node:events';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

import { createHttpServer, type Timeouts } from '../../../service/http/server';
import { converse } from '../../support/client';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** Runs `use` with a server on a free port. */
async function withServer(
  application: RequestListener,
  timeouts: Timeouts,
  use: (port: number, server: Server) => Promise<void>,
): Promise<void> {
  const server = createHttpServer(application, timeouts, { maxConnections: 10 }).listen(0);
  await once(server, 'listening');
  try {
    await use((server.address() as AddressInfo).port, server);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test('sixteen requests of a connection may wait for their answers; one that sends more is closed', async () => {
  let asked = 0;
  const waiting: ServerResponse[] = [];
  const answerSixteen: RequestListener = (_request, response) => {
    asked++;
    waiting.push(response);
    if (waiting.length === 16) waiting.splice(0).forEach((each, i) => each.end(`answer ${i + 1}`));
  };
  await withServer(answerSixteen, {}, async (port) => {
    const client = await converse(port);
    for (let turn = 0; turn < 2; turn++) {
      client.say(GET.repeat(16));
      await client.hear(/answer 16/);
    }
    client.say(GET.repeat(500));
    await client.error;
    expect(asked).toBeLessThan(500);
  });
});

test('a connection whose client does not read its answer is closed in time', async () => {
  // More than the kernel takes for a client that does not read.
  const answer = Buffer.alloc(32 * 1024 * 1024);
  let closed: Promise<unknown> | undefined;
  const send: RequestListener = (_request, response) => {
    closed = once(response, 'close');
    response.end(answer);
  };
  await withServer(send, { unreadTimeoutMs: 100 }, async (port, server) => {
    const client = connect(port, '127.0.0.1').pause();
    client.on('error', () => undefined).write(GET);
    await once(server, 'request');
    await closed;
    client.destroy();
  });
});
