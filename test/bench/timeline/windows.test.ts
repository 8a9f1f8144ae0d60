import fc from 'fast-check';

import { encodeRequests, type Outcome, OUTCOMES, type RunDocument } from '../../../bench/load/run-document';
import type { CounterSample, TimelineDocument } from '../../../bench/timeline/timeline-document';
import { increases, jainIndex, windowsOf } from '../../../bench/timeline/windows';

const counter = (atMs: number, pod: string, answered: number, throttledPeriods = 0): CounterSample => ({
  ...{ atMs, pod, answered, throttledPeriods },
  ...{ rejected: 0, periods: 10 * answered, throttledSeconds: 0, serverCpuSeconds: 0 },
});

test('Jain’s index is 1 for equal shares, 1/n where one has all, and in between otherwise', () => {
  expect(jainIndex([7, 7, 7])).toBe(1);
  expect(jainIndex([9, 0, 0])).toBeCloseTo(1 / 3, 12);
  expect(jainIndex([0, 0])).toBeNaN();
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1 }), (shares) => {
      const index = jainIndex(shares);
      return index >= 1 / shares.length - 1e-9 && index <= 1 + 1e-9;
    }),
    { seed: 1 },
  );
});

test('a counter counts from its first sample, from the last one before a window, and from 0 after a restart', () => {
  const samples = [
    counter(0, 'a', 100),
    counter(1000, 'a', 130),
    counter(1000, 'new', 5),
    counter(2000, 'a', 20),
    counter(2000, 'new', 9),
  ];
  const of = ({ answered }: CounterSample) => answered;
  expect(Object.fromEntries(increases(samples, of, 0, 1000))).toEqual({ a: 30, new: 0 });
  expect(Object.fromEntries(increases(samples, of, 1000, 2000))).toEqual({ a: 20, new: 4 });
});

interface Sent {
  readonly intendedMs: number;
  readonly lagMs?: number;
  readonly latencyMs?: number;
  readonly outcome: Outcome;
}

/** A load that begins 5 s after the recordings of these tests. */
const loadOf = (requests: readonly Sent[]) =>
  ({
    startedAt: '2026-11-25T10:00:05.000Z',
    requests: encodeRequests({
      intendedMs: Float64Array.from(requests, ({ intendedMs }) => intendedMs),
      lagMs: Float32Array.from(requests, ({ lagMs = 0 }) => lagMs),
      latencyMs: Float32Array.from(requests, ({ latencyMs = 0 }) => latencyMs),
      outcome: Uint8Array.from(requests, ({ outcome }) => OUTCOMES.indexOf(outcome)),
      status: new Uint16Array(requests.length),
    }),
  }) as RunDocument;

test('requests fall into the window in which they were due, on the recording’s clock', () => {
  const load = loadOf([
    { intendedMs: 0, latencyMs: 20, outcome: 'right' },
    { intendedMs: 4999, latencyMs: 1, outcome: 'refused' },
    { intendedMs: 5000, latencyMs: 30, outcome: 'right' },
    { intendedMs: 6000, latencyMs: 2000, outcome: 'timedOut' },
    { intendedMs: 14_999, latencyMs: 50, outcome: 'wrong' },
  ]);
  const timeline = {
    startedAt: '2026-11-25T10:00:00.000Z',
    finishedAt: '2026-11-25T10:00:25.000Z',
    replicas: [
      { atMs: 0, desired: 1, current: 1, ready: 1 },
      { atMs: 12_000, desired: 2, current: 2, ready: 1 },
      { atMs: 21_000, desired: 2, current: 2, ready: 2 },
    ],
    counters: [
      counter(0, 'a', 0),
      counter(0, 'b', 0),
      counter(15_000, 'a', 3, 6),
      counter(15_000, 'b', 1, 2),
    ],
    load,
  } as unknown as TimelineDocument;
  const windows = windowsOf(timeline);
  expect(windows.map(({ fromMs, lengthMs, due }) => ({ fromMs, lengthMs, due }))).toEqual([
    { fromMs: 0, lengthMs: 10_000, due: 2 },
    { fromMs: 10_000, lengthMs: 10_000, due: 3 },
    { fromMs: 20_000, lengthMs: 5_000, due: 0 },
  ]);
  const [first, second, third] = windows;
  expect(first).toMatchObject({ p50Ms: 20, desiredReplicas: 1, answeredByPod: {}, fairness: NaN });
  expect(first!.outcomes).toMatchObject({ right: 1, refused: 1 });
  expect(second).toMatchObject({ p95Ms: 50, desiredReplicas: 2, readyReplicas: 1, throttledShare: 0.2 });
  expect(second!.answeredByPod).toEqual({ a: 3, b: 1 });
  expect(second!.fairness).toBeCloseTo(16 / 20, 12);
  expect(third!.readyReplicas).toBe(2);
});

test('what a server does not count is no zero in a window', () => {
  const [window] = windowsOf({
    startedAt: '2026-11-25T10:00:00.000Z',
    finishedAt: '2026-11-25T10:00:10.000Z',
    replicas: [{ atMs: 0, desired: 1, current: 1 }],
    counters: [
      { atMs: 0, pod: 'a', periods: 10, throttledPeriods: 3 },
      { atMs: 9_000, pod: 'a', periods: 20, throttledPeriods: 8 },
    ],
  } as unknown as TimelineDocument);
  expect(window).toMatchObject({ readyReplicas: NaN, answeredByPod: {}, fairness: NaN, throttledShare: 0.5 });
});

test('a request is sent in the window in which it was, whenever it was due; an unsent one in none', () => {
  const windows = windowsOf({
    ...{ startedAt: '2026-11-25T10:00:00.000Z', finishedAt: '2026-11-25T10:00:20.000Z' },
    ...{ replicas: [], counters: [] },
    load: loadOf([
      { intendedMs: 0, outcome: 'right' },
      { intendedMs: 100, outcome: 'unsent' },
      { intendedMs: 4990, lagMs: 30, outcome: 'right' },
    ]),
  } as unknown as TimelineDocument);
  expect(windows.map(({ due, sent }) => ({ due, sent }))).toEqual([
    { due: 3, sent: 1 },
    { due: 0, sent: 1 },
  ]);
});
