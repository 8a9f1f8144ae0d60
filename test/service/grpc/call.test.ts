import type { ServerHttp2Stream } from 'node:http2';
import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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
  const release = await message.then(
    (whole) => whole.release,
    () => undefined,
  );
  return { counted, stream, release, outcome: await message.then((whole) => whole.message.length, String) };
}

test('a compressed message is counted while it is inflated, not when it is whole', async () => {
  const { counted, outcome } = await received(4 * MIB);
  expect(outcome).toBe(4 * MIB);
  expect(Math.max(...counted)).toBeLessThan(MIB / 4);
});

test('what is released counts no longer, and not again when the call ends', async () => {
  const { counted, stream, release } = await received(1000);
  const sum = () => counted.reduce((total, bytes) => total + bytes, 0);
  expect(sum()).toBeGreaterThan(1000);
  release!();
  expect(sum()).toBe(0);
  stream.emit('close');
  expect(sum()).toBe(0);
});

test('inflating stops at what all calls together may hold', async () => {
  const { counted, outcome } = await received(4 * MIB, MIB);
  expect(outcome).not.toBe(4 * MIB);
  expect(counted.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(1.25 * MIB);
});

test('a message that comes in chunks of one byte does not keep them', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const stream = new PassThrough({ autoDestroy: false, highWaterMark: 1 });
  const add = () => undefined;
  const whole = receive(stream as unknown as ServerHttp2Stream, {}, { add }, 10_000);
  const message = Buffer.alloc(5 + 10_000, 'a');
  message.writeUInt8(0);
  message.writeUInt32BE(10_000, 1);
  const chunks: WeakRef<Buffer>[] = [];
  for (const byte of message) {
    const chunk = Buffer.of(byte);
    chunks.push(new WeakRef(chunk));
    stream.write(chunk);
  }
  // A WeakRef holds its target until the end of the job that made it.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(chunks.filter((chunk) => chunk.deref() !== undefined).length).toBeLessThan(100);
  stream.end();
  expect((await whole).message.equals(message.subarray(5))).toBe(true);
});

test('a message above the limit after inflating is refused', async () => {
  const { outcome } = await received(MESSAGE_LIMIT.bytes + 1);
  expect(outcome).toContain('The message is larger');
});
