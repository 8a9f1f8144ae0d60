/**
 * Errors sent to the client as `application/problem+json`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
import type { ErrorRequestHandler, Response } from 'express';

import { type ErrorCode, ERRORS, PATHS } from './contract';
import type { Problem } from './problem';

/** An error with a stable code. Its message says what was wrong and what the client should do. */
export class ServiceError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    /** How long the client should wait before it retries, milliseconds; for temporary errors only. */
    readonly retryAfterMs?: number,
    /** The part of the request that was wrong. */
    readonly field?: string,
  ) {
    super(message);
  }
}

/** The error as RFC 9457 problem details. */
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

/** Key in `response.locals` of the error code, for metrics and the log. */
export const PROBLEM_CODE = 'problemCode';

/** Sends an error response. */
export function sendProblem(response: Response, error: ServiceError): void {
  response.locals[PROBLEM_CODE] = error.code;
  const problem = problemOf(error, String(response.getHeader('x-request-id')));
  if (error.retryAfterMs !== undefined) {
    response.set('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  }
  if (error.code === 'UNAUTHENTICATED') response.set('WWW-Authenticate', 'Bearer realm="tandem"');
  // The inference protocols require an `error` field, which problem details may carry too.
  const isProtocol = [PATHS.server, PATHS.v1Models].some((path) =>
    `${response.req.path}/`.startsWith(`${path}/`),
  );
  response
    .status(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify(isProtocol ? { ...problem, error: problem.detail } : problem));
}

/** Code and message for each way in which a body cannot be read. */
const BODY_ERRORS = {
  'json.invalid': ['BAD_REQUEST', 'The body is not valid JSON; check its syntax.'],
  'json.empty': ['BAD_REQUEST', 'The body is empty; send JSON.'],
  'encoding.unsupported': [
    'UNSUPPORTED_TYPE',
    'The Content-Encoding is not supported; send gzip, deflate or no Content-Encoding.',
  ],
  'encoding.damaged': [
    'BAD_REQUEST',
    'The compressed body is damaged or incomplete; compress and send it again.',
  ],
  'charset.unsupported': ['UNSUPPORTED_TYPE', 'The body has an unknown charset; send JSON as UTF-8.'],
  'request.aborted': ['BAD_REQUEST', 'The body is incomplete; send all of it.'],
} as const satisfies Readonly<Record<string, readonly [ErrorCode, string]>>;

/** The error for a body that cannot be read. */
export function bodyError(kind: keyof typeof BODY_ERRORS): ServiceError {
  const [code, message] = BODY_ERRORS[kind];
  return new ServiceError(code, message);
}

/** Turns any thrown value into an error for the client. An unexpected error reveals no internals. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const { status, code } = (error ?? {}) as { status?: number; code?: string };
  if (code === 'ECONNRESET') return bodyError('request.aborted');
  if (status === 400)
    return new ServiceError('BAD_REQUEST', 'The request cannot be read; check its URL and headers.');
  return new ServiceError(
    'INTERNAL',
    'An unexpected error occurred; find its cause in the log by the request id.',
  );
}

/** Logs an unexpected error of a request; the request log gives it to each request. */
export interface RequestErrors {
  error(error: unknown, message: string): void;
}

/** The only error middleware. */
export const errorHandler: ErrorRequestHandler = // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express recognizes error handlers by their four parameters
  (error, request, response, _next) => {
    const known = toServiceError(error);
    if (known.code === 'INTERNAL') (request as { log?: RequestErrors }).log?.error(error, 'request failed');
    // Answered already, such as a body that took too long: the client must be able to read that answer.
    if (response.writableEnded) return;
    // Part of the answer is already sent: a broken connection is the only way to signal the error.
    if (response.headersSent) request.destroy();
    else sendProblem(response, known);
  };
