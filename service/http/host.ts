/**
 * Checks the Host header, which every HTTP/1.1 request must have once.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
import type { RequestHandler } from 'express';

import { ServiceError } from '../errors';

/** Refuses a request without or with several Host headers; HTTP/1.0 may omit it. */
export const requireHost: RequestHandler = ({ rawHeaders, httpVersion }, _response, next) => {
  // Node keeps the first of several, so a proxy may have routed by another one.
  const count = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length;
  if (count > 1 || (count === 0 && httpVersion !== '1.0'))
    throw new ServiceError('BAD_REQUEST', `The request must have one Host header, received ${count}.`);
  next();
};
