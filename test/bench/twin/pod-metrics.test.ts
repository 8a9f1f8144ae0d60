import { metricOf, storeReading } from '../../../bench/twin/pod-metrics';

const RESOLUTION_MS = 15_000;
const same = (ms: number) => ms;

test('a first reading of an old container is no metric yet', () => {
  const stored = storeReading(undefined, { atMs: 100_000, usedCpuMs: 50 }, 0, RESOLUTION_MS);
  expect(metricOf('p', stored, same)).toBeUndefined();
});

test('two readings give the use between them', () => {
  const first = storeReading(undefined, { atMs: 100_000, usedCpuMs: 50 }, 0, RESOLUTION_MS);
  const stored = storeReading(first, { atMs: 115_000, usedCpuMs: 3_050 }, 0, RESOLUTION_MS);
  expect(metricOf('p', stored, same)).toEqual({ pod: 'p', atMs: 115_000, windowMs: 15_000, cpuMillis: 200 });
});

test('one reading of a container between 10 s and the resolution old counts from its start', () => {
  const stored = storeReading(undefined, { atMs: 12_000, usedCpuMs: 1_200 }, 0, RESOLUTION_MS);
  expect(metricOf('p', stored, same)).toMatchObject({ windowMs: 12_000, cpuMillis: 100 });
});

test('a reading that was stored already changes nothing', () => {
  const first = storeReading(undefined, { atMs: 100_000, usedCpuMs: 50 }, 0, RESOLUTION_MS);
  const second = storeReading(first, { atMs: 115_000, usedCpuMs: 60 }, 0, RESOLUTION_MS);
  expect(storeReading(second, { atMs: 115_000, usedCpuMs: 60 }, 0, RESOLUTION_MS)).toBe(second);
});

test('use is rounded up to millicores, and a pod that used nothing has no metric', () => {
  const stored = (usedCpuMs: number) => ({
    previous: { atMs: 0, usedCpuMs: 0 },
    last: { atMs: 15_900, usedCpuMs },
  });
  const toSecond = (ms: number) => 1000 * Math.floor(ms / 1000);
  expect(metricOf('p', stored(159.001), toSecond)).toMatchObject({ atMs: 15_000, cpuMillis: 11 });
  expect(metricOf('p', stored(0), toSecond)).toBeUndefined();
});
