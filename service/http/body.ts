/**
 * Reads request bodies: refuses by the declared length, inflates, and bounds the size, the time to arrive and the memory of
 * all unanswered requests together.
 */
import type { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';

import type { Request, RequestHandler } from 'express';

import { BODY_TIMEOUT_MS, LIMITS } from '../contract';
import { bodyError, sendProblem, ServiceError } from '../errors';
import { joinSmall, type JoinedChunks, type TakeChunk } from './small-chunks';

/** The largest body that a path accepts. */
export interface BodyLimit {
  /** After inflating. */
  readonly bytes: number;
  /** What the error says of a larger body: `The image is`, `The form is`. */
  readonly subject: string;
  /** What the client should do instead. */
  readonly remedy: string;
}

/** Reads the bodies of one server; all instances of its paths share one bound of memory. */
export interface Bodies {
  /**
   * Middleware before {@link Bodies.read}: refuses a body whose declared length exceeds the limit, starts the clock, and
   * sends `100 Continue` to a client that waits for it.
   */
  accept(limitOf: (request: Request) => BodyLimit): RequestHandler;
  /**
   * Reads a body and inflates it, if it is compressed. After an error the rest is read and dropped, so that the client sees
   * the answer and can keep its connection.
   *
   * @param take receives the chunks, small ones joined
   * @throws ServiceError BODY_TOO_LARGE, UNSUPPORTED_TYPE for an unknown Content-Encoding, OVERLOADED when all bodies
   *   together exceed their bound, BAD_REQUEST for a body that is incomplete when the request is answered or its client gone
   */
  read(request: Request, limit: BodyLimit, take: TakeChunk): Promise<void>;
  /** Frees a body that was read, before its request is answered: it counts no longer, and `take` is forgotten. */
  release(request: Request): void;
}

const full = (whose: string) =>
  new ServiceError(
    'OVERLOADED',
    `The bodies of ${whose} unanswered requests exceed the memory limit; try again later.`,
    1_000,
  );

/** How to inflate each encoding of a body. */
export const INFLATERS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
} as const;

/** The error for a body above its limit. */
export const tooLarge = ({ bytes, subject, remedy }: BodyLimit): ServiceError =>
  new ServiceError('BODY_TOO_LARGE', `${subject} larger than ${bytes} bytes; ${remedy}.`);

function inflated(request: Request): Readable {
  const encoding = request.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return request;
  if (!Object.hasOwn(INFLATERS, encoding)) throw bodyError('encoding.unsupported');
  return request.pipe(INFLATERS[encoding as keyof typeof INFLATERS]());
}

/** The whole body in one piece. */
export async function readWhole(bodies: Bodies, request: Request, limit: BodyLimit): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await bodies.read(request, limit, (chunk) => chunks.push(chunk) > 0);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Counts the bytes of unanswered requests that are kept in memory; dropped bytes do not count. */
export interface PendingBytes {
  /** Adds bytes of an address, negative ones when they are freed; the error when there are too many. */
  add(address: string, bytes: number): ServiceError | undefined;
}

/** Starts counting at zero. */
export function countPending(): PendingBytes {
  let allBytes = 0;
  const bytesOf = new Map<string, number>();
  return {
    add(address, bytes) {
      allBytes += bytes;
      const addressBytes = (bytesOf.get(address) ?? 0) + bytes;
      if (addressBytes === 0) bytesOf.delete(address);
      else bytesOf.set(address, addressBytes);
      if (allBytes > LIMITS.pendingBytes) return full('all');
      return addressBytes > LIMITS.addressPendingBytes ? full('your') : undefined;
    },
  };
}

/**
 * Creates the reader of one server's bodies.
 *
 * @param pending counts the bytes of another port's bodies too
 */
export function createBodies(bodyTimeoutMs: number = BODY_TIMEOUT_MS, pending = countPending()): Bodies {
  const onUnneeded = new WeakMap<Request, () => void>();

  return {
    accept: (limitOf) => (request, response, next) => {
      const limit = limitOf(request);
      if (Number(request.get('content-length') ?? 0) > limit.bytes) throw tooLarge(limit);
      const timer = setTimeout(() => {
        if (response.headersSent) return;
        const seconds = bodyTimeoutMs / 1000;
        const message = `The body took longer than ${seconds} s to arrive; send it faster.`;
        response.set('Connection', 'close');
        sendProblem(response, new ServiceError('REQUEST_TIMEOUT', message));
      }, bodyTimeoutMs);
      request.once('end', () => clearTimeout(timer));
      response.once('close', () => {
        clearTimeout(timer);
        onUnneeded.get(request)?.();
      });
      if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
      next();
    },

    read: (request, limit, take) => {
      // `take` may hold all chunks. Listeners keep what they name for as long as the request lives: none names `take`.
      let taker: JoinedChunks | undefined = joinSmall(take);
      return new Promise((resolve, reject) => {
        const source = inflated(request);
        let bytes = 0;
        let keptBytes = 0;
        const address = request.socket.remoteAddress ?? '';
        const free = () => {
          pending.add(address, -keptBytes);
          keptBytes = 0;
          taker = undefined;
        };
        const drop = () => {
          source.off('data', keep);
          free();
          if (source !== request) {
            request.unpipe();
            source.destroy();
          }
          request.resume();
        };
        const fail = (error: ServiceError) => {
          drop();
          reject(error);
        };
        const keep = (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > limit.bytes) {
            fail(tooLarge(limit));
            return;
          }
          keptBytes += chunk.length;
          const excess = pending.add(address, chunk.length);
          if (excess !== undefined) fail(excess);
          else if (taker?.add(chunk) !== true) {
            drop();
            resolve();
          }
        };
        // What still comes, or is still being inflated, nobody waits for; counted now, it would never be freed.
        onUnneeded.set(request, () => {
          if (source.readableEnded) free();
          else fail(bodyError('request.aborted'));
        });
        source.on('data', keep);
        source.once('end', () => {
          taker?.end();
          resolve();
        });
        source.on('error', () =>
          fail(bodyError(source === request ? 'request.aborted' : 'encoding.damaged')),
        );
        request.once('close', () => {
          if (!request.complete) fail(bodyError('request.aborted'));
        });
      });
    },

    release: (request) => onUnneeded.get(request)?.(),
  };
}
