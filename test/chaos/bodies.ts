/**
 * Bodies above the limit, plain and compressed.
 */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';

import { LIMITS } from '../../service/contract';
import { CLASSIFY, residentMib, type RunFault } from './pods';

const MB = 1_000_000;
const SIZE = 100 * MB;
const CHUNK = Buffer.alloc(MB);
const SAMPLE_INTERVAL_MS = 20;
/** Less than one of the bodies; what is kept of one up to its limit, and garbage, takes half of it. */
const MAX_GROWTH_MIB = 64;
const ROUNDS = 3;

interface Hostile {
  readonly head: string;
  readonly body: Iterable<Buffer>;
  readonly status: number;
}

function* repeated(chunk: Buffer, times: number): Iterable<Buffer> {
  for (let i = 0; i < times; i++) yield chunk;
}

const chunked = Buffer.concat([Buffer.from(`${MB.toString(16)}\r\n`), CHUNK, Buffer.from('\r\n')]);
const compressed = (encoding: string, body: Buffer) =>
  `Content-Encoding: ${encoding}\r\nContent-Length: ${body.length}`;

function hostileBodies(zipped: Buffer): readonly Hostile[] {
  const half = zipped.subarray(0, zipped.length / 2);
  return [
    { head: `Content-Length: ${SIZE}`, body: repeated(CHUNK, SIZE / MB), status: 413 },
    { head: 'Transfer-Encoding: chunked', body: repeated(chunked, SIZE / MB), status: 413 },
    { head: compressed('gzip', zipped), body: [zipped], status: 413 },
    { head: compressed('br', zipped), body: [zipped], status: 415 },
    // Of zeros: the limit is found before the damage.
    { head: compressed('gzip', half), body: [half], status: 413 },
    { head: compressed('gzip', CHUNK), body: [CHUNK], status: 400 },
  ];
}

/** Sends as much of a body as the server takes. */
function send(port: number, { head, body }: Hostile): Promise<{ status: number; bytes: number }> {
  return new Promise((resolve) => {
    const chunks = body[Symbol.iterator]();
    let heard = '';
    const socket = connect(port, '127.0.0.1');
    const write = () => {
      for (;;) {
        const { value, done } = chunks.next() as IteratorResult<Buffer, undefined>;
        if (done === true) return;
        if (!socket.write(value)) {
          socket.once('drain', write);
          return;
        }
      }
    };
    socket.once('connect', () => {
      socket.write(`POST ${CLASSIFY} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${head}\r\n\r\n`);
      write();
    });
    socket.on('data', (data) => (heard += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      const status = Number(/^HTTP\/1.1 (\d+)/.exec(heard)?.[1] ?? 0);
      resolve({ status, bytes: socket.bytesWritten });
    });
  });
}

export const largeBodies: RunFault = async (stage, pods) => {
  const pod = await pods.single();
  const before = residentMib(pod.processId);
  let most = before;
  const sampling = setInterval(() => (most = Math.max(most, residentMib(pod.processId))), SAMPLE_INTERVAL_MS);
  stage.onEnd(() => clearInterval(sampling));
  const zipped = gzipSync(Buffer.alloc(SIZE));
  let [sent, refused, bytes] = [0, 0, 0];
  await stage.inject(async () => {
    for (let round = 0; round < ROUNDS; round++)
      for (const hostile of hostileBodies(zipped)) {
        const answer = await send(pod.port, hostile);
        sent++;
        bytes += answer.bytes;
        if (answer.status === hostile.status) refused++;
        stage.claim(
          `${hostile.head.replace(/\r\n/g, ', ')} gets ${hostile.status}: ${answer.status}`,
          answer.status === hostile.status,
        );
      }
  });
  await stage.seen(() => bytes > LIMITS.imageBytes, 0);
  const grownMiB = most - before;
  stage.figure('sent', sent);
  stage.figure('refused', refused);
  stage.figure('grownMiB', grownMiB);
  stage.claim(
    `the server’s process grows by at most ${MAX_GROWTH_MIB} MiB: ${grownMiB}`,
    grownMiB <= MAX_GROWTH_MIB,
  );
};
