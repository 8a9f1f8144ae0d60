/**
 * What an answer means for a load: its outcome.
 */
import type { IncomingMessage } from 'node:http';

import type { Outcome } from './run-document';

/** Reads an answer to its end; its body is kept only if it will be looked at. */
export function readAnswer(
  response: IncomingMessage,
  keep: boolean,
  fail: (error: NodeJS.ErrnoException) => void,
  done: (body: string) => void,
): void {
  const chunks: Buffer[] = [];
  if (keep) response.on('data', (chunk: Buffer) => chunks.push(chunk));
  else response.resume();
  response.once('error', fail);
  response.once('end', () => done(Buffer.concat(chunks).toString()));
}

/** The outcome of a complete answer; `kind` says how it failed. */
export function judgeAnswer(
  { statusCode, headers }: IncomingMessage,
  body: string,
  expectedClass: string | undefined,
): { outcome: Outcome; kind?: string } {
  if (statusCode === 200) {
    return { outcome: expectedClass === undefined || firstClass(body) === expectedClass ? 'right' : 'wrong' };
  }
  if (statusCode === 503 && headers['retry-after'] !== undefined) return { outcome: 'refused' };
  return { outcome: 'failed', kind: `status ${statusCode}` };
}

/** The first class that an answer of `/v1/classify` names. */
export function firstClass(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { top?: { class?: string }[] }).top?.[0]?.class;
  } catch {
    return undefined;
  }
}
