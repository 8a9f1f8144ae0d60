import { capacity, estimateKnee, NEVER_MET, type Probe } from '../../../bench/load/capacity';
import type { Capacity, ProbeRecord } from '../../../bench/load/capacity-document';
import type { ProbeSample } from '../../../bench/load/probe-verdict';
import { percentile } from '../../../statistics/percentile';
import { seededRandom } from '../../../statistics/seeded-random';
import { kneeOf } from './queue';

const SERVICE_MS = 20;
const LIMIT_MS = 100;
const SLO = { percentile: 0.95, limitMs: LIMIT_MS };
/** Of a sample without a warm-up whose requests in flight are not looked at. */
const lasting = (seconds: number) => ({
  ...{ inFlight: new Float64Array(0), elapsedSeconds: seconds, countedSeconds: seconds },
});
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

/** A probe of the simulated queue; looks every 50 requests, after 50 of warm-up. */
const queueProbe =
  (limitMs: number): Probe =>
  (ratePerSecond, seed, isDecided, seconds) => {
    const queue = latenciesMs(ratePerSecond, seed);
    // Over a given time twice the requests to expect, which no seed reaches.
    const maxRequests = seconds === undefined ? MAX_REQUESTS : Math.ceil(2 * seconds * ratePerSecond);
    const violated = new Uint8Array(maxRequests);
    const latencies = new Float64Array(maxRequests);
    const inFlight: number[] = [];
    let sample!: ProbeSample;
    let warmUpMs = 0;
    for (let warmUp = 0; warmUp < 50; warmUp++) warmUpMs = (queue.next().value as { atMs: number }).atMs;
    const isOver = ({ elapsedSeconds, violated: { length } }: ProbeSample) =>
      seconds === undefined ? length >= MAX_REQUESTS : elapsedSeconds >= seconds;
    let count = 0;
    do {
      let sumMs = 0;
      let atMs = 0;
      for (let i = 0; i < WINDOW_REQUESTS; i++, count++) {
        const request = queue.next().value as { atMs: number; latencyMs: number };
        const { latencyMs } = request;
        atMs = request.atMs;
        violated[count] = latencyMs > limitMs ? 1 : 0;
        latencies[count] = latencyMs;
        sumMs += latencyMs;
      }
      // Little's law.
      inFlight.push(((sumMs / WINDOW_REQUESTS) * ratePerSecond) / 1000);
      sample = {
        violated: violated.subarray(0, count),
        latencyMs: latencies.subarray(0, count),
        inFlight: Float64Array.from(inFlight),
        elapsedSeconds: atMs / 1000,
        countedSeconds: (atMs - warmUpMs) / 1000,
      };
    } while (!isDecided(sample) && !isOver(sample));
    return Promise.resolve(sample);
  };

const simulated = queueProbe(LIMIT_MS);

const search = (seed: number) => capacity({ probe: simulated, slo: SLO, singleStreamMs: SERVICE_MS, seed });

describe('on a queue of known capacity', () => {
  const knee = kneeOf(SERVICE_MS, SLO);
  let results: Capacity[];
  beforeAll(async () => {
    results = await Promise.all(Array.from({ length: 20 }, (_, i) => search(1000 * (i + 1))));
  });
  const seedsWith = (rate: number) =>
    results.filter(({ lowPerSecond, highPerSecond }) => lowPerSecond <= rate && rate <= highPerSecond!)
      .length;

  test('at least 19 of 20 seeds have the knee within their interval', () => {
    expect(seedsWith(knee)).toBeGreaterThanOrEqual(19);
  });

  test('the intervals are narrow: most exclude rates 15 % below and above the knee', () => {
    expect(seedsWith(0.85 * knee)).toBeLessThan(10);
    expect(seedsWith(1.15 * knee)).toBeLessThan(10);
  });

  test('the estimate lies in the interval, and its median within 3 % of the knee', () => {
    for (const { lowPerSecond, highPerSecond, estimatePerSecond } of results) {
      expect(estimatePerSecond).toBeGreaterThanOrEqual(lowPerSecond);
      expect(estimatePerSecond).toBeLessThanOrEqual(highPerSecond!);
    }
    const median = percentile(
      results.map(({ estimatePerSecond }) => estimatePerSecond!),
      0.5,
    );
    expect(Math.abs(median / knee - 1)).toBeLessThan(0.03);
  });
});

