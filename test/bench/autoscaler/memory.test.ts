import {
  EMPTY_MEMORY,
  type Memory,
  remember,
  rememberScaling,
  replicasAtPeriodStart,
} from '../../../bench/autoscaler/memory';
import { DEFAULT_FLAGS, settingsOf } from '../../../bench/autoscaler/settings';
import { NOW_MS, spec } from './subject';

test('the last old item gives its place to a new one; without an old one the list grows', () => {
  const isOld = (item: number) => item < 3;
  expect(remember([1, 2, 3], isOld, 9)).toEqual([1, 9, 3]);
  expect(remember([3, 4], isOld, 9)).toEqual([3, 4, 9]);
});

test('a change is replaced by its own direction’s longest period, even if the other direction still counts it', () => {
  const behavior = settingsOf(spec(50, { behavior: {} }), DEFAULT_FLAGS).behavior!;
  const down = (memory: Memory, before: number, nowMs: number) =>
    rememberScaling(memory, { before, after: before - 1, nowMs }, behavior);
  const start = (memory: Memory) =>
    replicasAtPeriodStart(memory, 3, { type: 'Pods', value: 1, periodSeconds: 600 }, NOW_MS + 60_000);
  const once = down(EMPTY_MEMORY, 5, NOW_MS);
  expect(start(once)).toBe(4);
  // Two changes within 600 s, but the first is older than the 15 s of scaleDown.
  expect(start(down(once, 4, NOW_MS + 30_000))).toBe(4);
  expect(start(down(once, 4, NOW_MS + 15_000))).toBe(5);
});
