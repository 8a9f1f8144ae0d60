/**
 * Request ids and the request log. The log contains the route and the outcome, never bodies, headers, file names, or the
 * client's path and query.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

import { PATHS } from '../contract';
import { PROBLEM_CODE, type RequestErrors } from '../errors';
import { readTraceparent } from './trace-context';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
const HEALTH_PATHS = new Set<string>([PATHS.live, PATHS.ready, PATHS.metrics]);

/**
 * Headers of every answer: the request id, the client's when valid, else a new one; and the caller's trace context
 * unchanged, because this service creates no span.
 */
export function answerHeaders(received: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const text = (name: string) => received[name] as string | undefined;
  const [id = '', traceparent, tracestate] = ['x-request-id', 'traceparent', 'tracestate'].map(text);
  return {
    'x-request-id': REQUEST_ID.test(id) ? id : randomUUID(),
    ...(readTraceparent(traceparent) === undefined
      ? {}
      : { traceparent: traceparent!, ...(tracestate === undefined ? {} : { tracestate }) }),
  };
}

/** Sets {@link answerHeaders}. */
export const requestId: RequestHandler = (request, response, next) => {
  response.set(answerHeaders(request.headers));
  next();
};

const routeOf = (request: IncomingMessage): string | undefined =>
  ((request as Partial<Request>).route as { path: string } | undefined)?.path;

const codeOf = (response: ServerResponse): string | undefined =>
  (response as Partial<Response>).locals?.[PROBLEM_CODE] as string | undefined;

/** Logs each answered request, except probes and metrics scrapes, and gives the request a log for its errors. */
export const httpLog =
  (logger: Logger): RequestHandler =>
  (request, response, next) => {
    const startedAt = performance.now();
    const req = { id: response.getHeader('x-request-id'), method: request.method };
    const isProbe = HEALTH_PATHS.has(request.url);
    const log: RequestErrors = { error: (err, message) => logger.error({ req, err }, message) };
    Object.assign(request, { log });
    response.once('close', () => {
      if (isProbe) return;
      const line = {
        req,
        ...readTraceparent(request.headers['traceparent'] as string | undefined),
        route: routeOf(request),
        code: codeOf(response),
        res: { statusCode: response.statusCode },
        responseTime: Math.round(performance.now() - startedAt),
      };
      const outcome = response.statusCode >= 500 ? 'errored' : 'completed';
      logger.info(line, `request ${response.writableEnded ? outcome : 'aborted'}`);
    });
    next();
  };