const probed = (
  ratePerSecond: number,
  violations: number,
  changes: Partial<ProbeRecord> = {},
): ProbeRecord => ({
  ...{ ratePerSecond, verdict: 'pass', reason: '', valid: true, drifting: false },
  ...{ requests: 1_000, violations, effectiveRequests: 1_000, seconds: 10, ...changes },
});

test('the estimate is where the fitted share of violations crosses what the objective allows', () => {
  const probes = [probed(20, 40), probed(10, 0), probed(30, 60)];
  expect(estimateKnee(probes, 0.95)).toBeCloseTo(25, 9);
  // 40 and 20 violations are pooled to 30, at 20 and 25 per second.
  expect(estimateKnee([...probes, probed(25, 20)], 0.95)).toBeCloseTo(25 + 5 * (20 / 30), 9);
  expect(estimateKnee([...probes, probed(22, 900, { valid: false })], 0.95)).toBeCloseTo(25, 9);
  // A rate that overloads the server is above the knee, even before its answers are late.
  expect(estimateKnee([probed(20, 0), probed(30, 0, { drifting: true })], 0.95)).toBeCloseTo(20.5, 9);
});

test('the estimate lies in the interval, whatever the rates say that were not decided', async () => {
  // 20 per second is late too often to pass and too seldom to fail, and 40 has no late request by chance.
  const probe: Probe = (rate, _, isDecided) => {
    const length = rate === 20 ? 4_000 : 250;
    const late = rate > 41 ? 250 : rate === 20 ? 218 : 0;
    const violated = Uint8Array.from({ length }, (_each, i) => ((i * late) % length < late ? 1 : 0));
    const latencyMs = Float64Array.from(violated, (each) => (each ? 150 : 20));
    const sample = { violated, latencyMs, ...lasting(100) };
    isDecided(sample);
    return Promise.resolve(sample);
  };
  const { probes, ...found } = await capacity({ probe, slo: SLO, singleStreamMs: 25, seed: 1 });
  expect(probes.find(({ ratePerSecond }) => ratePerSecond === 20)!.verdict).toBe('cannot tell apart');
  expect(estimateKnee(probes, 0.95)).toBeLessThan(20);
  expect(found.lowPerSecond).toBeGreaterThanOrEqual(40);
  expect(found.estimatePerSecond).toBe(found.lowPerSecond);
});

test('a rate that cannot be decided says how little its requests tell', async () => {
  // From 20 to 40 per second exactly the allowed share is late, above that everything.
  const near: Probe = (rate, _, isDecided) => {
    const late = rate > 40 ? 1 : rate > 20 ? 0.05 : 0;
    const violated = Uint8Array.from({ length: 4_000 }, (_each, i) => (i % 20 < 20 * late ? 1 : 0));
    const sample = {
      ...{ violated, latencyMs: Float64Array.from(violated, (each) => (each ? 150 : 20)) },
      ...lasting(100),
    };
    isDecided(sample);
    return Promise.resolve(sample);
  };
  const result = await capacity({ probe: near, slo: SLO, singleStreamMs: SERVICE_MS, seed: 1 });
  expect(result.probes[1]).toMatchObject({
    ...{ verdict: 'cannot tell apart', valid: true },
    reason: '200 of 4000 violated the limit, too near the objective’s share for 4000 independent requests',
  });
  expect(result.ended).toMatch(/^pass and fail cannot be told apart (at|from [\d.]+ to) [\d.]+ per second$/);
});

