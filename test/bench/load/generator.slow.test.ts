import { join } from 'node:path';

import { mergeRuns, documentOf, summarize } from '../../../bench/load/documents';
import { runLoad, type RunOptions } from '../../../bench/load/generator';
import { mergeHistograms, percentileMs } from '../../../bench/load/histogram';
import { decodeRequests, parseRunDocument } from '../../../bench/load/run-document';
import { send } from '../../../bench/load/sender';
import { startServer, type TestServer } from './server';

const SAMPLES = join(__dirname, '../../../models/demo/samples');

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const TIMEOUT_MS = 3_000;

type Answer = Parameters<typeof startServer>[0];
const ok: Answer = (_, response) => response.end('{}');

async function run(answer: Answer, options: Omit<RunOptions, 'url'>) {
  server = await startServer(answer);
  return runLoad({ url: server.url, ...options });
}

const rulesOf = ({ validity }: Awaited<ReturnType<typeof runLoad>>) =>
  validity.broken.map(({ rule }) => rule);

test('a run sends the whole schedule and its document survives JSON', async () => {
  const document = await run(ok, { load: 'poisson:100:2s', seed: 3 });
  const parsed = parseRunDocument(JSON.stringify(document));
  expect(parsed).toEqual(document);
  const { intendedMs, outcome } = decodeRequests(parsed.requests);
  expect(server!.requestsPerConnection).toEqual(Array.from(outcome, () => 1));
  expect(summarize(parsed).outcomes).toEqual({
    ...{ right: intendedMs.length, wrong: 0, refused: 0, failed: 0, timedOut: 0, unsent: 0 },
  });
});

test('a server that stalls for 2 s shows in p99, since latency counts from the intended send time', async () => {
  let stalledUntil = 0;
  const document = await run(
    (_, response, index) => {
      if (index === 40) stalledUntil = performance.now() + 2_000;
      setTimeout(() => response.end('{}'), Math.max(0, stalledUntil - performance.now()));
    },
    // One connection: a client that counted from the actual send would see only one slow request.
    { load: 'constant:40:4s', connections: 'kept:1' },
  );
  const { answered } = summarize(document);
  expect(answered.p99Ms).toBeGreaterThan(1_800);
  expect(answered.p50Ms).toBeLessThan(0.9 * answered.p99Ms);
});

test('a starved generator makes its run invalid and names the lag', async () => {
  server = await startServer(ok);
  const busy = setInterval(() => {
    const until = performance.now() + 60;
    while (performance.now() < until);
  }, 70);
  const intendedMs = Float64Array.from({ length: 100 }, (_, i) => 10 * i);
  try {
    const result = await send(
      {
        url: server.url,
        arrivals: { kind: 'open', intendedMs },
        durationMs: 1_000,
        connections: { kind: 'fresh' },
        timeoutMs: 5_000,
        images: [],
      },
      new AbortController().signal,
    );
    const { requests, failures, complete, cpuShare, clockDriftMs, elapsedMs } = result;
    const document = documentOf({
      settings: {
        ...{
          url: server.url,
          load: 'constant:100:1s',
          connections: 'fresh',
          timeoutMs: 5_000,
          seed: 1,
          images: [],
        },
      },
      generators: [
        {
          ...{ cpuModel: '', cores: 1, nodeVersion: '', platform: '', shard: { index: 1, count: 1 } },
          ...{ startedAt: '', finishedAt: '', cpuShare, clockDriftMs, elapsedMs },
        },
      ],
      startedAt: '',
      durationMs: 1_000,
      complete,
      requests,
      failures,
    });
    expect(document.validity.valid).toBe(false);
    expect(rulesOf(document)).toContain('lag');
  } finally {
    clearInterval(busy);
  }
});

test('answers are told apart by status, Retry-After, class and deadline', async () => {
  const document = await run(
    (_, response, index) => {
      if (index % 5 === 0) response.end('{"top":[{"class":"zigzag"}]}');
      else if (index % 5 === 1) response.writeHead(503, { 'retry-after': '1' }).end();
      else if (index % 5 === 2) response.writeHead(503).end();
      else if (index % 5 === 3) response.destroy();
      // The fifth request is never answered.
    },
    {
      load: 'constant:50:2s',
      timeoutMs: TIMEOUT_MS,
      images: [{ file: join(SAMPLES, 'zigzag.jpg'), expectedClass: 'weave' }],
    },
  );
  const { outcomes } = summarize(document);
  expect(outcomes).toMatchObject({ refused: 20, failed: 40, timedOut: 20, unsent: 0 });
  expect(outcomes.right + outcomes.wrong).toBe(20);
  // Only a sample is checked; each answer names another class than the expected one.
  expect(outcomes.wrong).toBeGreaterThan(0);
  expect(outcomes.right).toBeGreaterThan(0);
  expect(document.failures).toEqual({ 'status 503': 20, ECONNRESET: 20 });
  const { latencyMs, outcome } = decodeRequests(document.requests);
  latencyMs
    .filter((_, i) => outcome[i] === 4)
    .forEach((ms) => expect(ms).toBeGreaterThanOrEqual(TIMEOUT_MS - 2));
});

