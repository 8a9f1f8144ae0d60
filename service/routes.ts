/**
 * What routes are made of: a method, a key where one is asked, and handlers.
 */
import express, { type Express, type RequestHandler } from 'express';

import type { CheckApiKey } from './api-key';
import { PATHS } from './contract';
import { ServiceError } from './errors';
import type { Metrics } from './metrics';
import { brokenJson } from './open-inference';
import { type OperationId, OPERATIONS } from './operations';

/** Header of the protocol's extension for binary tensors, which this service has not. */
const BINARY_HEADER = 'inference-header-content-length';

/** Refuses other methods with what is allowed. */
export const only = (method: 'GET' | 'POST'): RequestHandler => {
  return (request, response, next) => {
    const asked = request.method === 'HEAD' ? 'GET' : request.method;
    if (asked !== method) {
      response.set('Allow', method);
      throw new ServiceError('METHOD_NOT_ALLOWED', `${request.method} is not taken here; use ${method}.`);
    }
    next();
  };
};

/** The end of every application. */
export const nothingHere: RequestHandler = () => {
  throw new ServiceError('NOT_FOUND', `There is nothing at this path; ${PATHS.openapi} says what there is.`);
};

export const metricsHandler =
  ({ registry }: Metrics): RequestHandler =>
  async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  };

export const refuseBinary: RequestHandler = (request, _response, next) => {
  if (request.get(BINARY_HEADER) !== undefined) {
    throw new ServiceError(
      'BAD_REQUEST',
      'Binary tensors are not taken; set binary_data to false and send JSON.',
    );
  }
  next();
};

/** Parses a body of tensors, and says more of one that is no JSON than that. */
export function tensorJson(limitBytes: number): RequestHandler {
  const parse = express.json({ limit: limitBytes, type: () => true, inflate: false });
  return (request, response, next) => {
    parse(request, response, (error?: unknown) => {
      const { type, body } = (error ?? {}) as { type?: string; body?: string };
      next(type === 'entity.parse.failed' ? brokenJson(body ?? '') : error);
    });
  };
}

const CONDITIONS = [
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'range',
];

/** Answers are whole: conditions and ranges, of which the document promises nothing, are overlooked. */
const unconditional: RequestHandler = (request, _response, next) => {
  for (const name of CONDITIONS) Reflect.deleteProperty(request.headers, name);
  next();
};

/** Makes the routes of the given operations. */
export function mount(
  app: Express,
  ids: readonly OperationId[],
  checkApiKey: CheckApiKey | undefined,
  handlers: Readonly<Record<OperationId, readonly RequestHandler[]>>,
): void {
  for (const id of ids) {
    const { method, path, isOpen = false } = OPERATIONS[id];
    const authenticate: RequestHandler = (request, _response, next) => {
      if (!isOpen) checkApiKey?.(request.get('authorization'));
      next();
    };
    app.all(path, only(method), authenticate, unconditional, ...handlers[id]);
  }
}