test('there is no estimate where nothing passed or nothing failed', () => {
  expect(estimateKnee([probed(10, 0)], 0.95)).toBeUndefined();
  expect(estimateKnee([probed(10, 900)], 0.95)).toBeUndefined();
});

test('a confirmation runs at the rate found for the whole time', async () => {
  const result = await capacity({
    ...{ probe: simulated, slo: SLO, singleStreamMs: SERVICE_MS, seed: 2, confirmSeconds: 600 },
  });
  const { confirmation, lowPerSecond, probes } = result;
  expect(confirmation).toMatchObject({ ratePerSecond: lowPerSecond, verdict: 'pass' });
  expect(confirmation!.seconds).toBeGreaterThanOrEqual(600);
  expect(probes.every(({ seconds }) => seconds < 600)).toBe(true);
});

test('a confirmation of a rate that was luck says that it fails', async () => {
  const lucky: Probe = (rate, seed, isDecided, seconds) =>
    simulated(seconds === undefined ? 0.8 * rate : rate, seed, isDecided, seconds);
  const result = await capacity({
    ...{ probe: lucky, slo: SLO, singleStreamMs: SERVICE_MS, seed: 2, confirmSeconds: 600 },
  });
  expect(result.confirmation).toMatchObject({ verdict: 'fail' });
});

test('a server faster than the generator can send ends the search at the generator’s bound', async () => {
  const fast: Probe = (_, __, isDecided) => {
    const sample = {
      ...{ violated: new Uint8Array(2_000), latencyMs: new Float64Array(2_000).fill(1) },
      ...lasting(10),
    };
    isDecided(sample);
    return Promise.resolve(sample);
  };
  const result = await capacity({ probe: fast, slo: SLO, singleStreamMs: 0.1, seed: 1 });
  expect(result).toMatchObject({
    ...{ lowPerSecond: 10_000, ended: 'the generator sends at most 10000 per second' },
  });
  expect(result.highPerSecond).toBeUndefined();
});

test('a rate above the capacity does not pass before its queue had time to grow', async () => {
  const overloadPerSecond = (1.1 * 1000) / SERVICE_MS;
  // A lax objective is decided by the fewest requests.
  const slo = { percentile: 0.8, limitMs: 3 * LIMIT_MS };
  const verdicts: string[] = [];
  for (let seed = 0; seed < 100; seed++) {
    const first = { singleStreamMs: 250 / overloadPerSecond, isStopped: () => true };
    const { probes } = await capacity({ probe: queueProbe(slo.limitMs), slo, seed, ...first });
    verdicts.push(probes[0]!.verdict);
  }
  expect(verdicts.filter((verdict) => verdict === 'pass').length).toBeLessThanOrEqual(1);
});

test('where probes are too short for the first rates, the search goes up to rates that decide', async () => {
  const limited: Probe = (rate, seed, isDecided) =>
    simulated(rate, seed, (sample) => isDecided(sample) || sample.elapsedSeconds >= 30);
  // 2.5 per second: 75 requests in 30 s decide nothing.
  const { lowPerSecond, highPerSecond } = await capacity({
    probe: limited,
    slo: SLO,
    singleStreamMs: 100,
    seed: 3,
  });
  expect(lowPerSecond).toBeGreaterThan(10);
  expect(highPerSecond).toBeLessThan(1.2 * (1000 / SERVICE_MS));
});

test('a probe that is too short to pass says so', async () => {
  const short: Probe = (_, __, isDecided) => {
    const sample = {
      ...{ violated: new Uint8Array(2_000), latencyMs: new Float64Array(2_000).fill(1) },
      ...lasting(1),
    };
    isDecided(sample);
    return Promise.resolve(sample);
  };
  const { probes } = await capacity({
    probe: short,
    slo: SLO,
    singleStreamMs: 1,
    seed: 1,
    isStopped: () => true,
  });
  expect(probes[0]).toMatchObject({
    verdict: 'cannot tell apart',
    reason: 'it lasted 1.0 s, and a queue needs 4.0 s to grow over the limit',
  });
});

