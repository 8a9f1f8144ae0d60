/**
 * Helmet's security headers. They are the same for every answer, so that helmet's thirteen handlers run once.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { RequestHandler } from 'express';
import helmet, { type HelmetOptions } from 'helmet';

/** What helmet does to a response. */
type Headers = Pick<ServerResponse, 'setHeader' | 'removeHeader'>;

/** Sets the headers that helmet sets with these options, which must not depend on the request. */
export function securityHeaders(options?: HelmetOptions): RequestHandler {
  const headers = new Map<string, string>();
  const recorder = {
    setHeader: (name: string, value: string) => void headers.set(name, value),
    removeHeader: () => undefined,
  } as unknown as Headers;
  helmet(options)({} as IncomingMessage, recorder as ServerResponse, (error) => {
    if (error !== undefined) throw error as Error;
  });
  return (_request, response, next) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  };
}
