/**
 * Sends a load.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';

import { judgeAnswer, readAnswer } from './answer';
import { agentOf, type Connections } from './connections';
import { MAX_IN_FLIGHT, MAX_REQUESTS } from './load';
import { OUTCOMES, type Outcome, type Requests } from './run-document';
import { LATE_START } from './start-at';

/** The class is checked in one answer of so many, since reading every answer takes time of the generator's core. */
export const DEFAULT_CHECK_EVERY = 10;
/** How often the parent process hears of progress. */
export const PROGRESS_INTERVAL_MS = 250;

export interface SendJob {
  readonly url: string;
  /** Intended send times in milliseconds, or clients that send again when they are answered. */
  readonly arrivals:
    | { readonly kind: 'open'; readonly intendedMs: Float64Array }
    | { readonly kind: 'closed'; readonly clients: number };
  readonly durationMs: number;
  /** Wall clock time of the schedule's start, milliseconds since 1970. @default as soon as the process is ready */
  readonly startAtMs?: number;
  readonly connections: Connections;
  /** From the intended send time. */
  readonly timeoutMs: number;
  /** Posted in turn; without images, GET is sent. */
  readonly images: readonly {
    readonly file: string;
    readonly type: string;
    readonly expectedClass?: string;
  }[];
  /** The class is checked in one answer of so many. @default DEFAULT_CHECK_EVERY */
  readonly checkEvery?: number;
}

/** What a process sends while it runs; `settled` is the number of requests, from the first, whose outcome is known. */
export interface SendProgress extends Requests {
  readonly due: number;
  readonly settled: number;
  /** The index of the first request in these arrays. */
  readonly from: number;
}

export interface SendResult {
  readonly requests: Requests;
  readonly failures: Readonly<Record<string, number>>;
  readonly complete: boolean;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly elapsedMs: number;
  readonly cpuShare: number;
  readonly clockDriftMs: number;
}

export type FromSender =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly progress: SendProgress }
  | { readonly kind: 'result'; readonly result: SendResult }
  | { readonly kind: 'refused'; readonly message: string };

const CODE = Object.fromEntries(OUTCOMES.map((name, code) => [name, code])) as Record<Outcome, number>;
const PENDING = 255;

/** The start of the schedule by both clocks, in milliseconds; the monotonic one is exact where the wall clock is. */
function startOf(startAtMs: number | undefined): { readonly zeroMs: number; readonly wallZeroMs: number } {
  // eslint-disable-next-line no-restricted-properties -- a point in time, to tie the two clocks together
  const [monotonicMs, wallMs] = [performance.now(), Date.now()];
  if (startAtMs === undefined) return { zeroMs: monotonicMs, wallZeroMs: wallMs };
  if (startAtMs < wallMs) {
    throw new RangeError(
      `${LATE_START}, received ${new Date(startAtMs).toISOString()}, which was ` +
        `${((wallMs - startAtMs) / 1000).toFixed(1)} s ago: choose a later time`,
    );
  }
  return { zeroMs: monotonicMs + startAtMs - wallMs, wallZeroMs: startAtMs };
}

/**
 * Sends everything that is due and waits until each request has its outcome; `stop` ends it early.
 *
 * @throws RangeError if the time to start is past
 */
