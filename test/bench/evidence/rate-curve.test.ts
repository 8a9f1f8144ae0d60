import type { ExperimentRun } from '../../../bench/evidence/experiment-run';
import { rateAtValue, rateCurve } from '../../../bench/evidence/rate-curve';
import { documentOf } from '../../../bench/load/documents';
import { OUTCOMES } from '../../../bench/load/run-document';
import { syntheticRun } from './synthetic-run';

const single = (repetition: number, load = 'steps:4,8,16,32:60s') =>
  syntheticRun({
    ...{ variant: 'latency-single-pod', repetition, load },
    ...{ cpuSecondsPerImage: 0.025, cpuFactor: 0.19, limitMs: 250 },
  });
/** Its limit of 2900m times 0.19 gives 22 images per second. */
const CAPACITY = 22;

test('the knee of a simulated pod lies below its capacity and above a third of it', () => {
  const { knee, pods } = rateCurve([single(1), single(2)]);
  expect(pods).toBe(1);
  expect(knee.lowPerSecond).toBeGreaterThanOrEqual(CAPACITY / 3);
  expect(knee.highPerSecond).toBeGreaterThan(knee.lowPerSecond!);
  expect(knee.lowPerSecond).toBeLessThan(CAPACITY);
});

test('each rate has its own requests, without the first tenth of its step', () => {
  const { rates } = rateCurve([single(1)]);
  expect(rates.map(({ ratePerSecond }) => ratePerSecond)).toEqual([4, 8, 16, 32]);
  // Poisson: 4 per second in 54 s, within four standard deviations.
  expect(Math.abs(rates[0]!.due - 216)).toBeLessThan(4 * Math.sqrt(216));
  expect(rates[0]!.goodputPerSecond).toBeCloseTo(rates[0]!.due / 54, 6);
  expect(rates[3]!.refusedShare).toBeGreaterThan(0.1);
});

test('CPU use is a share of the request that was deployed, and the CPU time per image comes from it', () => {
  const { rates, cpuSecondsPerImage } = rateCurve([single(1), single(2)]);
  // 4 per second at 25 ms are 100m of 267m.
  expect(rates[0]!.cpuPercent).toBeCloseTo(37, -1);
  expect(cpuSecondsPerImage).toBeCloseTo(0.025, 2);
  expect(rateAtValue(rates, ({ cpuPercent }) => cpuPercent, 50)).toBeGreaterThan(4);
  expect(rateAtValue(rates, ({ cpuPercent }) => cpuPercent, 5000)).toBeUndefined();
});

test('repetitions are pooled request by request, and each keeps its own figures', () => {
  const curve = rateCurve([single(1), single(2), single(3)]);
  const own = curve.repetitions.map(({ rates }) => rates[0]!.due);
  expect(own).toHaveLength(3);
  expect(curve.rates[0]!.due).toBe(own[0]! + own[1]! + own[2]!);
});

/** A run of one step whose requests come evenly; all are answered fast but one block of late ones. */
function evenRun(repetition: number, late: number, count = 500): ExperimentRun {
  const run = single(repetition, 'steps:10:50s');
  const load = run.timeline.load!;
  // Without the first tenth, which does not count, 450 are left.
  const isLate = (i: number) => i >= 200 && i < 200 + late;
  const requests = {
    intendedMs: Float64Array.from({ length: count }, (_, i) => 100 * i),
    lagMs: new Float32Array(count),
    latencyMs: Float32Array.from({ length: count }, (_, i) => (isLate(i) ? 400 : 20)),
    outcome: new Uint8Array(count).fill(OUTCOMES.indexOf('right')),
    status: new Uint16Array(count).fill(200),
  };
  return { ...run, timeline: { ...run.timeline, load: documentOf({ ...load, requests }) } };
}

test('a repetition in which a block of requests was late weighs as much as calm ones', () => {
  const [rate] = rateCurve([evenRun(1, 0), evenRun(2, 0), evenRun(3, 71)]).rates;
  expect(rate!.due).toBe(3 * 450);
  expect(rate!.violations / rate!.trials).toBeCloseTo(71 / (3 * 450), 9);
  expect(rate!.verdict).not.toBe('pass');
});

test('correlated requests of several repetitions count as fewer, and of one as the capacity search counts them', () => {
  const alone = rateCurve([evenRun(1, 71)]).rates[0]!;
  const effect = alone.due / alone.trials;
  expect(effect).toBeGreaterThan(10);
  const pooled = rateCurve([evenRun(1, 71), evenRun(2, 0)]).rates[0]!;
  // The mean of its effect and that of independent requests.
  expect(pooled.due / pooled.trials).toBeCloseTo((effect + 1) / 2, 9);
});

test('a repetition that ended before a rate does not change what the others say of it', () => {
  const { violations, trials, verdict } = rateCurve([evenRun(1, 0)]).rates[0]!;
  expect(rateCurve([evenRun(1, 0), evenRun(2, 0, 0)]).rates[0]).toMatchObject({
    violations,
    trials,
    verdict,
  });
});

test('a percentile that so few answers do not have is not drawn', () => {
  const [first] = rateCurve([single(1, 'steps:1:60s')]).rates;
  expect(first!.due).toBeLessThan(100);
  expect(first!.p95Ms).toBeGreaterThan(0);
  expect(first!.p99Ms).toBeNaN();
});

test('a run whose generator was INVALID does not count beside sound ones', () => {
  const bad = single(2);
  const load = bad.timeline.load!;
  const invalid = { valid: false, broken: [{ rule: 'lag', detail: '30.0 ms' }] } as const;
  const flawed = { ...bad, timeline: { ...bad.timeline, load: { ...load, validity: invalid } } };
  expect(rateCurve([single(1), flawed]).runs).toHaveLength(1);
  expect(rateCurve([flawed]).runs).toHaveLength(1);
});

test('a load that is no steps is refused by name', () => {
  expect(() => rateCurve([single(1, 'poisson:4:60s')])).toThrow(/latency-single-pod-1 must be steps:…/);
});
