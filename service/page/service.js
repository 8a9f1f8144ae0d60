/** Requests to the service, and sentences for what can go wrong with them. */

const KEY = 'apiKey';
/** What an API key may consist of; the service refuses to start with another one. */
const VALID_KEY = /^[\x21-\x7e]+$/;

/** An answer that is an error. `status` is 0 if there was no answer. */
export class RequestError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Uses the tab's storage. Where the user blocks site data it throws: then a key lasts until the page is left. */
function withStorage(use) {
  try {
    return use(sessionStorage);
  } catch {
    return undefined;
  }
}

let apiKey = withStorage((storage) => storage.getItem(KEY)) ?? undefined;

/** Whether an API key is in use. */
export const hasKey = () => apiKey !== undefined;

/** Keeps a key for this tab. Returns a sentence if no header can carry it. */
export function keepKey(key) {
  if (!VALID_KEY.test(key)) return 'An API key has only visible ASCII characters and no spaces.';
  apiKey = key;
  withStorage((storage) => storage.setItem(KEY, key));
  return '';
}

/** What to do about an answer that does not come from the service, such as a proxy's page. */
const foreignAnswer = ({ status, statusText }) =>
  `The answer is not from the service: HTTP ${status} ${statusText}. Check the proxy in front of it.`.replace(
    / \./,
    '.',
  );

async function problemOf(response) {
  const problem = await response.json().catch(() => undefined);
  if (typeof problem?.detail !== 'string') return foreignAnswer(response);
  if (response.status === 401 && hasKey()) return 'The service refused this API key. Enter another one.';
  return problem.detail;
}

/** Sends a request, with the API key if there is one. Throws RequestError, or AbortError if the caller aborts it. */
export async function send(url, options = {}) {
  const headers = { ...options.headers };
  if (hasKey()) headers.authorization = `Bearer ${apiKey}`;
  let response;
  try {
    response = await fetch(url, { ...options, headers });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new RequestError('The service does not answer. Check that it runs, then try again.', 0);
  }
  if (!response.ok) throw new RequestError(await problemOf(response), response.status);
  return response;
}

/** Sends a request and reads the JSON of its answer. */
export async function json(url, options) {
  const response = await send(url, options);
  try {
    return await response.json();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new RequestError(foreignAnswer(response), response.status);
  }
}

const RETRY_MS = 1000;
const isTemporary = ({ status }) => status === 0 || status >= 500;

/** Reads JSON, and tries again until the service is there and ready. `onWait` gets each reason to wait. */
export async function jsonWhenReady(url, onWait) {
  for (;;) {
    try {
      return await json(url);
    } catch (error) {
      if (!isTemporary(error)) throw error;
      onWait(error.message);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
