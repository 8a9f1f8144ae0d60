/**
 * The port of the Open Inference Protocol as gRPC, on Node's own HTTP/2: `inference.GRPCInferenceService`.
 */
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { ModelName } from '../../models/catalog';
import type { Rejection } from '../api/admission';
import { findModel } from '../api/served-models';
import type { CheckApiKey } from '../http/api-key';
import type { PendingBytes } from '../http/body';
import { answerHeaders } from '../http/request-log';
import { readTraceparent } from '../http/trace-context';
import { BODY_TIMEOUT_MS, type ErrorCode, KEEP_ALIVE_TIMEOUT_MS, LIMITS } from '../contract';
import { ServiceError, toServiceError } from '../errors';
import { receive, sendError, sendMessage, STATUS_OF, timeoutMs } from './call';
import { MODEL_NAME } from './messages';
import { type MethodContext, METHODS } from './methods';
import { decode, encode, type Values } from './wire';

const SERVICE = '/inference.GRPCInferenceService/';
/** Calls of one connection at the same time, as gRPC's servers have it. */
const MAX_STREAMS = 100;

/** What the port is made of. */
export interface GrpcOptions extends MethodContext {
  readonly log: Logger;
  readonly pending: PendingBytes;
  readonly checkApiKey?: CheckApiKey;
  readonly maxConnections: number;
  /** Called for each further connection, which is closed at once. */
  readonly onRefused?: () => void;
  /** @default BODY_TIMEOUT_MS of the contract */
  readonly bodyTimeoutMs?: number;
}

/** The method that a call names. */
function methodOf(headers: IncomingHttpHeaders) {
  const path = String(headers[constants.HTTP2_HEADER_PATH]);
  const name = path.startsWith(SERVICE) ? path.slice(SERVICE.length) : '';
  return Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
}

/** The message's values. */
function decoded(...args: Parameters<typeof decode>): Values {
  try {
    return decode(...args);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    const sentence =
      'The message is not one of the Open Inference Protocol; generate the client from its proto.';
    throw new ServiceError('BAD_REQUEST', sentence);
  }
}

/** Answers one call; names its model in `ended`, for the metrics. */
async function answer(
  options: GrpcOptions,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  ended: { model?: ModelName },
): Promise<Uint8Array> {
  const { admission, queues, pending, checkApiKey, bodyTimeoutMs = BODY_TIMEOUT_MS } = options;
  const method = methodOf(headers);
  if (method === undefined) {
    const sentence = `There is no such method; choose one of ${Object.keys(METHODS).join(', ')}.`;
    throw new ServiceError('NOT_FOUND', sentence);
  }
  if (method.isOpen !== true) checkApiKey?.(headers.authorization);
  const deadline = performance.now() + timeoutMs(headers['grpc-timeout'] as string | undefined);
  const remainingMs = () => Math.max(0, deadline - performance.now());
  const isWork = method.isWork === true;
  const rejectionOf = (model: ModelName) => {
    ended.model = model;
    return admission.reject(model);
  };
  // Lets go of a refused message before its refusal waits: nothing holds its bytes then.
  const receiveAdmitted = async (): Promise<Buffer | Rejection> => {
    const limitMs = Math.min(bodyTimeoutMs, remainingMs());
    const { message, release } = await receive(stream, headers, pending, limitMs);
    if (!isWork) return message;
    // Only the name: the numbers of a refused message would be decoded for nothing.
    const { model_name: name = '' } = decoded(MODEL_NAME, message);
    const rejection = rejectionOf(findModel(queues, name)[0]);
    if (rejection === undefined) return message;
    release();
    return rejection;
  };
  // Before the message is read. While one of several models takes requests, only the message says which is asked: gRPC
  // has no place for the name before it, and Protocol Buffers may put the name last.
  const [onlyModel] = queues.size === 1 ? queues.keys() : [];
  const rejectEarly = () => (onlyModel === undefined ? admission.rejectForAny() : rejectionOf(onlyModel));
  const received = (isWork ? rejectEarly() : undefined) ?? (await receiveAdmitted());
  if ('error' in received) {
    await delay(received.delayMs);
    throw received.error;
  }
  const call = { stream, completeAt: performance.now(), remainingMs };
  return encode(method.answer, await method.run(options, decoded(method.request, received), call));
}

