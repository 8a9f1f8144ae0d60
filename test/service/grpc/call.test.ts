import type { ServerHttp2Stream } from 'node:http2';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { MESSAGE_LIMIT, receive } from '../../../service/grpc/call';

const MIB = 1024 * 1024;
const compressed = (bytes: number) => {
  const message = gzipSync(Buffer.alloc(bytes));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(1);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

/** Receives a compressed message of zeros; says what was counted. */
async function received(bytes: number, limit = Infinity) {
  const stream = new PassThrough({ autoDestroy: false });
  stream.end(compressed(bytes));
  const counted: number[] = [];
  const add = (_address: string, more: number) => {
    counted.push(more);
    const sum = counted.reduce((total, each) => total + each, 0);
    return sum > limit ? new Error('too much') : undefined;
  };
  const message = receive(
    stream as unknown as ServerHttp2Stream,
    { 'grpc-encoding': 'gzip' },
    { add } as never,
    10_000,
  );
  return { counted, outcome: await message.then(({ length }) => length, String) };
}

test('a compressed message is counted while it is inflated, not when it is whole', async () => {
  const { counted, outcome } = await received(4 * MIB);
  expect(outcome).toBe(4 * MIB);
  expect(Math.max(...counted)).toBeLessThan(MIB / 4);
});

test('inflating stops at what all calls together may hold', async () => {
  const { counted, outcome } = await received(4 * MIB, MIB);
  expect(outcome).not.toBe(4 * MIB);
  expect(counted.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(1.25 * MIB);
});

test('a message above the limit after inflating is refused', async () => {
  const { outcome } = await received(MESSAGE_LIMIT.bytes + 1);
  expect(outcome).toContain('The message is larger');
});
