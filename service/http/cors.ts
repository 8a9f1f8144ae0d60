/**
 * Cross-origin resource sharing: lets pages of the configured origins call the API from a browser.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import type { RequestHandler } from 'express';

/** The origin that stands for all origins. */
export const ANY_ORIGIN = '*';

/** Response headers that a page may read. */
const EXPOSED = ['x-request-id', 'traceparent', 'retry-after', 'inference-header-content-length'].join(', ');
/** Browsers keep a preflight's answer this long; Chromium at most two hours. */
const MAX_AGE_SECONDS = 7_200;

/**
 * Sets the headers of answers to allowed origins. A preflight request gets its headers here and its empty answer from
 * {@link answerPreflight}, which comes after the log.
 *
 * @param origins such as `https://example.com`, or {@link ANY_ORIGIN}
 */
export const allowOrigins =
  (origins: readonly string[]): RequestHandler =>
  (request, response, next) => {
    const origin = request.get('origin');
    const isAny = origins.includes(ANY_ORIGIN);
    if (!isAny) response.vary('Origin');
    if (origin !== undefined && (isAny || origins.includes(origin))) {
      response.set({
        'Access-Control-Allow-Origin': isAny ? ANY_ORIGIN : origin,
        'Access-Control-Expose-Headers': EXPOSED,
      });
      if (request.method === 'OPTIONS' && request.get('access-control-request-method') !== undefined) {
        response.set({
          'Access-Control-Allow-Methods': 'GET, HEAD, POST',
          'Access-Control-Allow-Headers': request.get('access-control-request-headers') ?? '',
          'Access-Control-Max-Age': String(MAX_AGE_SECONDS),
        });
      }
    }
    next();
  };

/** Answers a preflight request of an allowed origin; a browser sends no API key with it. */
export const answerPreflight: RequestHandler = (_request, response, next) => {
  if (response.hasHeader('Access-Control-Allow-Methods')) response.status(204).end();
  else next();
};
