import { basename, join } from 'node:path';

import fc from 'fast-check';

import { parseConnections } from '../../../bench/load/connections';
import {
  LOAD_FORMS,
  meanRequests,
  durationSeconds,
  type OpenLoad,
  parseLoad,
} from '../../../bench/load/load';
import { traceFileOf, withTraceFile } from '../../../bench/load/load-text';
import { clientsOf, drawSchedule, shardOf } from '../../../bench/load/schedule';
import { parseSlo } from '../../../bench/load/slo';

const TRACES = join(__dirname, '../../../bench/traces');
const NASA = `trace:${TRACES}/nasa-http-1995-07.csv:launch_1995_07_13`;
const AZURE = `trace:${TRACES}/azure-llm-conv-2023.csv:requests`;

const open = (text: string) => parseLoad(text) as OpenLoad;

const LOADS = [
  'constant:20:60s',
  'poisson:20:5m',
  'steps:10,20,40:60s',
  'ramp:5-50:2m',
  'spike:10-80:5m:30s',
  'diurnal:10-50:10m',
  `${AZURE}:mean=8`,
  `${NASA}:peak=20:540-660`,
];

test.each(LOADS)('%s has the mean that it states, in order and within its time', (text) => {
  const load = open(text);
  const schedule = drawSchedule(load, 1);
  // Five standard deviations of a Poisson count.
  expect(Math.abs(schedule.length - meanRequests(load))).toBeLessThan(5 * Math.sqrt(meanRequests(load)));
  expect(schedule.every((ms, i) => i === 0 || ms >= schedule[i - 1]!)).toBe(true);
  expect(schedule[0]).toBeGreaterThanOrEqual(0);
  expect(schedule.at(-1)).toBeLessThan(1000 * durationSeconds(load));
});

test('a seed gives one schedule, another seed another', () => {
  fc.assert(
    fc.property(fc.constantFrom(...LOADS.slice(1)), fc.nat(), (text, seed) => {
      const load = open(text);
      const bytes = (of: number) => Buffer.from(drawSchedule(load, of).buffer);
      expect(bytes(seed).equals(bytes(seed))).toBe(true);
      expect(bytes(seed).equals(bytes(seed + 1))).toBe(false);
    }),
    { seed: 1, numRuns: 30 },
  );
});

test('shards share a schedule out: each request is in one of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(), (count, seed) => {
      const schedule = drawSchedule(open('poisson:20:30s'), seed);
      const shards = Array.from({ length: count }, (_, i) => shardOf(schedule, { index: i + 1, count }));
      const together = shards.flatMap((shard) => [...shard]).sort((a, b) => a - b);
      expect(together).toEqual([...schedule]);
    }),
    { seed: 1, numRuns: 20 },
  );
});

test('shards share the clients of a closed loop out, and none is left without one', () => {
  const counts = [1, 2, 3].map((index) => clientsOf(8, { index, count: 3 }));
  expect(counts).toEqual([3, 3, 2]);
  expect(() => clientsOf(2, { index: 1, count: 3 })).toThrow(
    'closed:2 must have a client for each of the 3 generators, received 2: use fewer generators or more clients',
  );
});

test('Poisson arrivals have exponential gaps: mean and standard deviation are equal', () => {
  const schedule = drawSchedule(open('poisson:100:5m'), 1);
  const gaps = Array.from(schedule.subarray(1), (ms, i) => ms - schedule[i]!);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  expect(mean).toBeGreaterThan(9.7);
  expect(mean).toBeLessThan(10.3);
  expect(deviation / mean).toBeGreaterThan(0.97);
  expect(deviation / mean).toBeLessThan(1.03);
});

test('a spike is in the middle', () => {
  const schedule = drawSchedule(open('spike:10-100:100s:20s'), 1);
  const inSpike = schedule.filter((ms) => ms >= 40_000 && ms < 60_000).length;
  expect(inSpike).toBeGreaterThan(1_800);
  expect(schedule.length - inSpike).toBeLessThan(920);
});

test('the file of a trace is named and replaced in the text form, and nothing else is', () => {
  const text = 'trace:/data/a.csv:all:peak=20:0-9';
  expect(traceFileOf(text)).toBe('/data/a.csv');
  expect(withTraceFile(text, (file) => `/pod${file}`)).toBe('trace:/pod/data/a.csv:all:peak=20:0-9');
  // A column may have a slash.
  expect(withTraceFile('trace:/data/a.csv:in/out:mean=2', basename)).toBe('trace:a.csv:in/out:mean=2');
  for (const other of [
    'poisson:20:60s',
    'trace',
    'trace::all:peak=20',
    'traces:a.csv:all:peak=20',
    'toString:a',
  ]) {
    expect(traceFileOf(other)).toBeUndefined();
    expect(withTraceFile(other, () => 'x')).toBe(other);
  }
});

test('a trace is scaled to its peak or to its mean', () => {
  const peak = open(`${NASA}:peak=20`);
  const mean = open(`${NASA}:mean=5`);
  if (peak.kind !== 'trace' || mean.kind !== 'trace') throw new Error('both are traces');
  expect((Math.max(...peak.trace.counts) * peak.scale) / 60).toBeCloseTo(20);
  expect(meanRequests(mean) / durationSeconds(mean)).toBeCloseTo(5);
  expect(durationSeconds(mean)).toBe(86_400);
});

test.each([
  ['', /--load must look like one of constant:20:60s/],
  ['uniform:20:60s', /--load must look like/],
  ['poisson:0:60s', /a rate must be above 0 .* received "0"/],
  ['poisson:20:60', /a duration must look like 500ms, 60s, 2m or 1h, received "60"/],
  ['poisson:20:60s:9', /--load must look like/],
  ['poisson:10000:2h', /a run must have at most 500000 requests/],
  ['poisson:1:48h', /at most 86400 s/],
  ['closed:0:60s', /clients must be a whole number from 1 to 1000, received "0"/],
  [`${TRACES}/x.csv`, /--load must look like/],
  [`${NASA.slice(0, -1)}9:peak=5`, /the column must be one of ordinary_1995_07_06, launch_1995_07_13/],
])('refuses the load %p', (text, message) => {
  expect(() => parseLoad(text)).toThrow(message);
});

test('every form in the help text but the placeholders can be read', () => {
  const readable = LOAD_FORMS.map(([form]) => form).filter((form) => !form.includes('FILE'));
  expect(readable.map((form) => parseLoad(form).kind)).toEqual(readable.map((form) => form.split(':')[0]));
});

test('reads connection policies and objectives', () => {
  expect(parseConnections('renewed:8:10s')).toEqual({ kind: 'renewed', count: 8, everySeconds: 10 });
  expect(() => parseConnections('kept:0')).toThrow(/--connections must be fresh, kept:N/);
  expect(parseSlo('p95=100ms')).toEqual({ percentile: 0.95, limitMs: 100 });
  expect(() => parseSlo('p30=1s')).toThrow(/--slo must look like p95=100ms/);
});
