import { cpuQuota, runFor } from '../../../bench/twin/cpu-quota';
import { CPU_QUOTA_PERIOD_MS } from '../../../infra/construct/deployment-defaults';
import { seededRandom } from '../../../statistics/seeded-random';

test('work that fits into what is left of the period does not wait', () => {
  expect(runFor(cpuQuota(500, 0, 0), 10, 50, 1)).toBe(60);
});

test('work beyond the quota waits for the next periods', () => {
  // 25 ms at 10 to 35, at 100 to 125 and the last 10 ms from 200.
  expect(runFor(cpuQuota(250, 0, 0), 10, 60, 1)).toBe(210);
});

test('what one work has used up is missing to the next one in the same period', () => {
  const quota = cpuQuota(300, 0, 0);
  expect(runFor(quota, 0, 20, 1)).toBe(20);
  expect(runFor(quota, 40, 20, 1)).toBe(110);
});

test('a work that begins late in a period has only the rest of it', () => {
  expect(runFor(cpuQuota(500, 0, 0), 80, 60, 1)).toBe(140);
});

test('from one core per core of work on nothing waits', () => {
  expect(runFor(cpuQuota(1000, 0, 0), 95, 250, 1)).toBe(345);
});

test('a limit that leaves nothing for the work is refused', () => {
  expect(() => cpuQuota(0, 0)).toThrow('received 0m above it: raise the limit');
});

test('the closed form agrees with a walk through the periods in steps of 1/8 ms', () => {
  const random = seededRandom(1, 'quota');
  for (let round = 0; round < 10; round++) {
    const limitMillis = 50 + 10 * random.integer(90);
    const quota = cpuQuota(limitMillis, 0, 0);
    let [nowMs, leftMs, period] = [0, limitMillis / 10, 0];
    for (let work = 0; work < 4; work++) {
      const startMs = nowMs + random.integer(800) / 8;
      const cpuMs = (1 + random.integer(1200)) / 8;
      const end = runFor(quota, startMs, cpuMs, 1);
      let todoMs = cpuMs;
      for (nowMs = startMs; todoMs > 0; nowMs += 1 / 8) {
        if (Math.floor(nowMs / CPU_QUOTA_PERIOD_MS) > period) {
          period = Math.floor(nowMs / CPU_QUOTA_PERIOD_MS);
          leftMs = limitMillis / 10;
        }
        const ran = Math.min(1 / 8, leftMs, todoMs);
        leftMs -= ran;
        todoMs -= ran;
      }
      expect(Math.abs(end - nowMs)).toBeLessThanOrEqual(0.5);
      nowMs = Math.max(nowMs, end);
    }
  }
});

test('a group overruns its quota, and the next period has less', () => {
  // 27 ms until it waits, and from 100 on 18 of the 23 ms that the debt leaves.
  const quota = cpuQuota(250, 0, 2);
  expect(runFor(quota, 0, 45, 1)).toBe(118);
  // 5 ms and the overrun, and the last 3 ms from 200 on.
  expect(runFor(quota, 130, 10, 1)).toBe(203);
  expect(quota.leftMs).toBe(20);
});

test('work that ends within the overrun does not wait, and no other begins within it', () => {
  const quota = cpuQuota(300, 0, 2);
  expect(runFor(quota, 0, 31, 1)).toBe(31);
  expect(runFor(quota, 40, 5, 1)).toBe(105);
});

test('a group that owes more than a period has waits for several', () => {
  const quota = cpuQuota(10, 0, 2);
  expect(runFor(quota, 0, 3, 1)).toBe(3);
  // It owes 2 ms of periods of 1 ms: at 200 it owes nothing and has nothing.
  expect(runFor(quota, 3, 0.5, 1)).toBe(300.5);
});

test('an overrun gives no more CPU time than the quota has over many periods', () => {
  const random = seededRandom(2, 'quota');
  for (let round = 0; round < 20; round++) {
    const [limitMillis, overrunMs] = [50 + 10 * random.integer(90), random.between(0, 5)];
    const quota = cpuQuota(limitMillis, 0, overrunMs);
    let [nowMs, usedMs] = [0, 0];
    while (nowMs < 20_000) {
      const cpuMs = random.between(1, 40);
      nowMs = runFor(quota, nowMs, cpuMs, 1);
      usedMs += cpuMs;
      const periods = Math.floor(nowMs / CPU_QUOTA_PERIOD_MS) + 1;
      expect(usedMs).toBeLessThanOrEqual((periods * limitMillis) / 10 + overrunMs + 1e-6);
    }
    expect(usedMs).toBeGreaterThan((20_000 * limitMillis) / 1000 - limitMillis / 10);
  }
});
