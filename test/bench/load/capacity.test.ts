import { capacity, type Probe, type ProbeSample } from '../../../bench/load/capacity';
import { seededRandom } from '../../../statistics/seeded-random';

const SERVICE_MS = 20;
const LIMIT_MS = 100;
const SLO = { percentile: 0.95, limitMs: LIMIT_MS };
const MAX_REQUESTS = 8_000;
const WINDOW_REQUESTS = 50;

/** Latencies of an M/D/1 queue in virtual time: each request waits for the one before. */
function* latenciesMs(ratePerSecond: number, seed: number): Generator<{ atMs: number; latencyMs: number }> {
  const random = seededRandom(seed, `queue at ${ratePerSecond}`);
  let atMs = 0;
  let freeMs = 0;
  for (;;) {
    atMs -= (1000 * Math.log(1 - random.uniform())) / ratePerSecond;
    freeMs = Math.max(freeMs, atMs) + SERVICE_MS;
    yield { atMs, latencyMs: freeMs - atMs };
  }
}

const violationShare = (ratePerSecond: number, count: number) => {
  const queue = latenciesMs(ratePerSecond, 999);
  let violations = 0;
  for (let i = 0; i < count; i++) if (queue.next().value.latencyMs > LIMIT_MS) violations++;
  return violations / count;
};

/** Where exactly 5 % of the latencies exceed the limit: bisected on long simulations. */
function trueKnee(): number {
  let [low, high] = [10, 1000 / SERVICE_MS];
  while (high - low > 0.02) {
    const middle = (low + high) / 2;
    if (violationShare(middle, 400_000) <= 0.05) low = middle;
    else high = middle;
  }
  return low;
}

/** A probe of the simulated queue; looks every 50 requests, after 50 of warm-up. */
const simulated: Probe = (ratePerSecond, seed, isDecided) => {
  const queue = latenciesMs(ratePerSecond, seed);
  const violated: number[] = [];
  const latencies: number[] = [];
  const inFlight: number[] = [];
  let sample!: ProbeSample;
  for (let warmUp = 0; warmUp < 50; warmUp++) queue.next();
  do {
    let sumMs = 0;
    let atMs = 0;
    for (let i = 0; i < WINDOW_REQUESTS; i++) {
      const request = queue.next().value as { atMs: number; latencyMs: number };
      const { latencyMs } = request;
      atMs = request.atMs;
      violated.push(latencyMs > LIMIT_MS ? 1 : 0);
      latencies.push(latencyMs);
      sumMs += latencyMs;
    }
    // Little's law.
    inFlight.push(((sumMs / WINDOW_REQUESTS) * ratePerSecond) / 1000);
    sample = {
      violated: Uint8Array.from(violated),
      latencyMs: Float64Array.from(latencies),
      inFlight: Float64Array.from(inFlight),
      elapsedSeconds: atMs / 1000,
    };
  } while (!isDecided(sample) && violated.length < MAX_REQUESTS);
  return Promise.resolve(sample);
};

const search = (seed: number) => capacity({ probe: simulated, slo: SLO, singleStreamMs: SERVICE_MS, seed });

test('at least 19 of 20 seeds find the knee of a queue of known capacity within their interval', async () => {
  const knee = trueKnee();
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => search(1000 * (i + 1))));
  const found = results.filter(
    ({ lowPerSecond, highPerSecond }) => lowPerSecond <= knee && knee <= highPerSecond!,
  );
  expect(found.length).toBeGreaterThanOrEqual(19);
  // An interval from 0 would hold anything.
  const widths = results.map(({ lowPerSecond, highPerSecond }) => highPerSecond! / lowPerSecond - 1);
  widths.sort((a, b) => a - b);
  expect(widths[10]).toBeLessThan(0.35);
});

test('an overloaded probe ends early', async () => {
  const { probes } = await search(1);
  const failed = probes.filter(({ verdict }) => verdict === 'fail');
  expect(failed.length).toBeGreaterThan(0);
  failed.slice(0, 1).forEach(({ requests }) => expect(requests).toBeLessThan(1_000));
});

test('a server that never meets the objective has no capacity, and the search ends', async () => {
  const slow: Probe = (_, __, isDecided) => {
    const violated = new Uint8Array(200).fill(1);
    const sample = {
      violated,
      latencyMs: new Float64Array(200),
      inFlight: new Float64Array(0),
      elapsedSeconds: 1,
    };
    isDecided(sample);
    return Promise.resolve(sample);
  };
  const result = await capacity({ probe: slow, slo: SLO, singleStreamMs: 10, seed: 1 });
  expect(result).toMatchObject({ lowPerSecond: 0, ended: 'the objective is not met at any rate' });
});

test('a generator that cannot keep up ends the search without a verdict on the server', async () => {
  const probe: Probe = (_, __, isDecided) => {
    const sample = {
      violated: new Uint8Array(10),
      latencyMs: new Float64Array(10),
      inFlight: new Float64Array(0),
      elapsedSeconds: 1,
      invalid: 'lag',
    };
    isDecided(sample);
    return Promise.resolve(sample);
  };
  const result = await capacity({ probe, slo: SLO, singleStreamMs: 10, seed: 1 });
  expect(result.ended).toMatch(/cannot tell apart/);
  expect(result.probes).toHaveLength(3);
  expect(result.probes[0]).toMatchObject({ verdict: 'cannot tell apart', reason: 'invalid: lag' });
});
