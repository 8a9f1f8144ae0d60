import { existsSync, readFileSync } from 'node:fs';

import { parseQuota, QUOTA_FILE } from '../../../bench/experiments/quota-document';
import { QUOTA_OVERRUN_MS } from '../../../bench/twin/cpu-quota';
import { elapsedUnder, fitOverrun, leaveOneOut, type QuotaCell } from '../../../bench/twin/fit-quota';
import { CPU_QUOTA_PERIOD_MS } from '../../../infra/construct/deployment-defaults';
import { mean } from '../../../statistics/mean';
import { percentile } from '../../../statistics/percentile';
import { type Random, seededRandom } from '../../../statistics/seeded-random';

const LIMITS_MILLIS = [137, 200, 275, 400, 550, 700, 850, 1000];
const SUBJECTS = LIMITS_MILLIS.flatMap((limitMillis) =>
  [3, 10, 30].map((cpuMs) => ({ limitMillis, cpuMs, pauseMs: Math.max(1, cpuMs * (800 / limitMillis - 1)) })),
);
const withOverrun = (overrunMs: number): QuotaCell[] =>
  SUBJECTS.map((subject) => ({ ...subject, ...elapsedUnder(subject, overrunMs) }));

test.each([0, 2.25, 4])('an overrun of %f ms is found in records that have it', (overrunMs) => {
  expect(fitOverrun(withOverrun(overrunMs))).toBe(overrunMs);
});

/** The requests of one control group, whose time the kernel looks at every 4 ms: when it may wait, and when it must. */
function kernelWalk({ limitMillis, cpuMs, pauseMs }: (typeof SUBJECTS)[number], random: Random): number[] {
  const [tickMs, quotaMs] = [4, (limitMillis * CPU_QUOTA_PERIOD_MS) / 1000];
  const nextTickMs = (ms: number) => (Math.floor((ms - tickPhaseMs) / tickMs) + 1) * tickMs + tickPhaseMs;
  const tickPhaseMs = random.between(0, tickMs);
  let [nowMs, leftMs, periodEndMs] = [0, quotaMs, CPU_QUOTA_PERIOD_MS];
  const goTo = (ms: number) => {
    nowMs = ms;
    for (; nowMs >= periodEndMs; periodEndMs += CPU_QUOTA_PERIOD_MS)
      leftMs = Math.min(quotaMs, leftMs + quotaMs);
  };
  return Array.from({ length: 200 }, () => {
    goTo(nowMs + random.between(0, 2 * pauseMs));
    const sentMs = nowMs;
    let isThrottled = leftMs <= 0;
    for (let todoMs = cpuMs; todoMs > 1e-9;) {
      if (isThrottled) {
        goTo(periodEndMs);
        isThrottled = leftMs <= 0;
        continue;
      }
      const tick = nextTickMs(nowMs);
      const ranMs = Math.min(tick - nowMs, periodEndMs - nowMs, todoMs);
      todoMs -= ranMs;
      leftMs -= ranMs;
      goTo(nowMs + ranMs);
      isThrottled = nowMs >= tick - 1e-9 && leftMs <= 0;
    }
    return nowMs - sentMs;
  });
}

test('a kernel that looks at a group every 4 ms lets it overrun by about half of that', () => {
  const random = seededRandom(1, 'kernel');
  const cells = SUBJECTS.map((subject) => {
    const elapsedMs = Array.from({ length: 5 }, () => kernelWalk(subject, random)).flat();
    return { ...subject, meanMs: mean(elapsedMs), p95Ms: percentile(elapsedMs, 0.95) };
  });
  const overrunMs = fitOverrun(cells);
  expect(overrunMs).toBeGreaterThan(1);
  expect(overrunMs).toBeLessThan(3);
});

test('each limit is predicted from the other seven', () => {
  // Under 275m everything took as long as with another overrun: that decides nothing about 275m itself.
  const other = withOverrun(8);
  const cells = withOverrun(2).map((cell, i) => (cell.limitMillis === 275 ? other[i]! : cell));
  const left = leaveOneOut(cells);
  expect(left.map(({ limitMillis }) => limitMillis)).toEqual(LIMITS_MILLIS);
  const one = left.find(({ limitMillis }) => limitMillis === 275)!;
  expect(one.overrunMs).toBe(2);
  expect(one.cells.map(({ measured }) => measured)).toEqual(
    other.filter(({ limitMillis }) => limitMillis === 275),
  );
  expect(one.cells.map(({ predicted }) => predicted)).toEqual(
    one.cells.map(({ measured }) => elapsedUnder(measured, 2)),
  );
  expect(left[0]!.overrunMs).toBe(fitOverrun(cells.filter(({ limitMillis }) => limitMillis !== 137)));
});

test('one limit alone predicts nothing', () => {
  const cells = withOverrun(2).filter(({ limitMillis }) => limitMillis === 400);
  expect(() => leaveOneOut(cells)).toThrow('received 400: give --limits more');
});

const recorded = existsSync(QUOTA_FILE) ? parseQuota(readFileSync(QUOTA_FILE, 'utf8')) : undefined;

test('the twin’s overrun is what the fit of the recorded limits gives; 0 before they are recorded', () => {
  expect(QUOTA_OVERRUN_MS).toBe(recorded === undefined ? 0 : fitOverrun(recorded.cells));
});

test('at least eight limits are recorded, with requests of three CPU times each', () => {
  const limits = new Set((recorded?.cells ?? SUBJECTS).map(({ limitMillis }) => limitMillis));
  expect(limits.size).toBeGreaterThanOrEqual(8);
  expect((recorded?.cells ?? SUBJECTS).length).toBeGreaterThanOrEqual(3 * limits.size);
  for (const { requests, pauseMs, periods } of recorded?.cells ?? []) {
    expect(requests).toBeGreaterThanOrEqual(20);
    expect(pauseMs).toBeGreaterThan(0);
    expect(periods).toBeGreaterThan(0);
  }
});
