/**
 * The HTTP server around an application: limits on requests, and responses to requests that Node cannot parse.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import {
  BODY_TIMEOUT_MS,
  type ErrorCode,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  LIMITS,
  UNREAD_TIMEOUT_MS,
} from '../contract';
import { problemOf, ServiceError } from '../errors';

/** Interval at which Node checks connections for timeouts. */
const CHECK_INTERVAL_MS = 500;
/** Most requests of a connection without an answer. One packet can ask for answers of a thousand times its size. */
const MAX_PIPELINED = 16;

/** Time limits for the client. */
export interface Timeouts {
  /** @default HEADERS_TIMEOUT_MS of the contract */
  readonly headersTimeoutMs?: number;
  /** @default BODY_TIMEOUT_MS of the contract */
  readonly bodyTimeoutMs?: number;
  /** @default UNREAD_TIMEOUT_MS of the contract */
  readonly unreadTimeoutMs?: number;
}

/** How many connections to hold. */
export interface ConnectionLimit {
  readonly maxConnections: number;
  /** Called for each further connection, which is closed at once. */
  readonly onRefused?: () => void;
}

/** Code and message for each of Node's parser errors. */
const CLIENT_ERRORS: Readonly<Record<string, [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: [
    'HEADERS_TOO_LARGE',
    `The request line and headers are larger than ${LIMITS.headerBytes} bytes; send less.`,
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['BODY_TOO_LARGE', 'The chunk extensions are too long; send none.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request took too long to arrive; send it faster.'],
};
const MALFORMED: [ErrorCode, string] = ['BAD_REQUEST', 'The request is not valid HTTP; check the client.'];

/** Writes a response to the socket, because an unparsed request has no response object. */
function answerOn(socket: Duplex, errorCode: string | undefined): void {
  const problem = problemOf(new ServiceError(...(CLIENT_ERRORS[errorCode ?? ''] ?? MALFORMED)), randomUUID());
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${problem.requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Closes a response that waits behind others when its connection breaks; Node closes only the first of them. */
function closeUnsent(response: ServerResponse): void {
  if (response.socket !== null) return;
  response.destroy();
  Object.defineProperty(response, 'closed', { value: true });
  response.emit('close');
}

/**
 * Creates the server; it does not listen yet.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export function createHttpServer(
  application: RequestListener,
  {
    headersTimeoutMs = HEADERS_TIMEOUT_MS,
    bodyTimeoutMs = BODY_TIMEOUT_MS,
    unreadTimeoutMs = UNREAD_TIMEOUT_MS,
  }: Timeouts,
  { maxConnections, onRefused }: ConnectionLimit,
): Server {
  const server = createServer({
    maxHeaderSize: LIMITS.headerBytes,
    headersTimeout: headersTimeoutMs,
    // The reader of bodies answers first; this limit covers requests that never reach it.
    requestTimeout: headersTimeoutMs + bodyTimeoutMs + CHECK_INTERVAL_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    // requireHost checks it: Node's own response would not be problem+json.
    requireHostHeader: false,
  });
  server.timeout = unreadTimeoutMs;
  server.maxConnections = maxConnections;
  if (onRefused !== undefined) server.on('drop', onRefused);
  const responses = new WeakMap<Duplex, ServerResponse>();
  const unanswered = new WeakMap<Duplex, Set<ServerResponse>>();
  const handle: RequestListener = (request, response) => {
    const { socket } = request;
    const waiting = unanswered.get(socket)!.add(response);
    response.once('close', () => waiting.delete(response));
    if (waiting.size > MAX_PIPELINED) {
      socket.destroy();
      return;
    }
    responses.set(socket, response);
    application(request, response);
  };
  server.on('connection', (socket) => {
    const waiting = new Set<ServerResponse>();
    unanswered.set(socket, waiting);
    socket.once('close', () => [...waiting].forEach(closeUnsent));
    const destroySoon = socket.destroySoon.bind(socket);
    // A socket that is destroyed before the body has arrived resets the connection, and a proxy that still sends answers
    // 502 instead of what was answered. So this end is closed first, and the rest of the body is read and dropped.
    socket.destroySoon = () => {
      if (responses.get(socket)?.req.complete === false) socket.end();
      else destroySoon();
    };
  });
  server.on('request', handle);
  // The application decides whether a client that expects `100 Continue` may send its body.
  server.on('checkContinue', handle);
  // Ignores unknown expectations: Node's own 417 is not in the OpenAPI document.
  server.on('checkExpectation', handle);
  const deferred = new WeakSet<Duplex>();
  const refuse = (error: NodeJS.ErrnoException, socket: Duplex): void => {
    const isBroken = error.code === 'ECONNRESET' || !socket.writable;
    // Node reads on, and cannot parse what follows either.
    if (!isBroken && deferred.has(socket)) return;
    const earlier = [...unanswered.get(socket)!].find(({ req }) => req.complete);
    if (!isBroken && earlier !== undefined) {
      // A client takes the first answer for that to its first request.
      deferred.add(socket);
      earlier.once('close', () => {
        deferred.delete(socket);
        refuse(error, socket);
      });
      return;
    }
    const response = responses.get(socket);
    // An answered request whose body is still being dropped must not get a second answer either.
    const isAnswering =
      response !== undefined && response.headersSent && !(response.writableEnded && response.req.complete);
    if (isBroken || isAnswering) socket.destroy();
    else answerOn(socket, error.code);
  };
  server.on('clientError', refuse);
  return server;
}
