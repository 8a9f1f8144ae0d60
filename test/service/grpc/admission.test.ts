/** How the gRPC port of several models refuses calls while models are overloaded. */
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';

import { pino } from 'pino';

import { ServiceError } from '../../../service/errors';
import { STATUS_OF } from '../../../service/grpc/call';
import { INFER_REQUEST } from '../../../service/grpc/messages';
import { createGrpcServer } from '../../../service/grpc/server';
import { encode } from '../../../service/grpc/wire';

const DELAY_MS = 100;

/**
 * Sends one message to a port of two models that refuses it; says how it was refused.
 *
 * @param isWhole false for a client that announces the message and then waits
 * @param areAllBusy whether no model takes requests
 */
async function refused(message: Uint8Array, { isWhole = true, areAllBusy = false } = {}) {
  let keptBytes = 0;
  let keptWhileWaiting: number | undefined;
  const keepBytes = (_address: string, bytes: number) => void (keptBytes += bytes);
  const models: string[] = [];
  const rejection = () => {
    setTimeout(() => (keptWhileWaiting = keptBytes), DELAY_MS / 2);
    return { error: new ServiceError('OVERLOADED', 'Try again later.', 1000), delayMs: DELAY_MS };
  };
  const reject = (model: string) => {
    models.push(model);
    return rejection();
  };
  const rejectForAny = () => (areAllBusy ? rejection() : undefined);
  const grpc = createGrpcServer({
    log: pino({ level: 'silent' }),
    pending: { add: keepBytes },
    admission: { reject, rejectForAny, failed: () => undefined },
    maxConnections: 1,
    queues: new Map([
      ['accuracy', {}],
      ['latency', {}],
    ]),
  } as unknown as Parameters<typeof createGrpcServer>[0]);
  await once(grpc.server.listen(0), 'listening');
  const session = connect(`http://127.0.0.1:${(grpc.server.address() as AddressInfo).port}`);
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelInfer',
      'content-type': 'application/grpc',
    });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    if (isWhole) stream.end(Buffer.concat([prefix, message]));
    else stream.write(prefix);
    const [answer] = (await once(stream, 'response')) as [Record<string, string>];
    stream.close();
    return { status: Number(answer['grpc-status']), models, keptWhileWaiting };
  } finally {
    session.destroy();
    await grpc.close(50);
  }
}

test('the bytes of a refused call are free while its refusal waits', async () => {
  const message = encode(INFER_REQUEST, {
    model_name: 'latency',
    raw_input_contents: [Buffer.alloc(600_000)],
  });
  expect(await refused(message)).toEqual({
    status: STATUS_OF.OVERLOADED,
    models: ['latency'],
    keptWhileWaiting: 0,
  });
});

test('of a refused call only the name of its model is read, wherever it is', async () => {
  // More inputs than may be, which would be another error.
  const inputs = encode(INFER_REQUEST, { inputs: new Array(100).fill({ name: 'image' }) });
  const name = encode(INFER_REQUEST, { model_name: 'accuracy' });
  for (const message of [Buffer.concat([inputs, name]), Buffer.concat([name, inputs])])
    expect(await refused(message)).toMatchObject({ status: STATUS_OF.OVERLOADED, models: ['accuracy'] });
});

test('where no model takes requests, a call is refused before its message has arrived', async () => {
  expect(await refused(Buffer.alloc(1000), { isWhole: false, areAllBusy: true })).toEqual({
    status: STATUS_OF.OVERLOADED,
    models: [],
    keptWhileWaiting: 0,
  });
});
