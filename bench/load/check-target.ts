/**
 * One request per image before a load: a wrong URL, class or image is told in a sentence, before thousands of requests.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';

import { firstClass, judgeAnswer, readAnswer } from './answer';
import { DEFAULT_TIMEOUT_MS, type Image, mediaType, type RunOptions } from './generator';

/** Of many images, so many are tried: the load tells about the others. */
const MAX_TRIED = 20;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly outcome: ReturnType<typeof judgeAnswer>['outcome'];
}

type Target = Pick<RunOptions, 'url' | 'images' | 'timeoutMs' | 'stop'>;

/** What to do about an error of the connection, by its code. */
const CONNECTION_ERRORS: Readonly<Record<string, (url: URL) => string>> = {
  ECONNREFUSED: ({ origin }) => `nothing listens at ${origin}: start the service, or check --url`,
  ENOTFOUND: ({ hostname }) => `no host is named ${hostname}: check --url`,
  EAI_AGAIN: ({ hostname }) => `the host name ${hostname} cannot be looked up: check --url and the network`,
};

function ask(
  { url, timeoutMs = DEFAULT_TIMEOUT_MS, stop }: Target,
  image: Image | undefined,
): Promise<Answer> {
  const body = image && readFileSync(image.file);
  const headers = image && { 'content-type': mediaType(image.file), 'content-length': body!.length };
  // Node takes whole milliseconds only.
  const signal = AbortSignal.any([AbortSignal.timeout(Math.ceil(timeoutMs)), ...(stop ? [stop] : [])]);
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: image ? 'POST' : 'GET',
      agent: false,
      signal,
      ...(headers && { headers }),
    });
    sent.once('response', (response) => {
      readAnswer(response, true, reject, (text) => {
        const { outcome } = judgeAnswer(response, text, image?.expectedClass);
        resolve({ status: response.statusCode!, body: text, outcome });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The sentence of a problem (RFC 9457); empty if the answer is none. */
function detailOf(body: string): string {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    return typeof detail === 'string' ? ` (${detail})` : '';
  } catch {
    return '';
  }
}

/** What is wrong with an answer; undefined if a load may follow. */
function faultOf(
  { status, body, outcome }: Answer,
  url: string,
  image: Image | undefined,
): string | undefined {
  // A server that refuses for want of time is busy, not misnamed.
  if (outcome === 'right' || outcome === 'refused') return undefined;
  if (outcome === 'wrong') {
    const named = firstClass(body);
    const answered = named === undefined ? 'names no class' : `names the class "${named}"`;
    return (
      `${url} ${answered} for ${image!.file}, and --image expects "${image!.expectedClass}": ` +
      'correct the class, or give the file alone'
    );
  }
  const answered = `answered ${status}${detailOf(body)}`;
  if (status === 404 || status === 405) return `${url} ${answered}: check the path in --url`;
  if (status >= 500) return `${url} ${answered}: see the service’s log`;
  return image === undefined
    ? `${url} ${answered}: check --url, or send an image with --image`
    : `${url} ${answered} to ${image.file}: check --url and --image`;
}

function connectionFault(
  error: NodeJS.ErrnoException,
  { url, timeoutMs = DEFAULT_TIMEOUT_MS }: Target,
): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') {
    return `${url} did not answer within ${timeoutMs / 1000} s: check --url, or give a longer --timeout`;
  }
  const known = CONNECTION_ERRORS[error.code ?? ''];
  return known?.(new URL(url)) ?? `${url} gives no answer (${error.code ?? error.message}): check --url`;
}

/**
 * Sends each image once, or one GET if there is none.
 *
 * @returns whether a load may follow; false at once when it is stopped
 * @throws Error with the remedy if the server is not there or does not answer as expected
 */
export async function checkTarget(target: Target): Promise<boolean> {
  const { url, images = [], stop } = target;
  const tried = images.length === 0 ? [undefined] : images.slice(0, MAX_TRIED);
  for (const image of tried) {
    if (stop?.aborted) return false;
    let answer: Answer;
    try {
      answer = await ask(target, image);
    } catch (error) {
      if (stop?.aborted) return false;
      // An image that cannot be read or sent is named by its own error.
      if (error instanceof RangeError || (error as NodeJS.ErrnoException).syscall === 'open') throw error;
      throw new Error(connectionFault(error as NodeJS.ErrnoException, target), { cause: error });
    }
    const fault = faultOf(answer, url, image);
    if (fault !== undefined) throw new Error(fault);
  }
  return !stop?.aborted;
}