test('a run that checks every answer finds each wrong one', async () => {
  const image = { file: join(SAMPLES, 'zigzag.jpg'), expectedClass: 'weave' };
  const answer: Answer = (_, response, index) =>
    response.end(JSON.stringify({ top: [{ class: index % 2 === 0 ? 'weave' : 'zigzag' }] }));
  const document = await run(answer, { load: 'constant:40:1s', images: [image], checkEvery: 1 });
  expect(summarize(document).outcomes).toMatchObject({ right: 20, wrong: 20 });
});

test.each([
  ['fresh', 60, 60],
  ['kept:2', 1, 2],
])('with %s connections a server sees %i to %i connections', async (connections, fewest, most) => {
  await run(ok, { load: 'constant:60:1s', connections });
  expect(server!.requestsPerConnection.length).toBeGreaterThanOrEqual(fewest);
  expect(server!.requestsPerConnection.length).toBeLessThanOrEqual(most);
});

test('with renewed connections a server sees a new one after each period, for several requests', async () => {
  const stop = new AbortController();
  const answer: Answer = (_, response) => {
    response.end('{}');
    if (server!.requestsPerConnection.length >= 3) stop.abort();
  };
  await run(answer, { load: 'constant:60:60s', connections: 'renewed:1:250ms', stop: stop.signal });
  expect(server!.requestsPerConnection.length).toBeGreaterThanOrEqual(3);
  expect(Math.max(...server!.requestsPerConnection)).toBeGreaterThan(1);
});

test('a closed loop has as many requests in flight as it has clients', async () => {
  let inFlight = 0;
  let most = 0;
  const document = await run(
    (_, response) => {
      most = Math.max(most, ++inFlight);
      setTimeout(() => {
        inFlight--;
        response.end('{}');
      }, 20);
    },
    { load: 'closed:3:1s', connections: 'kept:3' },
  );
  expect(most).toBe(3);
  // Each client has sent again and again.
  expect(summarize(document).due).toBeGreaterThan(3 * 3);
});

test('a run that is stopped keeps what it measured and says that it is incomplete', async () => {
  const stop = new AbortController();
  const document = await run(ok, {
    load: 'constant:50:60s',
    stop: stop.signal,
    onProgress: ({ settled }) => settled > 20 && stop.abort(),
  });
  expect(document.complete).toBe(false);
  expect(rulesOf(document)).toContain('incomplete');
  const { right } = summarize(document).outcomes;
  expect(right).toBeGreaterThan(20);
  expect(right).toBeLessThan(1_000);
});

test('shards send one schedule together, and merged histograms are the histogram of all', async () => {
  server = await startServer(ok);
  const options = { url: server.url, load: 'poisson:60:1s', seed: 5 };
  const documents = await Promise.all(
    [1, 2].map((index) => runLoad({ ...options, shard: { index, count: 2 } })),
  );
  const merged = mergeRuns(documents);
  expect(merged.generators.map(({ shard }) => shard.index)).toEqual([1, 2]);
  const parts = documents.map(({ requests }) => decodeRequests(requests));
  const all = decodeRequests(merged.requests);
  expect(all.latencyMs).toHaveLength(parts[0]!.latencyMs.length + parts[1]!.latencyMs.length);
  expect([...all.intendedMs]).toEqual([...all.intendedMs].sort((a, b) => a - b));
  const { answered } = summarize(merged);
  const histogram = mergeHistograms([merged.histograms.answered]);
  expect(histogram.totalCount).toBe(answered.count);
  expect(percentileMs(histogram, 0.5)).toBe(answered.p50Ms);
  expect(percentileMs(histogram, 0.99)).toBe(answered.p99Ms);
});

test('documents of different runs are not merged', async () => {
  const first = await run(ok, { load: 'constant:20:500ms' });
  const second = { ...first, settings: { ...first.settings, seed: 2 } };
  expect(() => mergeRuns([first, second])).toThrow(/same settings/);
});

test('two generators of a closed loop of three have two clients and one', async () => {
  let [open, most] = [0, 0];
  const answer: Answer = (_, response) => {
    open += 1;
    most = Math.max(most, open);
    setTimeout(() => {
      open -= 1;
      response.end('{}');
    }, 20);
  };
  const clients: number[] = [];
  for (const index of [1, 2]) {
    most = 0;
    await run(answer, { load: 'closed:3:1s', connections: 'kept:3', shard: { index, count: 2 } });
    await server!.close();
    clients.push(most);
  }
  expect(clients).toEqual([2, 1]);
});
