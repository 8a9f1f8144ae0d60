import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { createHttpServer } from '../../../service/http/server';
import { converse } from '../../support/client';

test('connections above the limit are closed unanswered and counted; one that ends makes room', async () => {
  let refused = 0;
  const limit = { maxConnections: 2, onRefused: () => refused++ };
  const server = createHttpServer((_request, response) => response.end('hello'), {}, limit).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const get = async () => {
    const connection = await converse(port);
    connection.say('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    return connection;
  };
  try {
    const held = [await get(), await get()];
    for (const connection of held) await connection.hear(/hello/);
    const third = await converse(port);
    await third.error;
    expect(refused).toBe(1);
    held[0]!.say('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await held[0]!.hear(/hello/);
    held[1]!.end();
    while (
      await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count - 1)))
    )
      await new Promise((resolve) => setTimeout(resolve, 10));
    await (await get()).hear(/hello/);
    expect(refused).toBe(1);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
