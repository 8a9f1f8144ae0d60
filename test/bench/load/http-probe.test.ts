/** The search as the command runs it, in virtual time. */
import { parseCapacityDocument, type ProbeRecord } from '../../../bench/load/capacity-document';
import { httpCapacity, httpProbe } from '../../../bench/load/http-probe';
import { capacity, NEVER_MET } from '../../../bench/load/capacity';
import { MAX_RATE_PER_SECOND, parseLoad } from '../../../bench/load/load';
import { formatCapacity } from '../../../bench/load/report';
import { drawSchedule } from '../../../bench/load/schedule';
import { parseSlo } from '../../../bench/load/slo';
import { kneeOf } from './queue';
import { queue, simulatedGenerator } from './simulated-generator';

const SERVICE_MS = 12;
const SLO = { percentile: 0.8, limitMs: 150 };
const WARM_UP_MS = 2_000;
const url = 'http://simulated/';

/** Answers two requests in time for 50 ms, and then one late. */
const everyThird = (() => {
  let served = 0;
  return () => (++served % 3 === 0 ? 100 : 10);
})();

const violationsOf = ({ violated }: { violated: Uint8Array }) => violated.filter((each) => each === 1).length;

test('the search finds the knee of a server of known capacity, and keeps what led to it', async () => {
  const probes: ProbeRecord[] = [];
  const generator = simulatedGenerator(() => queue(SERVICE_MS));
  const found = (await httpCapacity(
    { url, slo: SLO, seed: 4, confirmSeconds: 60, onProbe: (record) => probes.push(record) },
    generator,
  ))!;
  const knee = kneeOf(SERVICE_MS, SLO);
  const { lowPerSecond, highPerSecond, estimatePerSecond } = found;
  expect(lowPerSecond).toBeLessThanOrEqual(knee);
  expect(highPerSecond).toBeGreaterThanOrEqual(knee);
  expect(highPerSecond! / lowPerSecond).toBeLessThan(1.25);
  expect(Math.abs(estimatePerSecond! / knee - 1)).toBeLessThan(0.1);
  expect(found.singleStreamMs).toBeCloseTo(SERVICE_MS, 1);
  expect(probes).toEqual([...found.probes, found.confirmation]);
  expect(found.requests).toBe(found.probes.reduce((sum, { requests }) => sum + requests, 0));
  expect(generator.pausesMs).toEqual(probes.map(() => 2_000));
  expect(parseCapacityDocument(JSON.stringify(found))).toEqual(found);
  expect(formatCapacity(found)).toMatch(
    /^knee +[^\n]+ per second at p80=150ms\nended +[^\n]+\nconfidence +99 % per probe\nmeasured +\d+ requests in \d+ probes, \d+ s\n/,
  );
});

test('a probe leaves out its warm-up and ends as soon as it is decided', async () => {
  // Answers are late during the warm-up only.
  const generator = simulatedGenerator(() => (atMs) => (atMs < WARM_UP_MS ? 1_000 : 1));
  const probe = httpProbe({ url, slo: SLO, maxProbeSeconds: 60 }, generator);
  const sample = await probe(50, 1, ({ violated }) => violated.length >= 100);
  expect(violationsOf(sample)).toBe(0);
  expect(sample.violated.length).toBeGreaterThanOrEqual(100);
  // What is due between two reports.
  expect(sample.violated.length).toBeLessThan(150);
  expect(generator.sent[0]).toBeLessThan(300);
  expect(sample.elapsedSeconds).toBeGreaterThan(3);
});

test('a probe counts a late answer after its warm-up as a violation', async () => {
  const generator = simulatedGenerator(() => (atMs) => (atMs < WARM_UP_MS ? 1 : SLO.limitMs + 1));
  const probe = httpProbe({ url, slo: SLO, maxProbeSeconds: 60 }, generator);
  const sample = await probe(50, 1, ({ violated }) => violated.length >= 100);
  expect(violationsOf(sample)).toBe(sample.violated.length);
});

test('a probe that is never decided has every request after its warm-up', async () => {
  const generator = simulatedGenerator(() => queue(1));
  const probe = httpProbe({ url, slo: SLO, maxProbeSeconds: 3 }, generator);
  const sample = await probe(100, 1, () => false);
  const schedule = drawSchedule({ kind: 'poisson', ratePerSecond: 100, seconds: 5 }, 1);
  expect(sample.violated).toHaveLength(schedule.filter((dueMs) => dueMs >= WARM_UP_MS).length);
  expect(sample.invalid).toBeUndefined();
});

