import { parseCapacityDocument, type ProbeRecord } from '../../../bench/load/capacity-document';
import { httpCapacity, httpProbe } from '../../../bench/load/http-probe';
import { formatCapacity } from '../../../bench/load/report';
import { seededRandom } from '../../../statistics/seeded-random';
import { startServer, type TestServer } from './server';

const SERVICE_MS = 12;
const LIMIT_MS = 150;
/** Timers, HTTP and a busy machine add to each answer, never less than nothing. */
const MAX_ADDED_MS = 50;
const SLO = { percentile: 0.8, limitMs: LIMIT_MS };

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A server that answers one request at a time, each in the same time: a queue whose knee can be computed. */
function queue(serviceMs: number): Promise<TestServer> {
  let freeMs = 0;
  return startServer((_, response) => {
    freeMs = Math.max(freeMs, performance.now()) + serviceMs;
    setTimeout(() => response.end('{}'), freeMs - performance.now());
  });
}

/** The highest rate at which 80 % of Poisson arrivals are answered within a limit, by simulation. */
function kneeWithin(limitMs: number): number {
  const isMet = (ratePerSecond: number) => {
    const random = seededRandom(7, 'arrivals');
    let [atMs, freeMs, violations] = [0, 0, 0];
    const count = 200_000;
    for (let i = 0; i < count; i++) {
      atMs -= (1000 * Math.log(1 - random.uniform())) / ratePerSecond;
      freeMs = Math.max(freeMs, atMs) + SERVICE_MS;
      if (freeMs - atMs > limitMs) violations++;
    }
    return violations <= (1 - SLO.percentile) * count;
  };
  let [low, high] = [1, 1000 / SERVICE_MS];
  while (high - low > 0.1)
    [low, high] = isMet((low + high) / 2) ? [(low + high) / 2, high] : [low, (low + high) / 2];
  return low;
}

test('over HTTP the search finds the knee of a server of known capacity, or names why it cannot', async () => {
  server = await queue(SERVICE_MS);
  const probes: ProbeRecord[] = [];
  const found = await httpCapacity({
    ...{ url: server.url, slo: SLO, seed: 4, maxProbeSeconds: 8, confirmSeconds: 3 },
    onProbe: (record) => probes.push(record),
  });
  const { lowPerSecond, highPerSecond = Infinity, ended } = found;
  // A rate above the capacity never passes, but for chance.
  expect(lowPerSecond).toBeLessThanOrEqual((1.05 * 1000) / SERVICE_MS);
  expect(highPerSecond).toBeGreaterThanOrEqual(kneeWithin(LIMIT_MS - MAX_ADDED_MS));
  // On a machine too busy for the generator the interval stays wide, and only then.
  expect([highPerSecond / lowPerSecond < 2, /: (lag|generatorCpu) /.test(ended)]).toContain(true);
  expect(found.singleStreamMs).toBeGreaterThanOrEqual(SERVICE_MS);
  expect(probes).toEqual([...found.probes, ...(found.confirmation ? [found.confirmation] : [])]);
  expect(found.requests).toBe(found.probes.reduce((sum, { requests }) => sum + requests, 0));
  expect(parseCapacityDocument(JSON.stringify(found))).toEqual(found);
  expect(formatCapacity(found)).toMatch(
    /^knee +(?:[^\n]+ per second|unknown) at p80=150ms\nended +[^\n]+\nconfidence +99 % per probe\nmeasured +\d+ requests in \d+ probes, \d+ s\n/,
  );
}, 240_000);

test('a probe leaves out its warm-up and ends as soon as it is decided', async () => {
  let count = 0;
  let firstMs: number | undefined;
  // Answers are late during the warm-up only.
  server = await startServer((_, response) => {
    count++;
    firstMs ??= performance.now();
    setTimeout(() => response.end('{}'), performance.now() - firstMs < 1_900 ? 100 : 1);
  });
  const probe = httpProbe({ url: server.url, slo: SLO, maxProbeSeconds: 60 });
  const sample = await probe(50, 1, ({ violated }) => violated.length >= 100);
  expect(sample.violated.length).toBeGreaterThanOrEqual(100);
  expect(count).toBeLessThan(500);
  // Some 90 requests were late.
  expect(sample.violated.reduce((sum, each) => sum + each, 0)).toBeLessThan(10);
  expect(sample.elapsedSeconds).toBeGreaterThan(3);
}, 60_000);

test('a probe that is never decided has every request after its warm-up', async () => {
  server = await queue(1);
  const probe = httpProbe({ url: server.url, slo: SLO, maxProbeSeconds: 3 });
  const sample = await probe(100, 1, () => false);
  // Five standard deviations of a Poisson count.
  expect(Math.abs(sample.violated.length - 300)).toBeLessThan(5 * Math.sqrt(300));
  expect(sample.elapsedSeconds).toBeGreaterThan(4.8);
}, 60_000);

test('a server that answers nothing right ends the search before it begins, with the cause', async () => {
  server = await startServer((_, response) => response.writeHead(404).end());
  await expect(httpCapacity({ url: server.url, slo: SLO })).rejects.toThrow(
    /answered none of the requests right \(\{"status 404":\d+\}\): check --url and --image/,
  );
}, 60_000);

test('a document of another schema is refused', () => {
  expect(() => parseCapacityDocument('{"schema":"tandem.load-run","version":1}')).toThrow(
    'use a file that "tandem bench capacity --out" wrote',
  );
});
