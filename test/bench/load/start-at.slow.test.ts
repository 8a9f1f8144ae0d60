import { mergeRuns } from '../../../bench/load/documents';
import { runLoad } from '../../../bench/load/generator';
import { decodeRequests, type RunDocument } from '../../../bench/load/run-document';
import { send } from '../../../bench/load/sender';
import { parseStartAt } from '../../../bench/load/start-at';
import { startServer, type TestServer } from './server';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const NOW_MS = Date.parse('2026-11-28T10:00:00Z');

test('reads a time in UTC', () => {
  expect(parseStartAt('2026-11-28T10:00:01.250Z', NOW_MS).getTime()).toBe(NOW_MS + 1_250);
});

test.each([
  '10:00',
  '2026-11-28T10:00:01',
  '2026-11-28T09:59:59Z',
  '2026-11-28T11:00:01Z',
  '2026-13-01T10:00:00Z',
])('refuses the time %s', (text) => {
  expect(() => parseStartAt(text, NOW_MS)).toThrow(
    `--start-at must be a time in UTC within the next 3600 s, such as 2026-11-28T10:00:00Z, received "${text}"`,
  );
});

test('shards that are given one time start there, whenever each was started', async () => {
  const arrivedMs: number[] = [];
  server = await startServer((_, response) => {
    arrivedMs.push(Date.now());
    response.end('{}');
  });
  const { url } = server;
  const bothFrom = async (startAt: Date) => {
    const options = { url, load: 'constant:40:1s', startAt };
    const first = runLoad({ ...options, shard: { index: 1, count: 2 } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const second = runLoad({ ...options, shard: { index: 2, count: 2 } });
    const runs = await Promise.allSettled([first, second]);
    return runs.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  };
  let startAt = new Date();
  let documents: RunDocument[] = [];
  // On a busy machine a generator may be ready too late.
  for (let leadMs = 4_000; documents.length < 2 && leadMs < 60_000; leadMs *= 3) {
    startAt = new Date(Date.now() + leadMs);
    arrivedMs.length = 0;
    documents = await bothFrom(startAt);
  }
  expect(documents.map(({ startedAt }) => startedAt)).toEqual(Array(2).fill(startAt.toISOString()));
  expect(Math.min(...arrivedMs)).toBeGreaterThanOrEqual(startAt.getTime());
  // The merged schedule is the one that was drawn.
  const { intendedMs } = decodeRequests(mergeRuns(documents).requests);
  expect([...intendedMs]).toEqual(Array.from({ length: 40 }, (_, i) => 25 * i));
});

test('a generator that is ready too late sends nothing and says so', async () => {
  server = await startServer((_, response) => response.end('{}'));
  const late = runLoad({ url: server.url, load: 'constant:40:1s', startAt: new Date(Date.now() - 1_000) });
  await expect(late).rejects.toThrow(
    /--start-at must be later than the generator is ready, received .* ago: choose a later time/,
  );
  expect(server.requestsPerConnection).toEqual([]);
});

test('a generator that is stopped while it waits for its start has sent nothing', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const result = await send(
    {
      ...{ url: 'http://127.0.0.1:1/', durationMs: 1_000, connections: { kind: 'fresh' }, timeoutMs: 1_000 },
      ...{ images: [], startAtMs: Date.now() + 60_000 },
      arrivals: { kind: 'open', intendedMs: Float64Array.of(0, 500) },
    },
    stop.signal,
  );
  expect(result).toMatchObject({ complete: false, elapsedMs: 0, cpuShare: 0, clockDriftMs: 0 });
  expect(result.requests.outcome).toHaveLength(0);
});