/** Answers one call, and logs and counts it as the REST form does. */
function handle(options: GrpcOptions, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const { log, admission } = options;
  // A client that resets its stream; the stream closes next.
  stream.on('error', () => undefined);
  if (!String(headers['content-type']).startsWith('application/grpc')) {
    stream.respond(
      { [constants.HTTP2_HEADER_STATUS]: constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE },
      { endStream: true },
    );
    return;
  }
  const startedAt = performance.now();
  const metadata = answerHeaders(headers);
  const req = { id: metadata['x-request-id'], method: headers[constants.HTTP2_HEADER_METHOD] };
  const method = methodOf(headers);
  const ended: { model?: ModelName; code?: ErrorCode } = {};
  stream.once('close', () => {
    const isGone = stream.rstCode !== constants.NGHTTP2_NO_ERROR;
    const reason = isGone ? 'CLIENT_GONE' : ended.code;
    if (method?.isWork === true && reason !== undefined) admission.failed(ended.model, reason);
    if (method?.isProbe === true) return;
    const status = ended.code === undefined ? 0 : STATUS_OF[ended.code];
    const line = {
      req,
      ...readTraceparent(headers['traceparent'] as string | undefined),
      route: method === undefined ? undefined : headers[constants.HTTP2_HEADER_PATH],
      code: ended.code,
      res: { grpcStatus: status },
      responseTime: Math.round(performance.now() - startedAt),
    };
    log.info(line, `request ${isGone ? 'aborted' : 'completed'}`);
  });
  answer(options, stream, headers, ended)
    .then((message) => {
      if (!stream.closed) sendMessage(stream, metadata, message);
    })
    .catch((cause: unknown) => {
      const error = toServiceError(cause);
      ended.code = error.code;
      if (error.code === 'INTERNAL') log.error({ req, err: cause }, 'request failed');
      if (!stream.closed) sendError(stream, metadata, error);
    })
    .catch(() => stream.destroy());
}

/** A gRPC port that does not listen yet. */
export interface GrpcServer {
  readonly server: Http2Server;
  /**
   * Accepts no more calls and waits for the others to finish.
   *
   * @param maxWaitMs after this time, open calls are aborted
   */
  close(maxWaitMs: number): Promise<void>;
}

/** Creates the server; it does not listen yet. */
export function createGrpcServer(options: GrpcOptions): GrpcServer {
  const server = createServer({
    settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: LIMITS.headerBytes },
  });
  server.maxConnections = options.maxConnections;
  if (options.onRefused !== undefined) server.on('drop', options.onRefused);
  const sessions = new Map<ServerHttp2Session, Socket>();
  // A session does not let its socket be destroyed. Node makes it right after this listener, in the same turn.
  let accepted: Socket;
  server.prependListener('connection', (socket: Socket) => {
    accepted = socket;
  });
  server.on('session', (session) => {
    sessions.set(session, accepted);
    session.once('close', () => sessions.delete(session));
  });
  // Tells the client to connect again when it has something to send.
  server.setTimeout(KEEP_ALIVE_TIMEOUT_MS);
  server.on('timeout', (...[idle]: unknown[]) => {
    const session = idle as ServerHttp2Session;
    const socket = sessions.get(session);
    session.close();
    // One that neither answers nor reads would keep its connection, and the bytes of its calls, from others.
    setTimeout(() => socket?.destroy(), BODY_TIMEOUT_MS).unref();
  });
  server.on('stream', (stream, headers) => handle(options, stream, headers));
  return {
    server,
    close: async (maxWaitMs) => {
      // The sockets, because a session that is closing waits for its peer to close too, whatever is asked of it.
      const aborting = setTimeout(
        () => [...sessions.values()].forEach((socket) => socket.destroy()),
        maxWaitMs,
      );
      await new Promise((resolve) => {
        server.close(resolve);
        [...sessions.keys()].forEach((session) => session.close());
      });
      clearTimeout(aborting);
    },
  };
}
