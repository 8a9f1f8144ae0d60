/** Load on a service from outside its pods: so many requests a second, whatever the answers take. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LoadResult {
  readonly sent: number;
  readonly answered: number;
  /** What went wrong, with how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** Milliseconds from request to the end of the answer, ascending. */
  readonly latenciesMs: readonly number[];
}

const TIMEOUT_MS = 20_000;

/** One request on a connection of its own, so that each is routed anew. */
function post(url: string, body: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {
      method: 'POST',
      agent: false,
      timeout: TIMEOUT_MS,
      headers: { 'content-type': 'image/jpeg' },
    };
    const sent = request(url, options, (response) => {
      response.resume();
      response.on('end', () =>
        resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`),
      );
      response.on('error', (error) => resolve(error.message));
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    sent.on('error', (error) => resolve(error.message));
    sent.end(body);
  });
}

/** Starts it; what is returned stops it, waits for the last answers and says what came of all. */
export function startLoad(url: string, body: Buffer, perSecond: number): () => Promise<LoadResult> {
  const stopped = new AbortController();
  const failures: Record<string, number> = {};
  const latenciesMs: number[] = [];
  const open: Promise<void>[] = [];
  const one = async () => {
    const started = performance.now();
    const failure = await post(url, body);
    if (failure === undefined) latenciesMs.push(performance.now() - started);
    else failures[failure] = (failures[failure] ?? 0) + 1;
  };
  const sending = (async () => {
    const started = performance.now();
    while (!stopped.signal.aborted) {
      const due = ((performance.now() - started) / 1000) * perSecond;
      while (open.length < due) open.push(one());
      await sleep(10);
    }
  })();
  return async () => {
    stopped.abort();
    await sending;
    await Promise.all(open);
    latenciesMs.sort((a, b) => a - b);
    return { sent: open.length, answered: latenciesMs.length, failures, latenciesMs };
  };
}
