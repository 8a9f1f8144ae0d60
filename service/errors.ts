/**
 * Errors that the client is told of, as `application/problem+json`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from 'pino';

import { type ErrorCode, ERRORS, PATHS } from './contract';
import type { Problem } from './problem';

/** An error with a stable code; its message is a sentence that tells the client what to do. */
export class ServiceError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    /** When to try again, milliseconds; for the errors that pass. */
    readonly retryAfterMs?: number,
    /** The part of the request that was wrong. */
    readonly field?: string,
  ) {
    super(message);
  }
}

/** An error as RFC 9457 wants it. */
export function problemOf({ code, message, field }: ServiceError, requestId: string): Problem {
  const { status, title } = ERRORS[code];
  return {
    type: `urn:tandem:error:${code}`,
    title,
    status,
    detail: message,
    code,
    requestId,
    ...(field === undefined ? {} : { field }),
  };
}

/** Where an answer's error code is kept for who counts. */
export const PROBLEM_CODE = 'problemCode';

/** Answers with an error. */
export function sendProblem(response: Response, error: ServiceError): void {
  response.locals[PROBLEM_CODE] = error.code;
  const problem = problemOf(error, String(response.getHeader('x-request-id')));
  if (error.retryAfterMs !== undefined) {
    response.set('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  }
  if (error.code === 'UNAUTHENTICATED') response.set('WWW-Authenticate', 'Bearer realm="tandem"');
  // The Open Inference Protocol has a form of errors of its own, which fits into the other.
  const isProtocol = `${response.req.path}/`.startsWith(`${PATHS.server}/`);
  response
    .status(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify(isProtocol ? { ...problem, error: problem.detail } : problem));
}

/** What body-parser's errors mean to the client. */
const BODY_ERRORS = {
  'entity.too.large': [
    'BODY_TOO_LARGE',
    'The body is larger than this path takes; send a smaller image or batch.',
  ],
  'entity.parse.failed': ['BAD_REQUEST', 'The body is not valid JSON; check its syntax.'],
  'encoding.unsupported': ['UNSUPPORTED_TYPE', 'The body is compressed; send it without Content-Encoding.'],
  'charset.unsupported': ['UNSUPPORTED_TYPE', 'The body has an unknown charset; send JSON as UTF-8.'],
  'request.aborted': ['BAD_REQUEST', 'The body ended early; send it whole.'],
  'request.size.invalid': ['BAD_REQUEST', 'The body is not as long as Content-Length says; send it whole.'],
} as const satisfies Readonly<Record<string, readonly [ErrorCode, string]>>;

/** What is wrong with a body, in body-parser's words. */
export function bodyError(type: keyof typeof BODY_ERRORS): ServiceError {
  const [code, message] = BODY_ERRORS[type];
  return new ServiceError(code, message);
}

/** Turns any thrown value into an error for the client; what is unexpected tells nothing of the inside. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const { type, status, code } = (error ?? {}) as { type?: string; status?: number; code?: string };
  if (code === 'ECONNRESET') return bodyError('request.aborted');
  if (type !== undefined && Object.hasOwn(BODY_ERRORS, type))
    return bodyError(type as keyof typeof BODY_ERRORS);
  if (status === 400)
    return new ServiceError('BAD_REQUEST', 'The request cannot be read; check its URL and headers.');
  return new ServiceError('INTERNAL', 'Something failed that should not; the log has the request id.');
}

/** The one error middleware. */
export const errorHandler: ErrorRequestHandler = // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express tells error handlers by their four parameters
  (error, request, response, _next) => {
    const known = toServiceError(error);
    if (known.code === 'INTERNAL') (request as { log?: Logger }).log?.error(error, 'request failed');
    // Half an answer cannot be taken back; that it ends early tells the client.
    if (response.headersSent) request.destroy();
    else sendProblem(response, known);
  };
