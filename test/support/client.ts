/** HTTP client for tests of the service. */
import { connect } from 'node:net';

import { PROBLEM } from '../../service/problem';

export type Body = string | Buffer | FormData;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are read as a client would
export const json = (response: Response) => response.json() as Promise<any>;

export const post = (url: string, body: Body, type?: string, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body: body as NonNullable<RequestInit['body']>,
    headers: { ...headers, ...(type === undefined ? {} : { 'content-type': type }) },
  });

/** Expects a problem in the documented form with this status and code. */
export async function expectProblem(
  response: Response,
  status: number,
  code: string,
  sentence: RegExp,
  field?: string,
): Promise<void> {
  expect(response.headers.get('content-type')).toMatch('application/problem+json');
  const problem = PROBLEM.parse(await json(response));
  expect([response.status, problem.status, problem.code]).toEqual([status, status, code]);
  expect(problem.type).toBe(`urn:tandem:error:${code}`);
  expect(problem.detail).toMatch(sentence);
  expect(problem.requestId).toBe(response.headers.get('x-request-id'));
  if (field !== undefined) expect(problem.field).toBe(field);
}

/** A form with files in the field `image`. */
export function formOf(images: readonly Buffer[], name = 'photo.jpg', type = 'image/jpeg'): FormData {
  const form = new FormData();
  for (const image of images) form.append('image', new Blob([new Uint8Array(image)], { type }), name);
  return form;
}

/**
 * Sends lines to a server on one connection, and reads until a pattern appears.
 *
 * @param allowHalfOpen whether it may go on after the server has ended its side
 */
export async function converse(port: number, allowHalfOpen = false) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
  await new Promise((resolve) => socket.once('connect', resolve));
  // What a server that has had enough does to a client that goes on.
  const error = new Promise<Error | undefined>((resolve) => {
    socket.on('error', resolve);
    socket.on('end', () => resolve(undefined));
  });
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
  return {
    say: (data: string | Buffer) => void socket.write(data),
    hear: async (pattern: RegExp): Promise<string> => {
      for (let i = 0; i < 500; i++) {
        if (pattern.test(heard)) {
          const all = heard;
          heard = '';
          return all;
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`waited 5 s for ${String(pattern)}, heard ${heard}`);
    },
    /** Why the connection broke; undefined when the server ended it in order. */
    error,
    end: () => socket.destroy(),
  };
}