export async function send(
  job: SendJob,
  stop: AbortSignal,
  onProgress: (progress: SendProgress) => void = () => undefined,
): Promise<SendResult> {
  const images = job.images.map((image) => ({ ...image, body: readFileSync(image.file) }));
  const { checkEvery = DEFAULT_CHECK_EVERY } = job;
  const agent = agentOf(job.connections);
  const capacity = job.arrivals.kind === 'open' ? job.arrivals.intendedMs.length : MAX_REQUESTS;
  const all = {
    intendedMs: job.arrivals.kind === 'open' ? job.arrivals.intendedMs : new Float64Array(capacity),
    lagMs: new Float32Array(capacity),
    latencyMs: new Float32Array(capacity),
    outcome: new Uint8Array(capacity).fill(PENDING),
    status: new Uint16Array(capacity),
  };
  const failures: Record<string, number> = {};
  const { zeroMs, wallZeroMs } = startOf(job.startAtMs);
  const now = () => performance.now() - zeroMs;
  let stoppedMs = Infinity;
  const noteStop = () => (stoppedMs = now());
  if (stop.aborted) noteStop();
  else stop.addEventListener('abort', noteStop, { once: true });
  if (now() < 0) await waitUnlessStopped(-now(), stop);
  const cpuZero = process.cpuUsage();
  const cpuShareUntilNow = () => {
    const [{ user, system }, ms] = [process.cpuUsage(cpuZero), now()];
    // Below 0 if it was stopped before its start.
    return ms > 0 ? (user + system) / 1000 / ms : 0;
  };
  let due = 0;
  let settled = 0;
  let inFlight = 0;

  const settle = (index: number, outcome: Outcome, status: number, kind?: string) => {
    all.outcome[index] = CODE[outcome];
    all.status[index] = status;
    // A timer may end up to 2 ms early. To wait once more would cost a timer per request and come up to 1 ms late, which the
    // server would seem to take.
    if (outcome !== 'unsent')
      all.latencyMs[index] = now() - all.intendedMs[index]! - Math.min(0, all.lagMs[index]!);
    if (outcome === 'failed') failures[kind!] = (failures[kind!] ?? 0) + 1;
  };

  const sendOne = (index: number): Promise<void> => {
    if (inFlight >= MAX_IN_FLIGHT) {
      settle(index, 'unsent', 0);
      return Promise.resolve();
    }
    inFlight++;
    all.lagMs[index] = now() - all.intendedMs[index]!;
    const image = images[index % images.length];
    // Each image is checked in turn, however many there are.
    const round = Math.floor(index / Math.max(1, images.length));
    const expectedClass = round % checkEvery === 0 ? image?.expectedClass : undefined;
    return new Promise<void>((resolve) => {
      const end = (outcome: Outcome, status: number, kind?: string) => {
        if (all.outcome[index] !== PENDING) return;
        clearTimeout(deadline);
        inFlight--;
        settle(index, outcome, status, kind);
        resolve();
      };
      const headers = image && { 'content-type': image.type, 'content-length': image.body.length };
      const sent = request(job.url, { method: image ? 'POST' : 'GET', agent, ...(headers && { headers }) });
      const fail = (error: NodeJS.ErrnoException) => end('failed', 0, error.code ?? error.message);
      const deadline = setTimeout(
        () => {
          end('timedOut', 0);
          sent.destroy();
        },
        Math.max(0, all.intendedMs[index]! + job.timeoutMs - now()),
      );
      sent.once('response', (response) => {
        readAnswer(response, expectedClass !== undefined, fail, (body) => {
          const { outcome, kind } = judgeAnswer(response, body, expectedClass);
          end(outcome, response.statusCode!, kind);
        });
      });
      sent.on('error', fail);
      sent.end(image?.body);
    });
  };

  const settledUntil = () => {
    while (settled < due && all.outcome[settled] !== PENDING) settled++;
    return settled;
  };
  let reported = 0;
  const report = setInterval(() => {
    const until = settledUntil();
    onProgress({ due, settled: until, from: reported, ...sliceOf(all, reported, until) });
    reported = until;
  }, PROGRESS_INTERVAL_MS);

  let cpuShare: number;
  if (job.arrivals.kind === 'open') {
    const pending: Promise<void>[] = [];
    while (due < capacity) {
      const waitMs = all.intendedMs[due]! - now();
      if (waitMs > 0) await waitUnlessStopped(waitMs, stop);
      if (stop.aborted) break;
      pending.push(sendOne(due++));
    }
    if (due === capacity) await waitUnlessStopped(job.durationMs - now(), stop);
    // The wait for the last answers takes next to none.
    cpuShare = cpuShareUntilNow();
    await Promise.all(pending);
  } else {
    const client = async () => {
      while (now() < job.durationMs && due < capacity && !stop.aborted) {
        const index = due++;
        all.intendedMs[index] = now();
        await sendOne(index);
      }
    };
    await Promise.all(Array.from({ length: job.arrivals.clients }, client));
    cpuShare = cpuShareUntilNow();
  }
  clearInterval(report);
  agent.destroy();
  // Below 0 if it was stopped before its start.
  const elapsedMs = Math.max(0, now());
  // eslint-disable-next-line no-restricted-properties -- a point in time, for the report
  const finishedAtMs = Math.max(wallZeroMs, Date.now());
  return {
    requests: sliceOf(all, 0, due),
    failures,
    // A stop while the last answers are awaited ends no schedule early; the bound of requests does end a closed loop.
    complete:
      stoppedMs >= job.durationMs && (job.arrivals.kind === 'open' ? due === capacity : due < capacity),
    startedAtMs: wallZeroMs,
    finishedAtMs,
    elapsedMs,
    cpuShare,
    clockDriftMs: Math.abs(finishedAtMs - wallZeroMs - elapsedMs),
  };
}

const sliceOf = (all: Requests, from: number, to: number): Requests => ({
  intendedMs: all.intendedMs.slice(from, to),
  lagMs: all.lagMs.slice(from, to),
  latencyMs: all.latencyMs.slice(from, to),
  outcome: all.outcome.slice(from, to),
  status: all.status.slice(from, to),
});

function waitUnlessStopped(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done);
    if (stop.aborted) done();
  });
}
