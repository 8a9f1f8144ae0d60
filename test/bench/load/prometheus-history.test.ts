import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { durationSeconds, meanRequests, rateAt } from '../../../bench/load/load';
import { readHistory } from '../../../bench/load/prometheus-history';
import { drawSchedule } from '../../../bench/load/schedule';

const folder = mkdtempSync(join(tmpdir(), 'tandem-history-'));

function historyOf(content: unknown) {
  const file = join(folder, 'rate.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readHistory(file);
}

const matrix = (...series: (readonly (readonly [number, string])[])[]) => ({
  status: 'success',
  data: { resultType: 'matrix', result: series.map((values) => ({ metric: {}, values })) },
});

test('24 hours in steps of 60 s, both ends included, are as long as a run may be', () => {
  const load = historyOf(matrix(Array.from({ length: 1_441 }, (_, i) => [60 * i, '1'] as const)));
  expect(durationSeconds(load)).toBe(86_400);
});

test('the series are added, and each value is that of the step before its time', () => {
  const load = historyOf(
    matrix(
      [
        [1_699_999_970, '99'],
        [1_700_000_000, '10'],
        [1_700_000_030, '20.5'],
        [1_700_000_060, '0'],
      ],
      [[1_700_000_030, '4']],
    ),
  );
  expect([0, 29, 30, 59, 60, 89].map((at) => rateAt(load, at))).toEqual([10, 10, 24.5, 24.5, 0, 0]);
  expect(meanRequests(load)).toBeCloseTo(30 * 34.5, 6);
  const due = drawSchedule(load, 1);
  expect(due.filter((ms) => ms < 30_000)).toHaveLength(300);
  expect(Math.max(...due)).toBeLessThan(60_000);
});

test.each<[unknown, string]>([
  ['{', 'rate.json must be the JSON answer of Prometheus’ query_range: '],
  ['null', 'rate.json must be the JSON answer of Prometheus’ query_range, received status undefined'],
  [
    { status: 'error', error: 'parse error' },
    'must be the JSON answer of Prometheus’ query_range, received parse error',
  ],
  [
    { status: 'success', data: { resultType: 'vector', result: [] } },
    'received status success, resultType vector',
  ],
  [
    { status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, histograms: [] }] } },
    'received native histograms: query a rate of their count, such as sum(rate(',
  ],
  [matrix(), 'must have at least two times, received 0'],
  [matrix([[60, '1']]), 'must have at least two times, received 1'],
  [
    matrix([
      [0, '1'],
      [15, 'NaN'],
    ]),
    'must have requests per second, received "NaN" at 1970-01-01T00:00:15.000Z: query a rate, such as sum(rate(',
  ],
  [
    matrix([
      [0, '1'],
      [15, '1'],
      [60, '1'],
    ]),
    'has no value for 45 s after 1970-01-01T00:00:15.000Z',
  ],
  [
    matrix([
      [0, '7'],
      [15, '0'],
    ]),
    'must have requests, received none',
  ],
  [
    matrix([
      [0, '100'],
      [86_400, '100'],
    ]),
    'a run must have at most 500000 requests in 86400 s, received 8640000 in 86400 s: ask for a shorter range',
  ],
])('%j is refused', (content, message) => {
  expect(() => historyOf(content)).toThrow(message);
});
