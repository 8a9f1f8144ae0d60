/** The end of the gRPC port when a client does not end its side of a connection. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';

import { pino } from 'pino';

import { createGrpcServer } from '../../../service/grpc/server';
import { countPending } from '../../../service/http/body';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const HEADERS = 1;
const SETTINGS = 4;
const END_HEADERS = 4;

/** A frame of HTTP/2. */
function frame(type: number, flags: number, streamId: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

const text = (value: string) => [value.length, ...Buffer.from(value)];
/** A call without its message: POST and http from HPACK's static table, the others as literals. */
const CALL = frame(
  HEADERS,
  END_HEADERS,
  1,
  Buffer.from([
    ...[0x83, 0x86],
    ...[0x01, ...text('x')],
    ...[0x04, ...text('/inference.GRPCInferenceService/ServerLive')],
    ...[0x0f, 0x10, ...text('application/grpc')],
  ]),
);

test.each([
  ['without a call', Buffer.alloc(0)],
  ['with an open call', CALL],
])('a connection %s whose client does not close it does not hold the end back', async (_what, call) => {
  const grpc = createGrpcServer({
    log: pino({ level: 'silent' }),
    pending: countPending(),
    admission: { reject: () => undefined, failed: () => undefined },
    maxConnections: 1,
    queues: new Map(),
  } as unknown as Parameters<typeof createGrpcServer>[0]);
  await once(grpc.server.listen(0), 'listening');
  const client: Socket = connect({
    port: (grpc.server.address() as AddressInfo).port,
    host: '127.0.0.1',
    // As a client that hangs: it acknowledges what arrives and closes nothing.
    allowHalfOpen: true,
  });
  client.on('error', () => undefined).resume();
  const asked = once(grpc.server, call.length === 0 ? 'session' : 'stream');
  client.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), call]));
  try {
    await asked;
    await expect(grpc.close(50)).resolves.toBeUndefined();
  } finally {
    client.destroy();
  }
});
