import type { CapacityDocument, ProbeRecord } from '../../../bench/load/capacity-document';
import { documentOf } from '../../../bench/load/documents';
import { formatCapacity, formatLatency, formatProbe, formatRun } from '../../../bench/load/report';
import { OUTCOMES, type Outcome, type RunDocument } from '../../../bench/load/run-document';
import { brokenText } from '../../../bench/load/validity';

/** A run of evenly spaced requests in 10 s, the i-th answered after i ms. */
function run(count: number, outcome: (i: number) => Outcome, slo?: string): RunDocument {
  return documentOf({
    settings: {
      ...{ url: 'http://127.0.0.1/', load: `constant:${count / 10}:10s`, connections: 'fresh' },
      ...{ timeoutMs: 10_000, seed: 1, images: [], ...(slo !== undefined && { slo }) },
    },
    generators: [
      {
        ...{ cpuModel: '', cores: 2, nodeVersion: '', platform: '', shard: { index: 1, count: 1 } },
        ...{ startedAt: '', finishedAt: '', cpuShare: 0.1, clockDriftMs: 0, elapsedMs: 10_000 },
      },
    ],
    ...{ startedAt: '', durationMs: 10_000, complete: true, failures: { 'status 500': 3 } },
    requests: {
      intendedMs: Float64Array.from({ length: count }, (_, i) => (10_000 * i) / count),
      lagMs: new Float32Array(count),
      latencyMs: Float32Array.from({ length: count }, (_, i) => i),
      outcome: Uint8Array.from({ length: count }, (_, i) => OUTCOMES.indexOf(outcome(i))),
      status: new Uint16Array(count).fill(200),
    },
  });
}

test('a run shows rates, outcomes, failures and the percentiles that its sample allows', () => {
  const document = run(100, (i) => (i < 92 ? 'right' : i < 95 ? 'failed' : 'refused'), 'p90=49ms');
  expect(formatRun(document)).toBe(
    [
      'load      constant:10:10s, connections fresh',
      'offered   10.0 per second',
      'goodput   5.0 per second (50.0 % of what was due, within p90=49ms)',
      'requests  92 right, 5 refused, 3 failed',
      'failure   3 × status 500',
      // p99 needs 459 answers.
      'latency   p50 45.0 ms, p90 82.0 ms, p95 87.0 ms',
      'valid     yes',
    ].join('\n'),
  );
});

test('an invalid run names each rule that it broke', () => {
  const lines = formatRun(run(50, (i) => (i === 0 ? 'unsent' : 'right'))).split('\n');
  expect(lines.filter((line) => line.startsWith('INVALID'))).toEqual([
    'INVALID   requests were planned but not sent: 1 of 50; lower the rate: more than 4096 requests waited for an answer',
    'INVALID   the sample is too small for its percentile: 50 requests; p95 needs 90; send for longer, or quote a lower percentile',
  ]);
  expect(lines.some((line) => line.startsWith('valid'))).toBe(false);
});

test('a run that was stopped before its first request says that nothing was due', () => {
  const text = formatRun({ ...run(0, () => 'right'), complete: false });
  expect(text).toContain('requests  none were due');
  expect(text).not.toContain('NaN');
});

test('latencies show the images per second of the busy server, or no second part after an interrupt', () => {
  const singleStream = run(100, () => 'right');
  // The answers to the last three came after the schedule's end.
  const offline = run(200, () => 'right');
  expect(formatLatency({ singleStream, offline })).toMatch(
    /^single stream\n[^]+\n\noffline\nimages {2}19\.7 per second\n/,
  );
  expect(formatLatency({ singleStream })).not.toContain('offline');
});

const PROBE: ProbeRecord = {
  ...{ ratePerSecond: 40, verdict: 'pass', reason: '2 of 250 violated the limit', valid: true },
  ...{ requests: 250, violations: 2, effectiveRequests: 250, drifting: false, seconds: 8.4 },
};
const FOUND = {
  settings: { slo: 'p95=100ms' },
  ...{ lowPerSecond: 40, highPerSecond: 44, estimatePerSecond: 42.5, ended: 'the interval is narrow enough' },
  ...{ confidence: 0.99, requests: 500, seconds: 17, probes: [PROBE, PROBE], singleStreamMs: 20 },
} as unknown as CapacityDocument;

test('a search shows the knee with its interval, the confidence, n and the time', () => {
  expect(formatCapacity(FOUND)).toBe(
    [
      'knee           42.5 [40.0, 44.0] per second at p95=100ms',
      'ended          the interval is narrow enough',
      'confidence     99 % per probe',
      'measured       500 requests in 2 probes, 17 s',
      'single stream  p50 20.0 ms',
    ].join('\n'),
  );
});

test.each<[string, object, string]>([
  ['a rate passed and none failed', { highPerSecond: undefined }, 'at least 40.0 per second'],
  ['a rate failed and none passed', { lowPerSecond: 0 }, 'below 44.0 per second'],
  ['nothing was decided', { lowPerSecond: 0, highPerSecond: undefined }, 'unknown'],
])('where %s the knee claims no more', (_, changes, knee) => {
  expect(formatCapacity({ ...FOUND, ...({ estimatePerSecond: undefined, ...changes } as object) })).toContain(
    `knee           ${knee} at p95=100ms\n`,
  );
});

test.each([
  ['pass', 'confirmed      yes, 40.0 per second: pass after 8 s'],
  ['fail', 'confirmed      NO, 40.0 per second: fail after 8 s'],
  ['cannot tell apart', 'confirmed      cannot tell, 40.0 per second: cannot tell pass from fail after 8 s'],
] as const)('a confirmation with the verdict %s is shown', (verdict, text) => {
  expect(formatCapacity({ ...FOUND, confirmation: { ...PROBE, verdict } })).toContain(text);
});

test('a probe shows its rate, verdict, time and reason', () => {
  expect(formatProbe(PROBE)).toBe('40.0 per second: pass after 8 s (2 of 250 violated the limit)');
});

test('a probe that says nothing of the server is INVALID, with the rule in words and its remedy', () => {
  const reason = brokenText({ rule: 'lag', detail: '385.0 ms' });
  expect(reason).toMatch(
    /^the load generator sent requests more than 10 ms late [^;]*: 385.0 ms; it needs a free core/,
  );
  const text = formatProbe({ ...PROBE, verdict: 'cannot tell apart', valid: false, reason });
  expect(text).toBe(`40.0 per second: INVALID after 8 s (${reason})`);
});
