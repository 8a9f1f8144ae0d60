/**
 * Sends a load: the program of the generator's own process, so that no other work delays its event loop.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import { agentOf, type Connections } from './connections';
import { MAX_REQUESTS } from './load';
import { OUTCOMES, type Outcome, type Requests } from './run-document';

/** Requests that may wait for an answer at once; one that is due above that is not sent, which makes a run invalid. */
export const MAX_IN_FLIGHT = 4_096;
/** The class is checked in one answer of so many. */
export const CHECK_EVERY = 10;
/** How often the parent process hears of progress. */
export const PROGRESS_INTERVAL_MS = 250;

export interface SendJob {
  readonly url: string;
  /** Intended send times in milliseconds, or clients that send again when they are answered. */
  readonly arrivals:
    | { readonly kind: 'open'; readonly intendedMs: Float64Array }
    | { readonly kind: 'closed'; readonly clients: number };
  readonly durationMs: number;
  readonly connections: Connections;
  /** From the intended send time. */
  readonly timeoutMs: number;
  /** Posted in turn; without images, GET is sent. */
  readonly images: readonly {
    readonly file: string;
    readonly type: string;
    readonly expectedClass?: string;
  }[];
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
  | { readonly kind: 'result'; readonly result: SendResult };

const CODE = Object.fromEntries(OUTCOMES.map((name, code) => [name, code])) as Record<Outcome, number>;
const PENDING = 255;

/** Sends everything that is due and waits until each request has its outcome; `stop` ends it early. */
export async function send(
  job: SendJob,
  stop: AbortSignal,
  onProgress: (progress: SendProgress) => void = () => undefined,
): Promise<SendResult> {
  const images = job.images.map((image) => ({ ...image, body: readFileSync(image.file) }));
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
  const [zero, wallZero, cpuZero] = [performance.now(), Date.now(), process.cpuUsage()];
  const now = () => performance.now() - zero;
  let due = 0;
  let settled = 0;
  let inFlight = 0;

  const settle = (index: number, outcome: Outcome, status: number, kind?: string) => {
    all.outcome[index] = CODE[outcome];
    all.status[index] = status;
    if (outcome !== 'unsent') all.latencyMs[index] = now() - all.intendedMs[index]!;
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
    const expectedClass = round % CHECK_EVERY === 0 ? image?.expectedClass : undefined;
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

  const pending: Promise<void>[] = [];
  if (job.arrivals.kind === 'open') {
    while (due < capacity) {
      const waitMs = all.intendedMs[due]! - now();
      if (waitMs > 0) await waitUnlessStopped(waitMs, stop);
      if (stop.aborted) break;
      pending.push(sendOne(due++));
    }
    if (due === capacity) await waitUnlessStopped(job.durationMs - now(), stop);
  } else {
    const client = async () => {
      while (now() < job.durationMs && due < capacity && !stop.aborted) {
        const index = due++;
        all.intendedMs[index] = now();
        await sendOne(index);
      }
    };
    for (let i = 0; i < job.arrivals.clients; i++) pending.push(client());
  }
  await Promise.all(pending);
  clearInterval(report);
  agent.destroy();
  const elapsedMs = now();
  const finishedAtMs = Date.now();
  const { user, system } = process.cpuUsage(cpuZero);
  return {
    requests: sliceOf(all, 0, due),
    failures,
    complete: !stop.aborted,
    startedAtMs: wallZero,
    finishedAtMs,
    elapsedMs,
    cpuShare: (user + system) / 1000 / elapsedMs,
    clockDriftMs: Math.abs(finishedAtMs - wallZero - elapsedMs),
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

/** Reads an answer to its end; its body is kept only if it will be looked at. */
function readAnswer(
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

function judgeAnswer(
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
function firstClass(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { top?: { class?: string }[] }).top?.[0]?.class;
  } catch {
    return undefined;
  }
}

const WARM_UP_REQUESTS = 200;

/** Sends to a server of its own, since the first requests of a process take some 20 ms more of it. */
async function warmUp(): Promise<void> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await send(
    {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      arrivals: {
        kind: 'open',
        intendedMs: Float64Array.from({ length: WARM_UP_REQUESTS }, (_, i) => 2 * i),
      },
      durationMs: 0,
      connections: { kind: 'fresh' },
      timeoutMs: 10_000,
      images: [],
    },
    new AbortController().signal,
  );
  server.close();
}

if (require.main === module) {
  const stop = new AbortController();
  const tell = (message: FromSender) => process.send!(message);
  // Ctrl-C reaches the whole process group: the parent decides what it means.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => process.exit(1));
  process.on('message', (message: SendJob | 'stop') => {
    if (message === 'stop') {
      stop.abort();
      return;
    }
    void send(message, stop.signal, (progress) => tell({ kind: 'progress', progress })).then((result) =>
      process.send!({ kind: 'result', result } satisfies FromSender, () => process.exit(0)),
    );
  });
  void warmUp().then(() => tell({ kind: 'ready' }));
}
