/** What a generator says of its own requests: their latency, whether all were sent, and the CPU time that it took. */
import { send, type SendJob } from '../../../bench/load/sender';
import { startServer, type TestServer } from './server';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

type Answer = Parameters<typeof startServer>[0];

/** Sends to a server that answers so. */
async function sendTo(
  answer: Answer,
  changes: Pick<SendJob, 'arrivals' | 'durationMs'>,
  stop = new AbortController(),
) {
  server = await startServer(answer);
  const job = {
    url: server.url,
    timeoutMs: 10_000,
    images: [],
    connections: { kind: 'kept', count: 8 },
  } as const;
  return send({ ...job, ...changes }, stop.signal);
}

const open = (intendedMs: readonly number[]): SendJob['arrivals'] => ({
  ...{ kind: 'open', intendedMs: Float64Array.from(intendedMs) },
});

const SERVICE_MS = 5;
/** Answers after the time exactly: a timer may end up to 2 ms before it. */
const exactly: Answer = (_, response) => {
  const startMs = performance.now();
  const turn = () => {
    if (performance.now() - startMs >= SERVICE_MS) response.end('{}');
    else setImmediate(turn);
  };
  turn();
};

test('no latency is shorter than the server took, though a timer sends some requests before they are due', async () => {
  // Times at which no timer of whole milliseconds ends.
  const arrivals = open(Array.from({ length: 200 }, (_, i) => 9.7 * i));
  const { requests } = await sendTo(exactly, { arrivals, durationMs: 2_000 });
  expect(Math.min(...requests.latencyMs)).toBeGreaterThanOrEqual(SERVICE_MS);
});

test.each([
  ['an open loop', open([0, 50])],
  ['a closed loop', { kind: 'closed', clients: 2 }],
] as const)(
  'a stop while the last answers of %s are awaited leaves the run complete',
  async (_, arrivals) => {
    const stop = new AbortController();
    const answer: Answer = (__, response, index) => {
      // 50 ms after the schedule's end.
      if (index === 1) setTimeout(() => stop.abort(), 150);
      setTimeout(() => response.end('{}'), 500);
    };
    const { complete, requests } = await sendTo(answer, { arrivals, durationMs: 100 }, stop);
    expect(stop.signal.aborted).toBe(true);
    expect(requests.outcome).toHaveLength(2);
    expect(complete).toBe(true);
  },
);

test('the share of CPU is that of the time in which requests were sent, not of the wait for the last answers', async () => {
  const usedMs = 50;
  const usage = jest.spyOn(process, 'cpuUsage').mockReturnValue({ user: 1_000 * usedMs, system: 0 });
  try {
    const slow: Answer = (_, response) => setTimeout(() => response.end('{}'), 2_000);
    const { cpuShare, elapsedMs } = await sendTo(slow, { arrivals: open([0, 50]), durationMs: 100 });
    expect(elapsedMs).toBeGreaterThanOrEqual(1_990);
    expect(cpuShare).toBeGreaterThan((2 * usedMs) / elapsedMs);
  } finally {
    usage.mockRestore();
  }
});
