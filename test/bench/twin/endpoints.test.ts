import { router } from '../../../bench/twin/endpoints';

const pods = ['a', 'b'].map((name) => ({ name, deletedMs: Infinity }));
type Pod = (typeof pods)[number];

const podAt = (route: ReturnType<ReturnType<typeof router<Pod>>>) => {
  if (route === undefined || 'waitUntilMs' in route) throw new Error('no pod');
  return route;
};

test('a fresh connection reaches the pod that chance picks', () => {
  const route = router<Pod>({ kind: 'fresh' });
  expect([0.2, 0.7].map((uniform) => podAt(route(0, pods, uniform)).pod.name)).toEqual(['a', 'b']);
  expect(route(0, [], 0.5)).toBeUndefined();
});

test('a kept connection stays with its pod', () => {
  const route = router<Pod>({ kind: 'kept', count: 1 });
  podAt(route(0, pods, 0.2)).answered(10);
  expect(podAt(route(20, pods, 0.7)).pod.name).toBe('a');
});

test('a request waits while all kept connections are busy', () => {
  const route = router<Pod>({ kind: 'kept', count: 2 });
  podAt(route(0, pods, 0.2)).answered(10);
  podAt(route(0, pods, 0.7)).answered(30);
  expect(route(5, pods, 0.2)).toEqual({ waitUntilMs: 10 });
  expect(podAt(route(10, pods, 0.7)).pod.name).toBe('a');
});

test('a connection to a deleted pod is not used again', () => {
  const route = router<Pod>({ kind: 'kept', count: 1 });
  const [a, b] = [{ ...pods[0]! }, pods[1]!];
  podAt(route(0, [a], 0.2)).answered(10);
  a.deletedMs = 20;
  expect(podAt(route(30, [b], 0.2)).pod.name).toBe('b');
});

test('a renewed connection is closed after the first answer once it is old enough', () => {
  const route = router<Pod>({ kind: 'renewed', count: 1, everySeconds: 1 });
  podAt(route(0, pods, 0.2)).answered(500);
  podAt(route(600, pods, 0.7)).answered(1_200);
  expect(podAt(route(1_300, pods, 0.7)).pod.name).toBe('b');
});
