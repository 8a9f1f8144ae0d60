import { OUTCOMES, type GeneratorReport, type Outcome } from '../../../bench/load/run-document';
import { brokenRules, inFlightGrowth, type JudgedRun } from '../../../bench/load/validity';
import { seededRandom } from '../../../statistics/seeded-random';

const COUNT = 1_000;
const DURATION_MS = 20_000;
const LATENCY_MS = 30;

const GENERATOR: GeneratorReport = {
  ...{ cpuModel: '', cores: 2, nodeVersion: '', platform: '', shard: { index: 1, count: 1 } },
  ...{ startedAt: '', finishedAt: '', cpuShare: 0.1, clockDriftMs: 0, elapsedMs: DURATION_MS },
};

interface Given {
  readonly count?: number;
  readonly lagMs?: (i: number) => number;
  readonly latencyMs?: (i: number) => number;
  readonly outcome?: (i: number) => Outcome;
  readonly generators?: readonly Partial<GeneratorReport>[];
  readonly loadKind?: JudgedRun['loadKind'];
  readonly percentile?: number;
  readonly complete?: boolean;
}

/** A run that is valid but for what is given. */
function rulesOf(given: Given): string[] {
  const count = given.count ?? COUNT;
  const each = <T>(of: ((i: number) => T) | undefined, usual: T) =>
    Array.from({ length: count }, (_, i) => of?.(i) ?? usual);
  const outcomes = each<Outcome>(given.outcome, 'right').map((name) => OUTCOMES.indexOf(name));
  return brokenRules({
    requests: {
      intendedMs: Float64Array.from({ length: count }, (_, i) => (i * DURATION_MS) / count),
      lagMs: Float32Array.from(each(given.lagMs, 1)),
      latencyMs: Float32Array.from(each(given.latencyMs, LATENCY_MS)),
      outcome: Uint8Array.from(outcomes),
      status: new Uint16Array(count).fill(200),
    },
    generators: (given.generators ?? [{}]).map((changes) => ({ ...GENERATOR, ...changes })),
    durationMs: DURATION_MS,
    loadKind: given.loadKind ?? 'poisson',
    percentile: given.percentile ?? 0.95,
    complete: given.complete ?? true,
  }).map(({ rule, detail }) => `${rule} ${detail}`);
}

test('a run that breaks no rule is valid', () => {
  expect(rulesOf({})).toEqual([]);
});

test.each<[string, Given, string]>([
  ['lag', { lagMs: (i) => (i < 11 ? 11 : 1) }, 'lag 11.0 ms'],
  ['unsent', { outcome: (i) => (i === 7 ? 'unsent' : 'right') }, 'unsent 1 of 1000'],
  ['the CPU of one of the generators', { generators: [{}, { cpuShare: 0.71 }] }, 'generatorCpu 71 %'],
  ['sample', { count: 89 }, 'sample 89 requests; p95 needs 90'],
  ['sample of p99', { count: 458, percentile: 0.99 }, 'sample 458 requests; p99 needs 459'],
  ['sample of p57', { count: 5, percentile: 57 / 100 }, 'sample 5 requests; p57 needs 9'],
  [
    'generators that did not start together',
    { generators: [0, 11, 5].map((ms) => ({ startedAt: new Date(ms).toISOString() })) },
    'startsApart 0.01 s',
  ],
  ['clock drift', { generators: [{ clockDriftMs: 20.1 }] }, 'clockDrift 20.1 ms'],
  [
    // At t seconds (2.5 t + 1.5) / 1.05 are in flight; the middles of the first and last window are 19 s apart.
    'requests in flight',
    { latencyMs: (i) => LATENCY_MS + i },
    'inFlight 45.2 more at the end than at the start',
  ],
  ['an interrupt', { complete: false }, 'incomplete 1000 requests were due until then'],
])('a run is invalid by its %s, and the rule says the figure', (_, given, broken) => {
  expect(rulesOf(given)).toEqual([broken]);
});

test.each<[string, Given]>([
  ['1 % of the lags', { lagMs: (i) => (i < 10 ? 500 : 1) }],
  ['70 % of a core', { generators: [{ cpuShare: 0.7 }] }],
  ['90 requests for p95', { count: 90 }],
  ['459 requests for p99', { count: 459, percentile: 0.99 }],
  ['a drift of 0.1 %', { generators: [{ clockDriftMs: 20 }] }],
  ['starts 10 ms apart', { generators: [0, 10].map((ms) => ({ startedAt: new Date(ms).toISOString() })) }],
  [
    'starts 50 ms apart of closed loops, which have no schedule',
    { loadKind: 'closed', generators: [0, 50].map((ms) => ({ startedAt: new Date(ms).toISOString() })) },
  ],
  // A wall clock counts whole milliseconds.
  ['2 ms of drift in 1 s', { generators: [{ clockDriftMs: 2, elapsedMs: 1_000 }] }],
  // A ramp fills the queue on purpose.
  ['growth under a ramp', { latencyMs: (i) => LATENCY_MS + i, loadKind: 'ramp' }],
])('%s is still valid', (_, given) => {
  expect(rulesOf(given)).toEqual([]);
});

test('a lag of requests that were never sent does not count', () => {
  const rules = rulesOf({ outcome: (i) => (i < 20 ? 'unsent' : 'right'), lagMs: (i) => (i < 20 ? 900 : 1) });
  expect(rules).toEqual(['unsent 20 of 1000']);
});

test('random latencies are no drift, whatever the seed', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed, 'latencies');
    const latencyMs = Float32Array.from({ length: COUNT }, () => -200 * Math.log(1 - random.uniform()));
    const requests = {
      intendedMs: Float64Array.from({ length: COUNT }, (_, i) => (i * DURATION_MS) / COUNT),
      ...{ latencyMs, lagMs: new Float32Array(COUNT), outcome: new Uint8Array(COUNT) },
      status: new Uint16Array(COUNT),
    };
    expect(inFlightGrowth(requests, DURATION_MS)).toBe(0);
  }
});
