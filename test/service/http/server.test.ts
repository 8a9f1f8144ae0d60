import { once } from 'node:events';
import type { RequestListener, Server, ServerResponse } from 'node:http';
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

let server: Server;

test('every unanswered response of a connection closes with it, also one that waits behind another', async () => {
  const responses: ServerResponse[] = [];
  const closed: ServerResponse[] = [];
  const bothAsked = new Promise<void>((resolve) => {
    const keep: RequestListener = (request, response) => {
      request.resume();
      responses.push(response);
      response.once('close', () => closed.push(response));
      if (responses.length === 2) resolve();
    };
    server = createHttpServer(keep, {}, { maxConnections: 1 }).listen(0);
  });
  await once(server, 'listening');
  try {
    const client = await converse((server.address() as AddressInfo).port);
    client.say('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2));
    await bothAsked;
    client.end();
    await once(responses[0]!, 'close');
    expect(closed.length).toBe(2);
    expect(responses.map((response) => response.closed)).toEqual([true, true]);
    // What its handler still sends goes nowhere, and breaks nothing.
    responses[1]!.end('late');
  } finally {
    server.close();
  }
});

test('what is not HTTP behind a request that is not answered yet gets its 400 after that answer', async () => {
  const responses: ServerResponse[] = [];
  const keep: RequestListener = (_request, response) => void responses.push(response);
  const slow = createHttpServer(keep, {}, { maxConnections: 1 }).listen(0);
  await once(slow, 'listening');
  try {
    const client = await converse((slow.address() as AddressInfo).port);
    client.say(`${'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2)}what is this\r\n\r\n`);
    while (responses.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    client.say('and this?\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    responses[1]!.end('second');
    responses[0]!.end('first');
    const heard = await client.hear(/BAD_REQUEST/);
    expect(heard.match(/HTTP\/1.1 \d+|first|second/g)).toEqual([
      ...['HTTP/1.1 200', 'first', 'HTTP/1.1 200', 'second'],
      'HTTP/1.1 400',
    ]);
    expect(await client.error).toBeUndefined();
  } finally {
    slow.close();
    slow.closeAllConnections();
  }
});

test('a connection of too many unanswered requests is closed, and is none that the limit refused', async () => {
  let refused = 0;
  let asked = 0;
  const limit = { maxConnections: 2, onRefused: () => refused++ };
  const keep: RequestListener = () => {
    asked++;
  };
  const silent = createHttpServer(keep, {}, limit).listen(0);
  await once(silent, 'listening');
  try {
    const client = await converse((silent.address() as AddressInfo).port);
    client.say('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(17));
    await client.error;
    expect({ asked, refused }).toEqual({ asked: 16, refused: 0 });
  } finally {
    silent.close();
    silent.closeAllConnections();
  }
});
