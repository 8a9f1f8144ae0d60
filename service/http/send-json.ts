/**
 * Sends JSON with the headers of Express' `response.json`, without the questions that it asks of other bodies.
 */
import type { ServerResponse } from 'node:http';

/** Sends the whole answer to a POST. */
export function sendJson(response: ServerResponse, value: object): void {
  const text = JSON.stringify(value);
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}