test('a probe whose generator lags is invalid, with the cause', async () => {
  const generator = simulatedGenerator(() => queue(1), { lagMs: 50 });
  const probe = httpProbe({ url, slo: SLO, maxProbeSeconds: 3 }, generator);
  expect((await probe(100, 1, () => false)).invalid).toBe(
    'the load generator sent requests more than 10 ms late (p99): 50.0 ms; it needs a free core: stop other work on its machine, or run it on another',
  );
});

test('a fast server that is overloaded fails the rate, though more requests wait than the generator sends', async () => {
  const slo = parseSlo('p95=100ms');
  const probe = httpProbe(
    { url, slo },
    simulatedGenerator(() => queue(1)),
  );
  const first = { singleStreamMs: 250 / 1_600, isStopped: () => true };
  const { probes } = await capacity({ probe, slo, seed: 1, ...first });
  expect(probes[0]).toMatchObject({ ratePerSecond: 1_600, verdict: 'fail', valid: true });
});

test('requests that are not sent make a probe invalid where they may still have been in time', async () => {
  // 4,096 requests wait for 0.41 s at this rate.
  const probe = httpProbe(
    { url, slo: parseSlo('p95=1s'), maxProbeSeconds: 1 },
    simulatedGenerator(() => queue(1)),
  );
  expect((await probe(MAX_RATE_PER_SECOND, 1, () => false)).invalid).toMatch(
    /^requests were planned but not sent: \d+ of \d+; lower the rate/,
  );
});

test.each([
  ['every request is late', 'p95=50ms', () => 100],
  ['every request is late, at a high percentile', 'p99=50ms', () => 100],
  ['every third request is late', 'p95=50ms', everyThird],
  ['every request is very late', 'p95=1s', () => 6_000],
])('where %s even to one client, no rate meets the objective', async (_, slo, serve) => {
  const generator = simulatedGenerator(() => serve);
  const found = (await httpCapacity({ url, slo: parseSlo(slo) }, generator))!;
  expect(found).toMatchObject({ lowPerSecond: 0, ended: NEVER_MET });
  expect(found.probes).toHaveLength(1);
});

test.each([1_000, 30_000, 600_000])(
  'the search for a server that takes %i ms ends with a remedy, not with an error',
  async (serviceMs) => {
    const slo = { percentile: 0.95, limitMs: 1.2 * serviceMs };
    const generator = simulatedGenerator(() => queue(serviceMs));
    const found = (await httpCapacity({ url, slo }, generator))!;
    expect(found.lowPerSecond).toBe(0);
    expect(found.ended).toMatch(/ per second a probe has too few requests to pass: make --max-probe longer$/);
    expect(formatCapacity(found)).not.toMatch(/\b0\.0+ (per|to)/);
  },
);

test('no rate and no length of a probe is refused as a load', async () => {
  const loads: string[] = [];
  const { run, pause } = simulatedGenerator(() => queue(1));
  const document = await run({ url, load: 'constant:1:1s' });
  const probe = httpProbe(
    { url, slo: SLO },
    {
      run: ({ load }) => {
        loads.push(load);
        return Promise.resolve(document);
      },
      pause,
    },
  );
  for (const seconds of [0.001, 120, 600, 86_400]) {
    for (let rate = MAX_RATE_PER_SECOND; rate > 1e-5; rate *= 0.9) await probe(rate, 1, () => false, seconds);
  }
  expect(loads.map((load) => parseLoad(load).kind)).toEqual(loads.map(() => 'poisson'));
  expect(loads[0]).toBe(`poisson:${MAX_RATE_PER_SECOND}:2.001s`);
});

test('a search that is stopped ends at once with the rates that it has tried', async () => {
  const generator = simulatedGenerator(() => queue(SERVICE_MS));
  const stop = new AbortController();
  const found = await httpCapacity(
    { url, slo: SLO, stop: stop.signal, onProbe: () => stop.abort() },
    generator,
  );
  expect(found!.ended).toBe('interrupted');
  expect(found!.probes).toHaveLength(1);
});

test('a search that is stopped before its first probe has no result, and blames no server', async () => {
  const generator = simulatedGenerator(() => queue(SERVICE_MS));
  expect(await httpCapacity({ url, slo: SLO, stop: AbortSignal.abort() }, generator)).toBeUndefined();
});

test('a server that answers nothing right ends the search before it begins, with the cause', async () => {
  const generator = simulatedGenerator(() => queue(SERVICE_MS), { status: 404 });
  await expect(httpCapacity({ url, slo: SLO }, generator)).rejects.toThrow(
    /answered none of the requests right \(\d+ × status 404\): check --url and --image/,
  );
});

test('a document of another schema is refused', () => {
  expect(() => parseCapacityDocument('{"schema":"tandem.load-run","version":1}')).toThrow(
    'use a file that "tandem bench capacity --out" wrote',
  );
});
