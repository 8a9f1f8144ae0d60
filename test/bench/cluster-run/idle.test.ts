import { idleUntilMinimum } from '../../../bench/cluster-run/idle';

const PATH = '/deployment';
const deployment = (replicas: number, ready = replicas) =>
  JSON.stringify({ spec: { replicas }, status: { replicas, readyReplicas: ready } });

/** Reads these answers in turn, the last one again and again; undefined fails. Returns the number of reads. */
async function reads(
  bodies: readonly (string | undefined)[],
  { maxMs = 60_000, ...changes }: Partial<Parameters<typeof idleUntilMinimum>[2]> = {},
): Promise<number> {
  let count = 0;
  const read = (path: string) => {
    expect(path).toBe(PATH);
    const body = bodies[Math.min(count++, bodies.length - 1)];
    return body === undefined ? Promise.reject(new Error('lost')) : Promise.resolve(body);
  };
  const times = { maxMs, leastMs: 0, atMinimumMs: 0, pollMs: 1 };
  const signal = new AbortController().signal;
  await idleUntilMinimum(read, PATH, { minReplicas: 2, signal, ...times, ...changes });
  return count;
}

test('the recording ends once the Deployment is back at its minimum', async () => {
  expect(await reads([deployment(7), deployment(3), deployment(2)])).toBe(3);
});

test('the recording goes on at the minimum, so that it is seen to stay there', async () => {
  const startMs = performance.now();
  expect(await reads([deployment(2)], { atMinimumMs: 100 })).toBeGreaterThan(1);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(99);
});

test('a Deployment that leaves its minimum again starts the wait at the minimum again', async () => {
  const startMs = performance.now();
  await reads([deployment(2), ...Array<string>(20).fill(deployment(3)), deployment(2)], { atMinimumMs: 15 });
  // 21 reads and as many waits, and 15 ms.
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(35);
});

test('a Deployment that is at its minimum from the beginning is recorded for the shortest time', async () => {
  const startMs = performance.now();
  await reads([deployment(2)], { leastMs: 100 });
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(99);
});

test.each([
  ['that does not come back', deployment(5)],
  ['with a pod that is not ready', deployment(2, 1)],
  ['that cannot be read', undefined],
  ['whose answer is no JSON', 'no JSON'],
])('a Deployment %s is recorded to the end', async (_, body) => {
  const startMs = performance.now();
  await reads([body], { maxMs: 100 });
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(99);
});

test('an interrupt ends it with the signal’s reason', async () => {
  const signal = AbortSignal.timeout(20);
  await expect(reads([deployment(5)], { signal })).rejects.toThrow('aborted');
});
