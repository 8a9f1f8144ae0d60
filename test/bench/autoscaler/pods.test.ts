import {
  classify,
  podCpuMillis,
  type Pod,
  type PodMetric,
  podRequestMillis,
} from '../../../bench/autoscaler/pods';
import { DEFAULT_FLAGS } from '../../../bench/autoscaler/settings';
import { metric, NOW_MS, pod } from './subject';

const classOf = (changes: Partial<Pod>, sample: PodMetric | undefined = metric('p', 50)) =>
  classify(pod('p', changes), sample, NOW_MS, DEFAULT_FLAGS);

test.each<[string, Partial<Pod>, string]>([
  ['a deleting pod is ignored, whatever else it is', { deleting: true, phase: 'Pending' }, 'ignored'],
  ['a failed pod is ignored', { phase: 'Failed' }, 'ignored'],
  ['a pending pod is unready', { phase: 'Pending' }, 'unready'],
  ['a pod without a start time is unready', { startedAtMs: undefined } as never, 'unready'],
  [
    'an old pod counts while its readiness is unknown',
    { ready: { status: 'Unknown', changedAtMs: 9 } },
    'ready',
  ],
])('%s', (_, changes, expected) => {
  expect(classOf(changes)).toBe(expected);
});

test('a running pod without a sample is missing', () => {
  expect(classify(pod('p'), undefined, NOW_MS, DEFAULT_FLAGS)).toBe('missing');
});

test('a young pod counts from the first sample whose whole window is after it became ready', () => {
  const changedAtMs = NOW_MS - 20_000;
  const young = { startedAtMs: NOW_MS - 30_000, ready: { status: 'True', changedAtMs } as const };
  const sampled = (atMs: number) => classOf(young, metric('p', 50, { atMs, windowMs: 15_000 }));
  expect(sampled(changedAtMs + 14_999)).toBe('unready');
  expect(sampled(changedAtMs + 15_000)).toBe('ready');
});

test('an old pod that is not ready counts, unless it was never ready', () => {
  const unreadySince = (changedAtMs: number) => classOf({ ready: { status: 'False', changedAtMs } });
  expect(unreadySince(29_999)).toBe('unready');
  expect(unreadySince(30_000)).toBe('ready');
});

test('CPU use is rounded up per container, and one container without a sample hides the pod', () => {
  expect(podCpuMillis([100_000_001, 1])).toBe(102);
  expect(podCpuMillis([100_000_000, undefined])).toBeUndefined();
  expect(podCpuMillis([])).toBeUndefined();
});

test('a pod requests the sum over its containers, or nothing if one states none', () => {
  expect(podRequestMillis(pod('p', { cpuRequestsMillis: [100, 250] }))).toBe(350);
  expect(podRequestMillis(pod('p', { cpuRequestsMillis: [100, undefined] }))).toBeUndefined();
});
