/**
 * What routes are made of: a method, a key where one is asked, and handlers.
 */
import type { Express, RequestHandler } from 'express';

import type { CheckApiKey } from '../http/api-key';
import { ServiceError } from '../errors';
import type { Metrics } from '../metrics';
import { type OperationId, OPERATIONS } from './endpoints';

/** Header of the protocol's extension for binary tensors, which this service has not. */
const BINARY_HEADER = 'inference-header-content-length';

/** Refuses other methods with what is allowed. */
export const only = (method: 'GET' | 'POST'): RequestHandler => {
  return (request, response, next) => {
    const asked = request.method === 'HEAD' ? 'GET' : request.method;
    if (asked !== method) {
      response.set('Allow', method === 'GET' ? 'GET, HEAD' : method);
      throw new ServiceError('METHOD_NOT_ALLOWED', `${request.method} is not taken here; use ${method}.`);
    }
    next();
  };
};

/**
 * The end of every application.
 *
 * @param path where there is something
 */
export const nothingHere =
  (path: string): RequestHandler =>
  () => {
    throw new ServiceError('NOT_FOUND', `There is nothing at this path; see ${path}.`);
  };

/** Answers with the metrics in Prometheus' text format. */
export const metricsHandler =
  ({ registry }: Metrics): RequestHandler =>
  async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  };

/** Refuses the protocol's binary tensors before their body is read. */
export const refuseBinary: RequestHandler = (request, _response, next) => {
  if (request.get(BINARY_HEADER) !== undefined) {
    throw new ServiceError(
      'BAD_REQUEST',
      'Binary tensors are not taken; set binary_data to false and send JSON.',
    );
  }
  next();
};

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
