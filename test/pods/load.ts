/** Sends load to a service from outside, with a fresh connection per request, so that each is routed separately. */
import { summarize } from '../../bench/load/documents';
import { runLoad } from '../../bench/load/generator';

export interface LoadResult {
  readonly sent: number;
  readonly answered: number;
  /** Failures by kind. */
  readonly failures: Readonly<Record<string, number>>;
  /** Latency of the answers from the intended send time. */
  readonly medianMs: number;
}

const TIMEOUT_MS = 20_000;
/** Longer than any test: the load ends when it is stopped. */
const MAX_LOAD = '15m';

/** Starts a load; the returned function stops it, waits for the last answers and summarizes. */
export function startLoad(url: string, file: string, ratePerSecond: number): () => Promise<LoadResult> {
  const stop = new AbortController();
  const run = runLoad({
    ...{ url, images: [{ file }], timeoutMs: TIMEOUT_MS, stop: stop.signal },
    load: `constant:${ratePerSecond}:${MAX_LOAD}`,
  });
  return async () => {
    stop.abort();
    const document = await run;
    const { due, outcomes, answered } = summarize(document);
    const { refused, timedOut, unsent } = outcomes;
    const counts = Object.entries({ refused, timedOut, unsent }).filter(([, count]) => count > 0);
    return {
      sent: due,
      answered: outcomes.right,
      failures: { ...document.failures, ...Object.fromEntries(counts) },
      medianMs: answered.p50Ms,
    };
  };
}
