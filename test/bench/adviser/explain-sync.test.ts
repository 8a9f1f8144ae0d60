import { explainSync } from '../../../bench/adviser/explain-sync';
import { EMPTY_MEMORY, type Memory } from '../../../bench/autoscaler/memory';
import type { Observation } from '../../../bench/autoscaler/proposal';
import { reconcile } from '../../../bench/autoscaler/reconcile';
import { DEFAULT_FLAGS, settingsOf } from '../../../bench/autoscaler/settings';
import { HPA_BEHAVIOR } from '../../../infra/construct/deployment-defaults';
import { busy, NOW_MS, pod, spec } from '../autoscaler/subject';

const settings = settingsOf(spec(50, { behavior: HPA_BEHAVIOR }), DEFAULT_FLAGS);

function why(seen: Partial<Observation>, memory: Memory = EMPTY_MEMORY, hpa = settings): string[] {
  const whole: Observation = { nowMs: NOW_MS, currentReplicas: 2, pods: [], metrics: undefined, ...seen };
  const { decision } = reconcile(whole, memory, hpa, DEFAULT_FLAGS);
  return explainSync(whole, decision, hpa).map(({ words, source }) => `${words} [${source}]`);
}

test('use above the target is derived step by step', () => {
  expect(why(busy(2, 100))).toEqual([
    '2 pods counted [replica_calculator.go:426]',
    '100 % of the request is 2 times the target of 50 % (tolerance 0.9 to 1.1) [metrics/utilization.go:49]',
    '2 x 2 pods, rounded up, asks for 4 [replica_calculator.go:118]',
  ]);
});

test('use within the tolerance asks for nothing', () => {
  expect(why(busy(2, 52)).at(-1)).toBe(
    '1.04 is within the tolerance, so nothing is asked for [replica_calculator.go:112]',
  );
});

test('pods that are not ready count as idle where more are asked for', () => {
  const { pods, metrics } = busy(2, 90);
  const starting = [pod('p3', { phase: 'Pending' })];
  expect(why({ pods: [...pods, ...starting], metrics, currentReplicas: 3 })).toEqual([
    '2 pods counted, 1 pod not ready yet or measured too early [replica_calculator.go:426]',
    expect.stringContaining('90 % of the request is 1.8 times'),
    'not ready counts as idle: 1 pod [replica_calculator.go:137]',
    'with the other pods the ratio is 1.2; x 3 pods, rounded up, asks for 4 [replica_calculator.go:156]',
  ]);
});

test('pods without a metric count as fully used where fewer are asked for', () => {
  const { pods, metrics } = busy(4, 25);
  expect(why({ pods: [...pods, pod('p5')], metrics, currentReplicas: 5 })).toEqual(
    expect.arrayContaining(['without a metric counts as fully used: 1 pod [replica_calculator.go:122]']),
  );
});

test('a higher proposal in the window and the bounds are named', () => {
  const held = { ...EMPTY_MEMORY, recommendations: [{ replicas: 4, atMs: NOW_MS - 60_000 }] };
  expect(why({ ...busy(4, 10), currentReplicas: 4 }, held).at(-1)).toBe(
    'a higher proposal in the scale-down window holds the pods [horizontal.go:1237]',
  );
  expect(why({ ...busy(10, 100), currentReplicas: 10 }).at(-1)).toBe(
    'maxReplicas allows no more [horizontal.go:1269]',
  );
});

test('the policies of an HPA with behavior are named', () => {
  const grown = { ...EMPTY_MEMORY, scaleUps: [{ replicas: 2, atMs: NOW_MS - 1_000, outdated: false }] };
  expect(why({ ...busy(4, 100), currentReplicas: 4 }, grown).at(-1)).toBe(
    'the scale-up policies allow no more now [horizontal.go:1269]',
  );
});

test('an HPA without behavior is explained with the rules that it has', () => {
  const plain = settingsOf(spec(50), DEFAULT_FLAGS);
  // The first sync of a controller takes the pods that there are for a proposal; this one is later.
  const later = { ...EMPTY_MEMORY, recommendations: [{ replicas: 1, atMs: NOW_MS - 60_000 }] };
  const last = (count: number, percent: number) =>
    why({ ...busy(count, percent), currentReplicas: count }, later, plain).at(-1);
  expect(last(3, 150)).toBe(
    'one sync at most doubles the pods, or makes them 4 where that is more [horizontal.go:1334]',
  );
  expect(last(10, 100)).toBe('maxReplicas allows no more [horizontal.go:1339]');
  expect(last(4, 5)).toBe('minReplicas allows no fewer [horizontal.go:1344]');
});

test('decisions without metrics are explained too', () => {
  expect(why({ currentReplicas: 0 })).toEqual([expect.stringContaining('the HPA is off')]);
  expect(why({ currentReplicas: 11 })).toEqual([expect.stringContaining('11 is above maxReplicas')]);
  expect(why({ currentReplicas: 1 })).toEqual([expect.stringContaining('1 is below minReplicas')]);
  expect(why({})).toEqual([expect.stringContaining('no metrics returned from resource metrics API')]);
});
