import { explanationNow, hpaWords } from '../../../bench/adviser/hpa-now';
import { watchedHpa } from './watched-hpa';

test('a sync now is derived from the pods and samples, and the HPA’s own words stand beside it', () => {
  const lines = explanationNow(watchedHpa()).split('\n');
  expect(lines[0]).toBe('shop/web: 2 to 10 pods; the target is 50 % of the CPU request of 400m.');
  expect(lines.slice(4)).toEqual([
    'now: 2 pods, and the CPU use asks for 3',
    '    2 pods counted  [replica_calculator.go:426]',
    '    66 % of the request is 1.32 times the target of 50 % (tolerance 0.9 to 1.1)  [metrics/utilization.go:49]',
    '    1.32 x 2 pods, rounded up, asks for 3  [replica_calculator.go:118]',
    '',
    "The HPA's own words of its last sync: 66 % of the request, 3 pods wanted.",
    '    ScalingActive True, ValidMetricFound: it computes',
  ]);
});

test('the bound that cuts what is asked for is named', () => {
  const { timeline } = watchedHpa();
  const bounded = (bounds: object) =>
    explanationNow(
      watchedHpa([3, 3], {
        subject: {
          ...timeline.subject,
          autoscalerSpec: { ...(timeline.subject.autoscalerSpec as object), ...bounds },
        },
      }),
    );
  expect(bounded({ maxReplicas: 2 })).toContain(
    'now: 2 pods, and the CPU use asks for 3; maxReplicas allows 2',
  );
  expect(bounded({ minReplicas: 3 })).toContain('now: 2 to 3 pods\n    2 is below minReplicas');
});

test('without CPU samples nothing changes, and the source lines name another version of the cluster', () => {
  const { timeline } = watchedHpa();
  const text = explanationNow(
    watchedHpa([3, 3], { podMetrics: [], subject: { ...timeline.subject, kubernetesVersion: 'v1.33.1' } }),
  );
  expect(text).toContain('now: 2 pods stay\n    unable to get metrics for resource cpu');
  expect(text).toContain('in Kubernetes 1.36.3; the cluster ran v1.33.1.');
});

test('a pod without a CPU request is named as the controller names it', () => {
  const { pods } = watchedHpa().timeline;
  const [first, second] = pods;
  const text = explanationNow(
    watchedHpa([3, 3], { pods: [{ ...first!, cpuRequestsMillis: [300, null] }, second!] }),
  );
  expect(text).toContain('missing request for cpu in a container of Pod p1: nothing changes');
});

test('the events of the HPA are listed, and an HPA without a status is named', () => {
  const event = { atMs: 0, object: 'HorizontalPodAutoscaler/web', count: 3, lastAt: '2026-11-28T10:00:05Z' };
  const { timeline } = watchedHpa([3, 3], {
    events: [{ ...event, reason: 'SuccessfulRescale', message: 'New size: 3' }],
  });
  expect(hpaWords(timeline).at(-1)).toBe('    2026-11-28T10:00:05Z SuccessfulRescale (3 times): New size: 3');
  expect(hpaWords({ ...timeline, autoscaler: [] })).toEqual([expect.stringContaining('has no status yet')]);
});