test('a probe that time ends before its last look is judged by all that it saw', async () => {
  // All looks but the last are over within a second, which may be a stall; the last waits until a queue had time to grow.
  const late: Probe = (rate, _, isDecided) => {
    let sample!: ProbeSample;
    for (let seconds = 0.25; seconds <= 20; seconds += 0.25) {
      const violated = new Uint8Array(rate * seconds).fill(1);
      sample = { violated, latencyMs: new Float64Array(violated.length).fill(2_000), ...lasting(seconds) };
      if (isDecided(sample)) break;
    }
    return Promise.resolve(sample);
  };
  const slo = { percentile: 0.95, limitMs: 1_000 };
  const first = { singleStreamMs: 250 / 2_000, isStopped: () => true };
  const { probes } = await capacity({ probe: late, slo, seed: 1, ...first });
  expect(probes[0]).toMatchObject({ requests: 40_000, violations: 40_000, verdict: 'fail' });
});

test('what is answered after the last look is no look more', async () => {
  // At the last look 5 % are late, which decides nothing; all that are awaited then are in time.
  const undecided: Probe = (_, __, isDecided) => {
    const violated = Uint8Array.from({ length: 5_000 }, (___, i) => (i % 20 === 0 ? 1 : 0));
    const sample = { violated, latencyMs: new Float64Array(5_000).fill(10), ...lasting(100) };
    expect(isDecided(sample)).toBe(true);
    const more = new Uint8Array(50_000);
    more.set(violated);
    return Promise.resolve({ ...sample, violated: more, latencyMs: new Float64Array(50_000).fill(10) });
  };
  const first = { singleStreamMs: SERVICE_MS, isStopped: () => true };
  const { probes } = await capacity({ probe: undecided, slo: SLO, seed: 1, ...first });
  expect(probes[0]).toMatchObject({ verdict: 'cannot tell apart' });
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
      ...lasting(10),
    };
    isDecided(sample);
    return Promise.resolve(sample);
  };
  const result = await capacity({ probe: slow, slo: SLO, singleStreamMs: 10, seed: 1 });
  expect(result).toMatchObject({ lowPerSecond: 0, ended: NEVER_MET });
});

/** A probe of a given length with arrivals at equal distances, of which one in `lateEvery` is late, or none if it is 0. */
const evenProbe =
  (secondsAt: (ratePerSecond: number) => number, lateEvery: (ratePerSecond: number) => number): Probe =>
  (ratePerSecond, _, isDecided) => {
    const [seconds, every] = [secondsAt(ratePerSecond), lateEvery(ratePerSecond)];
    const length = Math.floor(ratePerSecond * seconds);
    const violated = Uint8Array.from({ length }, (_each, i) => (every > 0 && i % every === 0 ? 1 : 0));
    const sample = {
      ...{ violated, latencyMs: Float64Array.from(violated, (each) => (each ? 150 : 20)) },
      ...lasting(seconds),
    };
    isDecided(sample);
    return Promise.resolve(sample);
  };

test('a rate fails once its late requests show it, even where they are too few to pass', async () => {
  const probe = evenProbe(
    () => 30,
    () => 1,
  );
  const { probes } = await capacity({ probe, slo: SLO, singleStreamMs: 100, seed: 1, isStopped: () => true });
  expect(probes[0]).toMatchObject({ requests: 75, violations: 75, verdict: 'fail' });
});

test('a search whose slow rates have too few requests to pass ends there, and says so', async () => {
  const probe = evenProbe(
    () => 30,
    (rate) => (rate > 4 ? 1 : 0),
  );
  const { probes, lowPerSecond, highPerSecond, ended } = await capacity({
    ...{ probe, slo: SLO, singleStreamMs: 100, seed: 1 },
  });
  expect(lowPerSecond).toBe(0);
  // A pass at p95 needs 125 requests, which 4.2 per second are in 30 s.
  expect(highPerSecond).toBeLessThan(4.2);
  expect(ended).toMatch(
    /^up to 4\.\d\d per second a probe has too few requests to pass: make --max-probe longer$/,
  );
  expect(probes[0]).toMatchObject({
    verdict: 'cannot tell apart',
    reason: '0 of 75 violated the limit, and a pass needs 125 requests',
  });
  expect(probes.length).toBeLessThan(10);
});

