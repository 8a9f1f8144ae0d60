/**
 * Builds the routes: method check, API key check, handlers.
 */
import type { Express, RequestHandler } from 'express';

import type { CheckApiKey } from '../http/api-key';
import { ServiceError } from '../errors';
import type { Metrics } from '../metrics';
import { type OperationId, OPERATIONS } from './endpoints';

/** Rejects other methods and names the allowed one. */
export const requireMethod = (method: 'GET' | 'POST'): RequestHandler => {
  return (request, response, next) => {
    const effective = request.method === 'HEAD' ? 'GET' : request.method;
    if (effective !== method) {
      response.set('Allow', method === 'GET' ? 'GET, HEAD' : method);
      throw new ServiceError('METHOD_NOT_ALLOWED', `${request.method} is not allowed here; use ${method}.`);
    }
    next();
  };
};

/**
 * The last handler of an application: answers 404.
 *
 * @param hint a path that exists, for the client to continue from
 */
export const notFound =
  (hint: string): RequestHandler =>
  () => {
    throw new ServiceError('NOT_FOUND', `There is nothing at this path; see ${hint}.`);
  };

/** Sends the metrics in Prometheus' text format. */
export const metricsHandler =
  ({ registry }: Metrics): RequestHandler =>
  async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  };

const ignore =
  (headers: readonly string[]): RequestHandler =>
  (request, _response, next) => {
    for (const name of headers) Reflect.deleteProperty(request.headers, name);
    next();
  };

/** Headers by which a client asks for a part of a file, or for none unless it is as the client thinks. */
const PRECONDITIONS = ['if-match', 'if-unmodified-since', 'if-range', 'range'];

/** Ignores what could make a file fail with 412 or 416; a browser that has it still gets 304. */
export const ignorePreconditions: RequestHandler = ignore(PRECONDITIONS);

/** Ignores conditional and range requests, which the OpenAPI document does not offer: every answer is complete. */
const ignoreConditions: RequestHandler = ignore([...PRECONDITIONS, 'if-none-match', 'if-modified-since']);

/** Adds the routes of the given operations. */
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
    // Not `app.all`, which makes a matcher of each handler for each of 35 methods.
    app.route(path).all(requireMethod(method), authenticate, ignoreConditions, ...handlers[id]);
  }
}
