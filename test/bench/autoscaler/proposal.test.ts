import { type Observation, propose } from '../../../bench/autoscaler/proposal';
import { DEFAULT_FLAGS, settingsOf } from '../../../bench/autoscaler/settings';
import { busy, metric, NOW_MS, pod, spec } from './subject';

const asked = (seen: Partial<Observation>, targetPercent = 50) =>
  propose(
    { nowMs: NOW_MS, currentReplicas: seen.pods?.length ?? 0, pods: [], metrics: [], ...seen },
    settingsOf(spec(targetPercent), DEFAULT_FLAGS),
    DEFAULT_FLAGS,
  );

const replicasAt = (count: number, percent: number, target = 50) => asked(busy(count, percent), target);

test('both ends of the tolerance keep the replicas, and one percent beyond changes them', () => {
  expect([45, 55].map((percent) => replicasAt(4, percent))).toMatchObject([{ replicas: 4 }, { replicas: 4 }]);
  expect(replicasAt(4, 56)).toMatchObject({ replicas: 5 });
  expect(replicasAt(9, 44)).toMatchObject({ replicas: 8 });
});

test('the utilization is a whole percent, rounded down', () => {
  expect(replicasAt(4, 55.99)).toMatchObject({ replicas: 4, utilizationPercent: 55 });
});

test('doubles decide as in the controller: 290 percent of 70 on 7 pods needs 30, not 29', () => {
  expect(replicasAt(7, 290, 70)).toMatchObject({ replicas: 30 });
});

test('pods that are not ready count as idle when the ready ones need more', () => {
  const { pods, metrics } = busy(2, 90);
  const starting = [pod('p3', { phase: 'Pending' }), pod('p4', { phase: 'Pending' })];
  expect(asked({ pods, metrics })).toMatchObject({ replicas: 4 });
  expect(asked({ pods: [...pods, ...starting], metrics })).toMatchObject({
    replicas: 4,
    utilizationPercent: 90,
  });
});

test('pods that are not ready are left out when the ready ones need fewer', () => {
  const { pods, metrics } = busy(2, 25);
  expect(asked({ pods: [...pods, pod('p3', { phase: 'Pending' })], metrics })).toMatchObject({ replicas: 1 });
});

test('a pod without metrics counts as fully used when the others need fewer, and no change turns the direction', () => {
  const { pods, metrics } = busy(4, 25);
  expect(asked({ pods: [...pods, pod('p5')], metrics })).toMatchObject({ replicas: 4 });
  const few = busy(1, 40);
  expect(asked({ pods: [...few.pods, pod('p2'), pod('p3')], metrics: few.metrics })).toMatchObject({
    replicas: 3,
  });
});

test('above a target of 100 percent, a pod without metrics counts as being at the target', () => {
  const { pods, metrics } = busy(1, 65);
  const missing = ['p2', 'p3', 'p4'].map((name) => pod(name));
  // At 130 % each the mean is 113 %, which needs 4; at 100 % it would be 91 %, which needs 3.
  expect(asked({ pods: [...pods, ...missing], metrics }, 130)).toMatchObject({ replicas: 4 });
});

test('a metric of a pod that is gone adds to the count but not to the use', () => {
  const { pods, metrics } = busy(2, 100);
  const seen = { pods: [...pods, pod('p3')], metrics: [...metrics, metric('gone', 500)] };
  // 200 % on three listed pods is 66 %; four entries are counted.
  expect(asked(seen)).toMatchObject({ replicas: Math.ceil((66 / 50) * 4) });
});

test.each<[string, Partial<Observation>]>([
  ['unable to get metrics for resource cpu', { pods: [pod('p1')], metrics: undefined }],
  ['no pods returned by selector', { metrics: [metric('p1', 50)] }],
  [
    'did not receive metrics for targeted pods',
    { pods: [pod('p1', { phase: 'Pending' })], metrics: [metric('p1', 50)] },
  ],
  [
    'missing request for cpu',
    { pods: [pod('p1', { cpuRequestsMillis: [undefined] })], metrics: [metric('p1', 50)] },
  ],
  ['no metrics returned matched known pods', { pods: [pod('p1')], metrics: [metric('gone', 50)] }],
])('it says "%s" as the controller does', (message, seen) => {
  expect(asked(seen).error).toContain(message);
});