test('between rates with too few requests and the lowest that failed, the search finds the knee', async () => {
  // A pass at p99 needs 637 requests: 2.5 and 5 per second have fewer in 120 s, and 10 per second fail.
  const probe = evenProbe(
    () => 120,
    (rate) => (rate > 6.5 ? 1 : 0),
  );
  const { lowPerSecond, highPerSecond } = await capacity({
    ...{ probe, slo: { ...SLO, percentile: 0.99 }, singleStreamMs: 100, seed: 1 },
  });
  expect(lowPerSecond).toBeLessThanOrEqual(6.5);
  expect(highPerSecond).toBeGreaterThan(6.5);
  expect(highPerSecond! / lowPerSecond).toBeLessThanOrEqual(1.05);
});

test('where no rate can be decided, the search ends before rates that are too slow to matter', async () => {
  const probe = evenProbe(
    (rate) => 4_000 / rate,
    // One in 18 is a little more than 5 %.
    () => 18,
  );
  const { probes, ...result } = await capacity({ probe, slo: SLO, singleStreamMs: 10, seed: 1 });
  expect(result.lowPerSecond).toBe(0);
  expect(result.ended).toBe('pass and fail cannot be told apart from 0.39 to 25.00 per second');
  expect(probes.at(-1)!.ratePerSecond).toBe(25 / 64);
});

test('a server that is late to one client alone never meets the objective, once a rate is late too', async () => {
  const late = evenProbe(
    () => 120,
    () => 1,
  );
  const options = { slo: SLO, singleStreamMs: 100, failsAlone: true, seed: 1 };
  const never = await capacity({ ...options, probe: late });
  expect(never).toMatchObject({ lowPerSecond: 0, highPerSecond: 2.5, ended: NEVER_MET });
  expect(never.probes).toHaveLength(1);
  // It was only cold.
  const warmed = evenProbe(
    () => 120,
    (rate) => (rate > 6.5 ? 1 : 0),
  );
  const met = await capacity({ ...options, probe: warmed });
  expect(met.ended).toBe('the interval is narrow enough');
  expect(met.lowPerSecond).toBeGreaterThan(5);
});

test('one late request of a few is no verdict, even where the only answer to one client was late', async () => {
  const probe = evenProbe(
    () => 192,
    // One in 12 is more than the 5 % that the objective allows.
    (rate) => (rate > 0.5 ? 1 : 12),
  );
  const { probes, ended } = await capacity({
    ...{ probe, slo: SLO, singleStreamMs: 4_000, failsAlone: true, seed: 1 },
  });
  expect(probes[0]).toMatchObject({ requests: 12, violations: 1, verdict: 'cannot tell apart' });
  expect(ended).toMatch(/a probe has too few requests to pass: make --max-probe longer$/);
});

test('a generator that cannot keep up ends the search without a verdict on the server', async () => {
  const probe: Probe = (_, __, isDecided) => {
    const sample = {
      violated: new Uint8Array(10),
      latencyMs: new Float64Array(10),
      ...lasting(10),
      invalid: 'the load generator was late; stop other work',
    };
    isDecided(sample);
    return Promise.resolve(sample);
  };
  const result = await capacity({ probe, slo: SLO, singleStreamMs: 10, seed: 1 });
  expect(result.ended).toBe(
    '3 INVALID probes in a row at 25.00 per second: the load generator was late; stop other work',
  );
  expect(result.probes).toHaveLength(3);
  expect(result.probes[0]).toMatchObject({
    ...{ verdict: 'cannot tell apart', reason: 'the load generator was late; stop other work', valid: false },
  });
});
