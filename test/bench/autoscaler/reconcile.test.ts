import { EMPTY_MEMORY } from '../../../bench/autoscaler/memory';
import { reconcile } from '../../../bench/autoscaler/reconcile';
import { DEFAULT_FLAGS, settingsOf } from '../../../bench/autoscaler/settings';
import { VARIANTS } from '../../../infra/variants';
import { busy, decisionsUnder, NOW_MS, spec } from './subject';

const sizes = (...args: Parameters<typeof decisionsUnder>) =>
  decisionsUnder(...args).map(({ replicas }) => replicas);

const behavior = {};

test.each([
  ['latency-hpa', [2, 6, 8, 8]],
  ['accuracy-hpa', [2, 6, 10, 10]],
])('%s climbs to its maximum in two syncs', (name, expected) => {
  const { scaling } = VARIANTS.find((variant) => variant.name === name)!;
  if (scaling.kind !== 'hpa') throw new Error(`${name} must have an HPA`);
  const { minReplicas, maxReplicas, targetCpuPercent } = scaling;
  const hpa = spec(targetCpuPercent, { minReplicas, maxReplicas, behavior });
  const demand = (sync: number) => (sync === 0 ? minReplicas : 4 * maxReplicas) * targetCpuPercent;
  expect(sizes(demand, { hpa, syncs: 4, replicas: minReplicas })).toEqual(expected);
});

test.each([
  ['with the default behavior, at the first sync after the window', { behavior }, 20],
  // A proposal that is exactly as old as the window still counts here.
  ['without a behavior, one sync later', {}, 21],
])('the replicas fall in one step: %s', (_, changes, fall) => {
  const demand = (sync: number) => (sync === 0 ? 400 : 60);
  const after = sizes(demand, { hpa: spec(50, changes), syncs: 24, replicas: 8 });
  expect(after.indexOf(2)).toBe(fall);
  expect(new Set(after.slice(0, fall))).toEqual(new Set([8]));
});

test('a scale-up window waits for the lowest proposal in it', () => {
  const hpa = spec(50, { behavior: { scaleUp: { stabilizationWindowSeconds: 60 } } });
  const after = sizes((sync) => (sync === 0 ? 100 : 300), { hpa, syncs: 6, replicas: 2 });
  expect(after).toEqual([2, 2, 2, 2, 6, 6]);
});

test('policies count from the start of their period, and Min takes the one that changes least', () => {
  const policies = [
    { type: 'Pods', value: 1, periodSeconds: 30 },
    { type: 'Percent', value: 400, periodSeconds: 15 },
  ];
  const climb = (selectPolicy: string) =>
    sizes(() => 500, {
      hpa: spec(50, { behavior: { scaleUp: { policies, selectPolicy } } }),
      syncs: 5,
      replicas: 2,
    });
  expect(climb('Min')).toEqual([3, 3, 4, 4, 5]);
  expect(climb('Max')).toEqual([10, 10, 10, 10, 10]);
  expect(climb('Disabled')).toEqual([2, 2, 2, 2, 2]);
});

test('a percentage of less than one pod adds one or removes one', () => {
  const policies = [{ type: 'Percent', value: 10, periodSeconds: 15 }];
  const scaleDown = { policies, stabilizationWindowSeconds: 0 };
  const hpa = spec(50, { behavior: { scaleUp: { policies }, scaleDown } });
  expect(sizes(() => 500, { hpa, syncs: 2, replicas: 2 })).toEqual([3, 4]);
  expect(sizes(() => 10, { hpa, syncs: 2, replicas: 5 })).toEqual([4, 3]);
});

test.each([
  ['above-max', 12, 10],
  ['below-min', 1, 2],
  ['disabled', 0, 0],
])('replicas outside the bounds are decided by "%s", without metrics', (rule, currentReplicas, replicas) => {
  const seen = { nowMs: NOW_MS, currentReplicas, pods: [], metrics: undefined };
  const { decision } = reconcile(seen, EMPTY_MEMORY, settingsOf(spec(50), DEFAULT_FLAGS), DEFAULT_FLAGS);
  expect(decision).toEqual({ rule, replicas });
});

test('without metrics nothing changes and no proposal is remembered', () => {
  const settings = settingsOf(spec(50, { behavior }), DEFAULT_FLAGS);
  const seen = { nowMs: NOW_MS, currentReplicas: 4, ...busy(4, 50) };
  const before = reconcile(seen, EMPTY_MEMORY, settings, DEFAULT_FLAGS).memory;
  const blind = { ...seen, metrics: undefined, nowMs: NOW_MS + 15_000 };
  const { decision, memory } = reconcile(blind, before, settings, DEFAULT_FLAGS);
  expect(decision).toMatchObject({ rule: 'no-metrics', replicas: 4 });
  expect(memory).toEqual(before);
});

test('a restart forgets what held the replicas', () => {
  const settings = settingsOf(spec(50, { behavior }), DEFAULT_FLAGS);
  const high = { nowMs: NOW_MS, currentReplicas: 8, ...busy(8, 50) };
  const { memory } = reconcile(high, EMPTY_MEMORY, settings, DEFAULT_FLAGS);
  const low = { ...high, ...busy(8, 10), nowMs: NOW_MS + 310_000 };
  const held = { ...low, nowMs: NOW_MS + 15_000 };
  expect(reconcile(held, memory, settings, DEFAULT_FLAGS).decision.replicas).toBe(8);
  expect(reconcile(low, memory, settings, DEFAULT_FLAGS).decision.replicas).toBe(2);
  // A new controller remembers the replicas it found as a proposal: it waits a whole window again.
  expect(reconcile(low, EMPTY_MEMORY, settings, DEFAULT_FLAGS).decision.replicas).toBe(8);
});
