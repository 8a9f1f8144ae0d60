/**
 * Request ids and the request log. The log contains the route and the outcome, never bodies, headers, file names, or the
 * client's path and query.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

import { PATHS } from '../contract';
import { PROBLEM_CODE } from '../errors';
import { readTraceparent } from './trace-context';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
const HEALTH_PATHS = new Set<string>([PATHS.live, PATHS.ready, PATHS.metrics]);

/** Sets the request id: the client's when valid, else a new one. */
export const requestId: RequestHandler = (request, response, next) => {
  const received = request.get('x-request-id');
  response.set('x-request-id', received !== undefined && REQUEST_ID.test(received) ? received : randomUUID());
  next();
};

/** Echoes the caller's trace context unchanged, because this service creates no span. */
export const traceContext: RequestHandler = (request, response, next) => {
  const traceparent = request.get('traceparent');
  const tracestate = request.get('tracestate');
  if (traceparent !== undefined && readTraceparent(traceparent) !== undefined) {
    response.set('traceparent', traceparent);
    if (tracestate !== undefined) response.set('tracestate', tracestate);
  }
  next();
};

const routeOf = (request: IncomingMessage): string | undefined =>
  ((request as Partial<Request>).route as { path: string } | undefined)?.path;

const codeOf = (response: ServerResponse): string | undefined =>
  (response as Partial<Response>).locals?.[PROBLEM_CODE] as string | undefined;

const outcomeOf = (request: IncomingMessage, response: ServerResponse) => ({
  route: routeOf(request),
  code: codeOf(response),
});

/** Logs each answered request, except probes and metrics scrapes. */
export const httpLog = (logger: Logger): RequestHandler =>
  pinoHttp({
    logger,
    genReqId: (_request, response) => response.getHeader('x-request-id') as string,
    autoLogging: { ignore: (request) => HEALTH_PATHS.has(request.url) },
    // Bound when the request arrives and compared when it is answered: what changes meanwhile would be bound twice.
    customProps: (request) => ({
      ...readTraceparent(request.headers['traceparent'] as string | undefined),
    }),
    customSuccessObject: (request, response, { res, responseTime }: Record<string, unknown>) => ({
      ...outcomeOf(request, response),
      res,
      responseTime,
    }),
    // pino-http logs an error with a stack for every status from 500; errorHandler logs the unexpected errors instead.
    customErrorObject: (request, response, _error, { res, responseTime }: Record<string, unknown>) => ({
      ...outcomeOf(request, response),
      res,
      responseTime,
    }),
    serializers: {
      req: ({ id, method }: { id: string; method: string }) => ({ id, method }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
  });
