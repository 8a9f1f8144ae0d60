/**
 * One unary gRPC call on an HTTP/2 stream: its deadline, its message and its answer.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';

import { BODY_TIMEOUT_MS, type ErrorCode, LIMITS } from '../contract';
import { bodyError, ServiceError } from '../errors';
import { type BodyLimit, INFLATERS, type PendingBytes, tooLarge } from '../http/body';
import { joinSmall } from '../http/small-chunks';
import { MAX_NUMBERS } from './messages';

/** gRPC's status of each error. */
export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  BAD_REQUEST: 3,
  UNAUTHENTICATED: 16,
  UNKNOWN_MODEL: 5,
  UNKNOWN_VERSION: 5,
  NOT_FOUND: 12,
  METHOD_NOT_ALLOWED: 12,
  REQUEST_TIMEOUT: 4,
  BODY_TOO_LARGE: 8,
  UNSUPPORTED_TYPE: 12,
  BAD_IMAGE: 3,
  HEADERS_TOO_LARGE: 8,
  OVERLOADED: 14,
  NOT_READY: 14,
  WORKER_FAILED: 14,
  DEADLINE_EXCEEDED: 4,
  INTERNAL: 13,
};

/** Before each message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;
/** Names, parameters and field numbers beside the numbers of the largest batch. */
const OTHER_BYTES = 64 * 1024;
/** The largest message, the same after inflating. */
export const MESSAGE_LIMIT: BodyLimit = {
  bytes: MAX_NUMBERS * Float32Array.BYTES_PER_ELEMENT + OTHER_BYTES,
  subject: 'The message is',
  remedy: `send a batch of at most ${LIMITS.images} images`,
};

const ENCODINGS = 'identity,gzip,deflate';

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * Time that the client gives the call, milliseconds; Infinity when it gives none.
 *
 * @throws ServiceError BAD_REQUEST
 */
export function timeoutMs(header: string | undefined): number {
  if (header === undefined) return Infinity;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(header) ?? [];
  if (digits === undefined)
    throw new ServiceError('BAD_REQUEST', 'grpc-timeout must be digits and a unit, such as 500m.');
  return Number(digits) * UNIT_MS[unit!]!;
}

/** Takes the message out of a body that holds exactly one. */
async function unwrap(
  body: Buffer,
  encoding: string,
  count: (bytes: number) => ServiceError | undefined,
): Promise<Buffer> {
  const isWhole = body.length >= PREFIX_BYTES && body.readUInt32BE(1) === body.length - PREFIX_BYTES;
  if (!isWhole) throw new ServiceError('BAD_REQUEST', 'The call must hold one complete message; send one.');
  const message = body.subarray(PREFIX_BYTES);
  if (body[0] === 0) return message;
  if (!Object.hasOwn(INFLATERS, encoding)) {
    const sentence = `The grpc-encoding is not supported; send ${ENCODINGS.replaceAll(',', ', ')}.`;
    throw new ServiceError('UNSUPPORTED_TYPE', sentence);
  }
  const inflater = INFLATERS[encoding as keyof typeof INFLATERS]();
  inflater.end(message);
  const chunks: Buffer[] = [];
  const joined = joinSmall((chunk) => chunks.push(chunk) > 0);
  let bytes = 0;
  try {
    // Counted as they come: many calls that inflate at once must not hold more than the bound.
    for await (const chunk of inflater as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      const excess = bytes > MESSAGE_LIMIT.bytes ? tooLarge(MESSAGE_LIMIT) : count(chunk.length);
      if (excess !== undefined) throw excess;
      joined.add(chunk);
    }
    joined.end();
  } catch (error) {
    throw error instanceof ServiceError ? error : bodyError('encoding.damaged');
  }
  return Buffer.concat(chunks);
}

/** A message that has arrived. */
export interface Received {
  readonly message: Buffer;
  /** Stops counting its bytes before the call ends; the caller drops the message. */
  readonly release: () => void;
}

