/** A load generator and a server in virtual time: it takes no time, and no other program can delay it. */
import { documentOf } from '../../../bench/load/documents';
import type { RunOptions } from '../../../bench/load/generator';
import type { Generator } from '../../../bench/load/http-probe';
import { durationSeconds, MAX_IN_FLIGHT, parseLoad } from '../../../bench/load/load';
import { OUTCOMES, type Requests } from '../../../bench/load/run-document';
import { drawSchedule } from '../../../bench/load/schedule';
import { PROGRESS_INTERVAL_MS } from '../../../bench/load/sender';

/** Latency of the answer to a request that is sent at a time since the start of the load. */
export type Serve = (atMs: number) => number;

/** What the generator does; by default, everything that it should. */
interface Behaviour {
  /** Of every answer. */
  readonly status?: number;
  /** Between the intended and the actual send times. */
  readonly lagMs?: number;
}

/** Answers one request at a time, each in the same time. */
export function queue(serviceMs: number): Serve {
  let freeMs = 0;
  return (atMs) => {
    freeMs = Math.max(freeMs, atMs) + serviceMs;
    return freeMs - atMs;
  };
}

/** The same, but it stands still once. */
export function stallingQueue(serviceMs: number, fromMs: number, stallMs: number): Serve {
  let freeMs = 0;
  return (atMs) => {
    const startMs = Math.max(freeMs, atMs);
    const isStalled = startMs >= fromMs && startMs < fromMs + stallMs;
    freeMs = (isStalled ? fromMs + stallMs : startMs) + serviceMs;
    return freeMs - atMs;
  };
}

/**
 * Answers come in the order of the requests. One that is due while as many wait as the generator allows is not sent.
 *
 * @param newServer an idle server for each load
 */
export function simulatedGenerator(
  newServer: () => Serve,
  { status = 200, lagMs = 0 }: Behaviour = {},
): Generator & { readonly pausesMs: number[]; readonly sent: number[] } {
  const [pausesMs, sent]: [number[], number[]] = [[], []];
  const run: Generator['run'] = (options: RunOptions) => {
    const { url, stop, onProgress, seed = 1, connections = 'fresh', timeoutMs = 10_000 } = options;
    const load = parseLoad(options.load);
    const durationMs = 1000 * durationSeconds(load);
    const serve = newServer();
    const latencies: number[] = [];
    /** When each request that was sent is answered. */
    const answeredMs: number[] = [];
    const unsent = new Set<number>();
    const intended: number[] = load.kind === 'closed' ? [] : [...drawSchedule(load, seed)];
    if (load.kind === 'closed')
      for (let atMs = 0; atMs < durationMs; atMs += latencies.at(-1)!) {
        intended.push(atMs);
        latencies.push(serve(atMs));
      }
    else
      intended.forEach((atMs, i) => {
        if ((answeredMs.at(-MAX_IN_FLIGHT) ?? 0) > atMs) unsent.add(i);
        else answeredMs.push(atMs + serve(atMs));
        latencies.push(unsent.has(i) ? 0 : answeredMs.at(-1)! - atMs);
      });
    const requests = (from: number, to: number): Requests => ({
      intendedMs: Float64Array.from(intended.slice(from, to)),
      latencyMs: Float32Array.from(latencies.slice(from, to)),
      lagMs: new Float32Array(to - from).fill(lagMs),
      outcome: Uint8Array.from({ length: to - from }, (_, i) =>
        OUTCOMES.indexOf(unsent.has(from + i) ? 'unsent' : status === 200 ? 'right' : 'failed'),
      ),
      status: Uint16Array.from({ length: to - from }, (_, i) => (unsent.has(from + i) ? 0 : status)),
    });
    let [due, settled, nowMs] = [0, 0, 0];
    while (settled < intended.length && stop?.aborted !== true) {
      nowMs += PROGRESS_INTERVAL_MS;
      const from = settled;
      while (due < intended.length && intended[due]! <= nowMs) due++;
      while (settled < due && intended[settled]! + latencies[settled]! <= nowMs) settled++;
      onProgress?.({ due, settled, from, ...requests(from, settled) }, durationMs);
    }
    sent.push(due);
    const failures: Record<string, number> = status === 200 ? {} : { [`status ${status}`]: due };
    const at = new Date(0).toISOString();
    const document = documentOf({
      settings: { url, load: options.load, connections, timeoutMs, seed, images: [] },
      generators: [
        {
          ...{ cpuModel: 'none', cores: 1, nodeVersion: process.version, platform: 'none' },
          ...{ shard: { index: 1, count: 1 }, startedAt: at, finishedAt: at },
          ...{ cpuShare: 0, clockDriftMs: 0, elapsedMs: nowMs },
        },
      ],
      ...{ startedAt: at, durationMs, complete: stop?.aborted !== true, failures },
      requests: requests(0, due),
    });
    return Promise.resolve(document);
  };
  const pause = (ms: number) => Promise.resolve(pausesMs.push(ms));
  return { run, pause, pausesMs, sent };
}
