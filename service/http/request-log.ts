/**
 * How a request is named and what the log says of it: what was asked and how it ended; never bodies, headers, file
 * names, or a path or query as the client wrote it.
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

/** Names the request: as the client does, or anew. */
export const requestId: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  response.set('x-request-id', given !== undefined && REQUEST_ID.test(given) ? given : randomUUID());
  next();
};

/** Gives the caller's trace context back as it came; no span is made here, so that there is none to add. */
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

/** Logs each request when it is answered, except those of probes and scrapes. */
export const httpLog = (logger: Logger): RequestHandler =>
  pinoHttp({
    logger,
    genReqId: (_request, response) => response.getHeader('x-request-id') as string,
    autoLogging: { ignore: (request) => HEALTH_PATHS.has(request.url) },
    customProps: (request, response) => ({
      ...readTraceparent(request.headers['traceparent'] as string | undefined),
      route: routeOf(request),
      code: codeOf(response),
    }),
    // pino-http makes an error, and a stack, of every status from 500 on; errorHandler logs those that are faults.
    customErrorObject: (
      _request,
      _response,
      _error,
      { req, res, responseTime }: Record<string, unknown>,
    ) => ({
      req,
      res,
      responseTime,
    }),
    serializers: {
      req: ({ id, method }: { id: string; method: string }) => ({ id, method }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
  });
