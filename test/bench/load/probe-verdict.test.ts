/** The verdict on one sample, or on one rate: what a stall and a burst of refusals may say. */
import { capacity } from '../../../bench/load/capacity';
import { httpProbe } from '../../../bench/load/http-probe';
import { judgeSample, mayBeStall, type ProbeSample } from '../../../bench/load/probe-verdict';
import { parseSlo } from '../../../bench/load/slo';
import { kneeOf } from './queue';
import { queue, type Serve, simulatedGenerator, stallingQueue } from './simulated-generator';

const SLO = { percentile: 0.95, limitMs: 100 };
const WARM_UP_SECONDS = 2;

/** Requests that came evenly in so many seconds, of which some violate the limit. */
function sampleOf(
  count: number,
  countedSeconds: number,
  isViolated: (i: number) => boolean,
  violationMs = 150,
): ProbeSample {
  const violated = Uint8Array.from({ length: count }, (_, i) => (isViolated(i) ? 1 : 0));
  return {
    violated,
    latencyMs: Float64Array.from(violated, (each) => (each === 1 ? violationMs : 20)),
    inFlight: new Float64Array(0),
    ...{ countedSeconds, elapsedSeconds: WARM_UP_SECONDS + countedSeconds },
  };
}

test('a sample that lasts no longer than a stall fails no rate, however many of its requests are late', () => {
  expect(
    judgeSample(
      sampleOf(141, 1.5, () => true),
      SLO,
    ),
  ).toBeUndefined();
  expect(
    judgeSample(
      sampleOf(2_000, 2.9, () => true),
      SLO,
    ),
  ).toBeUndefined();
});

test('requests that are late for longer than a stall fail the rate, and count as those after the stall', () => {
  expect(
    judgeSample(
      sampleOf(400, 4, () => true),
      SLO,
    ),
  ).toEqual({
    verdict: 'fail',
    reason:
      '400 of 400 violated the limit; without the longest spell 100 of 100, as good as 100 independent requests',
  });
});

test('a sample that fails only by its longest spell may be a stall, however long it lasted', () => {
  const stall = sampleOf(18_000, 6, (i) => i >= 5000 && i < 13_100);
  expect(judgeSample(stall, SLO, 1)).toBeUndefined();
  expect(mayBeStall(stall, SLO, 1)).toBe(true);
  expect(
    mayBeStall(
      sampleOf(18_000, 6, () => true),
      SLO,
      1,
    ),
  ).toBe(false);
});

test('late requests between others fail the rate at once: no stall makes them', () => {
  expect(
    judgeSample(
      sampleOf(125, 1, (i) => i % 3 === 0),
      SLO,
    ),
  ).toMatchObject({ verdict: 'fail' });
});

test.each([
  ['60 of 500', 500, 60],
  ['20 of 1000', 1_000, 20],
])('%s in one burst say the same whether they are refused or late', (_, count, burst) => {
  const judged = (violationMs: number) =>
    judgeSample(
      sampleOf(count, 20, (i) => i >= 100 && i < 100 + burst, violationMs),
      SLO,
    );
  // A refusal comes in 2 ms.
  expect(judged(2)).toEqual(judged(150));
  expect(judged(2)).toBeUndefined();
});

/** The verdicts on one rate of a simulated server, one for each seed. */
async function verdictsOn(newServer: () => Serve, ratePerSecond: number, text: string) {
  const slo = parseSlo(text);
  const probe = httpProbe({ url: 'http://simulated/', slo }, simulatedGenerator(newServer));
  const records = [];
  for (let seed = 1; seed <= 5; seed++) {
    const first = { singleStreamMs: 250 / ratePerSecond, isStopped: () => true };
    records.push((await capacity({ probe, slo, seed, ...first })).probes[0]!);
  }
  return records;
}

test.each([
  [20, 'p95=100ms'],
  [12, 'p95=100ms'],
  [12, 'p80=150ms'],
])('one stall of 1.5 s at half the knee fails no rate of a queue of %i ms at %s', async (serviceMs, text) => {
  const rate = kneeOf(serviceMs, parseSlo(text)) / 2;
  const records = await verdictsOn(
    () => stallingQueue(serviceMs, 1_000 * WARM_UP_SECONDS, 1_500),
    rate,
    text,
  );
  expect(records.map(({ verdict }) => verdict)).not.toContain('fail');
});

test.each([1.5, 3, 12])('%f times the capacity fails within ten seconds', async (times) => {
  const records = await verdictsOn(() => queue(20), (times * 1_000) / 20, 'p95=100ms');
  for (const { verdict, seconds } of records) {
    expect(verdict).toBe('fail');
    expect(seconds).toBeLessThan(10);
  }
});
