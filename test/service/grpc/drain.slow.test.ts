/** How the gRPC port ends, and what it may hold. */
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';

import { status } from '@grpc/grpc-js';

import { grpcClient } from '../../support/grpc-client';
import { fakeModels, startServer } from '../../support/server';

const SIZE = 224 * 224 * 3;
const message = {
  model_name: 'latency',
  inputs: [{ name: 'image', datatype: 'UINT8', shape: [1, 224, 224, 3] }],
  raw_input_contents: [Buffer.alloc(SIZE)],
};

test('a drain fails readiness, answers the call in flight and ends', async () => {
  const server = await startServer({ models: ['latency'], grpcPort: 0 });
  const client = grpcClient(server.grpcPort!);
  await server.ready;
  // Connects first, so that the call is on its way when the drain begins.
  expect((await client.call('ServerReady')).answer).toEqual({ ready: true });
  const queue = server.queues.get('latency')!;
  const inFlight = client.call('ModelInfer', message);
  while (queue.inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const stopped = server.stop(0);
  expect((await inFlight).answer).toMatchObject({ model_name: 'latency' });
  await stopped;
  const { error } = await client.call('ServerLive');
  client.close();
  expect(error?.code).toBe(status.UNAVAILABLE);
});

test('a model that is still loading is not ready, and inference says so', async () => {
  const server = await startServer({ models: ['latency'], grpcPort: 0, modelsDir: fakeModels('slow') });
  const client = grpcClient(server.grpcPort!);
  expect((await client.call('ServerReady')).answer).toEqual({ ready: false });
  expect((await client.call('ModelReady', { name: 'latency' })).answer).toEqual({ ready: false });
  const { error } = await client.call('ModelInfer', message);
  client.close();
  await server.stop();
  expect(error).toMatchObject({
    code: status.UNAVAILABLE,
    details: expect.stringContaining('not loaded yet'),
  });
});

test('a message that does not arrive ends with DEADLINE_EXCEEDED and a sentence', async () => {
  const server = await startServer({ models: ['latency'], grpcPort: 0 }, 2000, { bodyTimeoutMs: 100 });
  await server.ready;
  const session = connectHttp2(`http://127.0.0.1:${server.grpcPort}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/inference.GRPCInferenceService/ModelInfer',
    'content-type': 'application/grpc',
  });
  const [answer] = (await once(stream, 'response')) as [Record<string, string>];
  session.destroy();
  await server.stop();
  expect(answer['grpc-status']).toBe(String(status.DEADLINE_EXCEEDED));
  expect(decodeURIComponent(answer['grpc-message']!)).toBe(
    'The message took longer than 0.1 s to arrive; send it faster.',
  );
});

test('further connections are closed at once', async () => {
  const server = await startServer({ models: ['latency'], grpcPort: 0, maxConnections: 10 });
  const open = (): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(server.grpcPort!, '127.0.0.1', () => resolve(socket)).on(
        'error',
        () => undefined,
      );
    });
  const held = await open();
  held.resume();
  const further = await open();
  const closed = new Promise((resolve) => further.once('close', resolve));
  further.resume();
  await closed;
  expect(held.destroyed).toBe(false);
  held.destroy();
  await server.stop();
});
