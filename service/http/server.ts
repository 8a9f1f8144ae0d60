/**
 * The HTTP server around an application: what it bounds before the application sees a request, and what it answers
 * when there is none to see.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import type { RequestHandler } from 'express';

import {
  BODY_TIMEOUT_MS,
  type ErrorCode,
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  LIMITS,
} from '../contract';
import { problemOf, sendProblem, ServiceError } from '../errors';

const FULL = new ServiceError('OVERLOADED', 'Too much waits to be answered; try again later.', 1_000);

/** How often Node looks for connections that are over their time. */
const CHECK_INTERVAL_MS = 500;

/** How long a client may take. */
export interface Timeouts {
  /** @default HEADERS_TIMEOUT_MS of the contract */
  readonly headersTimeoutMs?: number;
  /** @default BODY_TIMEOUT_MS of the contract */
  readonly bodyTimeoutMs?: number;
}

/** What Node's parser says of a request that it could not read. */
const CLIENT_ERRORS: Readonly<Record<string, [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: [
    'HEADERS_TOO_LARGE',
    `The request line and headers are larger than ${LIMITS.headerBytes} bytes; send fewer.`,
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['BODY_TOO_LARGE', 'The chunks have too long extensions; send none.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request took too long to arrive; send it faster.'],
};
const MALFORMED: [ErrorCode, string] = ['BAD_REQUEST', 'This is not an HTTP request; check how it is made.'];

/** Answers on the bare connection, since there is no request to answer. */
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

/** Makes the server; it does not listen yet. */
export function createHttpServer(
  application: RequestListener,
  { headersTimeoutMs = HEADERS_TIMEOUT_MS, bodyTimeoutMs = BODY_TIMEOUT_MS }: Timeouts = {},
): Server {
  const server = createServer({
    maxHeaderSize: LIMITS.headerBytes,
    headersTimeout: headersTimeoutMs,
    // limitBody answers first; this is for what never reaches it.
    requestTimeout: headersTimeoutMs + bodyTimeoutMs + CHECK_INTERVAL_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    // It tells this service nothing, and Node's own refusal would be no problem+json.
    requireHostHeader: false,
  });
  const responses = new WeakMap<Duplex, ServerResponse>();
  const handle: RequestListener = (request, response) => {
    responses.set(request.socket, response);
    application(request, response);
  };
  server.on('request', handle);
  // Whether a client that waits with its body is told to send it is for the application to say.
  server.on('checkContinue', handle);
  // An expectation that is not known may be overlooked; Node's 417 would be an answer that no document has.
  server.on('checkExpectation', handle);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const response = responses.get(socket);
    const isAnswering = response !== undefined && response.headersSent && !response.writableEnded;
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) socket.destroy();
    else answerOn(socket, error.code);
  });
  return server;
}

/**
 * Bounds bodies: refuses at once what says that it is far too large, then how long one may take to arrive, and how many
 * bytes all of them together may hold until they are answered. Who waits with its body for that is told to send it.
 */
export function limitBody(bodyTimeoutMs: number = BODY_TIMEOUT_MS): RequestHandler {
  let pendingBytes = 0;
  return (request, response, next) => {
    const close = (error: ServiceError) => {
      if (response.headersSent) return;
      response.set('Connection', 'close');
      sendProblem(response, error);
    };
    if (Number(request.get('content-length') ?? 0) > LIMITS.bodyBytes) {
      close(
        new ServiceError('BODY_TOO_LARGE', `The body is larger than ${LIMITS.bodyBytes} bytes; send less.`),
      );
      return;
    }
    let bytes = 0;
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      pendingBytes += chunk.length;
      if (pendingBytes > LIMITS.pendingBytes) close(FULL);
    };
    const timer = setTimeout(() => {
      const seconds = bodyTimeoutMs / 1000;
      close(
        new ServiceError(
          'REQUEST_TIMEOUT',
          `The body took longer than ${seconds} s to arrive; send it faster.`,
        ),
      );
    }, bodyTimeoutMs);
    request.on('data', count);
    request.once('end', () => clearTimeout(timer));
    response.once('close', () => {
      clearTimeout(timer);
      // What still comes is dropped.
      request.off('data', count);
      pendingBytes -= bytes;
    });
    if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
    next();
  };
}
