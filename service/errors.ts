/**
 * Errors that the client is told of, as `application/problem+json`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from 'pino';

import { type ErrorCode, ERRORS } from './contract';

/** An error with a stable code; its message is a sentence that tells the client what to do. */
export class ServiceError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    /** When to try again, milliseconds; for the errors that pass. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** Answers with an error. */
export function sendProblem(response: Response, error: ServiceError): void {
  const { status, title } = ERRORS[error.code];
  if (error.retryAfterMs !== undefined) {
    response.set('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  }
  const requestId = response.getHeader('x-request-id');
  response
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:tandem:error:${error.code}`,
        title,
        status,
        detail: error.message,
        code: error.code,
        requestId,
      }),
    );
}

/** What body-parser's errors mean to the client. */
const BODY_ERRORS: Readonly<Record<string, [ErrorCode, string]>> = {
  'entity.too.large': [
    'BODY_TOO_LARGE',
    'The body is larger than this path takes; send a smaller image or batch.',
  ],
  'entity.parse.failed': ['BAD_REQUEST', 'The body is not valid JSON; check its syntax.'],
  'encoding.unsupported': ['UNSUPPORTED_TYPE', 'The body is compressed; send it without Content-Encoding.'],
  'charset.unsupported': ['UNSUPPORTED_TYPE', 'The body has an unknown charset; send JSON as UTF-8.'],
  'request.aborted': ['BAD_REQUEST', 'The body ended early; send it whole.'],
  'request.size.invalid': ['BAD_REQUEST', 'The body is not as long as Content-Length says; send it whole.'],
};

/** Turns any thrown value into an error for the client; what is unexpected tells nothing of the inside. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const { type, status } = (error ?? {}) as { type?: string; status?: number };
  const known = type === undefined ? undefined : BODY_ERRORS[type];
  if (known !== undefined) return new ServiceError(...known);
  if (status === 400)
    return new ServiceError('BAD_REQUEST', 'The request cannot be read; check its URL and headers.');
  return new ServiceError('INTERNAL', 'Something failed that should not; the log has the request id.');
}

/** The one error middleware. */
export const errorHandler: ErrorRequestHandler = (error, request, response, next) => {
  const known = toServiceError(error);
  if (known.code === 'INTERNAL') (request as { log?: Logger }).log?.error(error, 'request failed');
  if (response.headersSent) next(error);
  else sendProblem(response, known);
};