/**
 * Receives the call's message.
 *
 * @param pending counts the bytes until they are released or the call ends
 * @param limitMs time for the message to arrive
 * @throws ServiceError BODY_TOO_LARGE, OVERLOADED, REQUEST_TIMEOUT, UNSUPPORTED_TYPE, BAD_REQUEST
 */
export async function receive(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  pending: PendingBytes,
  limitMs: number,
): Promise<Received> {
  const address = stream.session?.socket.remoteAddress ?? '';
  let keptBytes = 0;
  const keep = (bytes: number, most: number): ServiceError | undefined => {
    keptBytes += bytes;
    const excess = pending.add(address, bytes);
    return keptBytes > most ? tooLarge(MESSAGE_LIMIT) : excess;
  };
  const release = () => {
    pending.add(address, -keptBytes);
    keptBytes = 0;
  };
  stream.once('close', release);
  const chunks: Buffer[] = [];
  const joined = joinSmall((chunk) => chunks.push(chunk) > 0);
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => {
      const message = `The message took longer than ${limitMs / 1000} s to arrive; send it faster.`;
      reject(new ServiceError('REQUEST_TIMEOUT', message));
    }, limitMs);
    stream.on('data', (chunk: Buffer) => {
      const excess = keep(chunk.length, PREFIX_BYTES + MESSAGE_LIMIT.bytes);
      if (excess === undefined) joined.add(chunk);
      else reject(excess);
    });
    stream.once('end', resolve);
    stream.once('close', () => reject(bodyError('request.aborted')));
  }).finally(() => {
    clearTimeout(timer);
    stream.removeAllListeners('data');
  });
  joined.end();
  const body = Buffer.concat(chunks);
  // The listeners of the stream would hold them until the call ends.
  chunks.length = 0;
  // What is counted after the close would never be freed.
  const isGone = () => stream.closed || stream.destroyed;
  const message = await unwrap(body, String(headers['grpc-encoding'] ?? 'identity'), (bytes) =>
    isGone() ? bodyError('request.aborted') : keep(bytes, Infinity),
  );
  if (isGone()) throw bodyError('request.aborted');
  return { message, release };
}

/** gRPC's percent-encoding: everything but printable ASCII, and the percent sign. */
const encoded = (text: string) =>
  text.replaceAll(/[^\x20-\x24\x26-\x7e]+/g, (part) => encodeURIComponent(part));

const headersOf = (metadata: Readonly<Record<string, string>>) => ({
  [constants.HTTP2_HEADER_STATUS]: constants.HTTP_STATUS_OK,
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
  'grpc-accept-encoding': ENCODINGS,
  ...metadata,
});

/** Sends the answer's message. */
export function sendMessage(
  stream: ServerHttp2Stream,
  metadata: Readonly<Record<string, string>>,
  message: Uint8Array,
): void {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond(headersOf(metadata), { waitForTrailers: true });
  stream.once('wantTrailers', () => {
    if (!stream.closed) stream.sendTrailers({ 'grpc-status': '0' });
  });
  stream.end(Buffer.concat([prefix, message]));
  // A client that does not read its answer must not hold the bytes of its call.
  const unread = setTimeout(() => stream.destroy(), BODY_TIMEOUT_MS);
  stream.once('close', () => clearTimeout(unread));
}

/** Sends an error, and asks a client that still sends to stop. */
export function sendError(
  stream: ServerHttp2Stream,
  metadata: Readonly<Record<string, string>>,
  { code, message, retryAfterMs }: ServiceError,
): void {
  const status = {
    'grpc-status': String(STATUS_OF[code]),
    'grpc-message': encoded(message),
    'error-code': code,
    ...(retryAfterMs === undefined ? {} : { 'grpc-retry-pushback-ms': String(Math.ceil(retryAfterMs)) }),
  };
  stream.respond({ ...headersOf(metadata), ...status }, { endStream: true });
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}
