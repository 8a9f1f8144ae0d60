import { agenda } from '../../../bench/twin/agenda';
import { fleet, readyAfterMs, type SimulatedPod, victims } from '../../../bench/twin/fleet';
import { DRAIN_DELAY_MS } from '../../../service/contract';
import { seededRandom } from '../../../statistics/seeded-random';
import { POD } from './subject';

const pod = (name: string, more: Partial<SimulatedPod>): SimulatedPod => ({
  ...{ name, createdMs: 0, node: 0, placedMs: 0, containerStartMs: 0, loadedMs: 0, readyMs: 0 },
  ...{ deletedMs: Infinity, goneMs: Infinity },
  ...more,
});
const namesOf = (pods: readonly SimulatedPod[]) => pods.map(({ name }) => name);

test('entries of an agenda run in the order of their times, then of their entry', () => {
  const { add, runUntil, nextMs } = agenda();
  const ran: string[] = [];
  add(20, () => ran.push('late'));
  add(10, () => add(15, () => ran.push('added meanwhile')));
  add(20, () => ran.push('later'));
  runUntil(20);
  expect(ran).toEqual(['added meanwhile', 'late', 'later']);
  expect(nextMs()).toBe(Infinity);
});

test('a pod is ready at the first startup probe after its model is loaded', () => {
  expect(readyAfterMs(POD)).toBe(2_000);
  expect(readyAfterMs({ ...POD, cpuLimitMillis: 137, startCpuMs: 1_400 })).toBe(12_000);
});

test('pods without a node go first, then unready ones, those on crowded nodes and the youngest', () => {
  const old = pod('old', { node: 1, createdMs: -1e6, readyMs: -1e6 });
  const young = pod('young', { node: 2, createdMs: -20_000, readyMs: -20_000 });
  const crowd = [pod('crowd-1', {}), pod('crowd-2', {})];
  const starting = pod('starting', { node: 3, readyMs: Infinity });
  const pending = pod('pending', { readyMs: Infinity });
  delete pending.node;
  const order = namesOf(
    victims([old, young, ...crowd, starting, pending], 100_000, seededRandom(1, 'deletion')),
  );
  expect(order.slice(0, 2)).toEqual(['pending', 'starting']);
  expect(order.slice(2, 4).sort()).toEqual(['crowd-1', 'crowd-2']);
  expect(order.slice(4)).toEqual(['young', 'old']);
});

test('ages in nanoseconds with the same logarithm, rounded down, count as equal', () => {
  const isYoungerFirst = (youngerMs: number, olderMs: number) => {
    const pods = [pod('older', { readyMs: -olderMs }), pod('younger', { node: 1, readyMs: -youngerMs })];
    return Array.from({ length: 40 }, (_, seed) => {
      const [first] = victims(pods, 0, seededRandom(seed + 1, 'deletion'));
      return first!.name === 'younger';
    });
  };
  // 2^35 and 2^36 ns are edges: 34.4 s and 68.7 s.
  expect(new Set(isYoungerFirst(60_000, 66_000))).toEqual(new Set([true, false]));
  expect(new Set(isYoungerFirst(66_000, 70_000))).toEqual(new Set([true]));
  expect(new Set(isYoungerFirst(0, 1))).toEqual(new Set([true]));
});

test('a new pod gets no connection before kube-proxy knows it, a deleted one serves until then', () => {
  const { add, runUntil } = agenda();
  const pods = fleet({ pod: POD, nodes: 3, maxPods: 10 }, 1, 1, { add }, () => undefined);
  pods.scaleTo(0, 2);
  runUntil(2_299);
  expect(namesOf(pods.endpoints())).toEqual(['pod-1']);
  runUntil(4_100);
  expect(namesOf(pods.endpoints())).toEqual(['pod-1', 'pod-2']);
  pods.scaleTo(5_000, 1);
  expect(namesOf(pods.endpoints())).toEqual(['pod-1', 'pod-2']);
  runUntil(6_001);
  expect(pods.endpoints()).toHaveLength(1);
  expect(pods.pods()).toHaveLength(2);
  runUntil(10_000);
  expect(pods.pods()).toHaveLength(1);
});

test('a pod for which no node has room starts when another is gone', () => {
  const { add, runUntil } = agenda();
  const pods = fleet({ pod: POD, nodes: 1, maxPods: 2 }, 2, 1, { add }, () => undefined);
  pods.scaleTo(0, 3);
  runUntil(60_000);
  expect(pods.endpoints()).toHaveLength(2);
  const pending = pods.pods().find(({ node }) => node === undefined)!;
  expect(pending.name).toBe('pod-3');
  // Scaling down takes the pod without a node first, so that the next one is missing.
  pods.scaleTo(60_000, 2);
  runUntil(70_000);
  expect(namesOf(pods.pods())).toEqual(['pod-1', 'pod-2']);
});

test('the use of a fleet counts a pod from its placement until it is gone', () => {
  const { add, runUntil } = agenda();
  const pod = { ...POD, idleMillis: 100, startCpuMs: 0 };
  const pods = fleet({ pod, nodes: 1, maxPods: 2 }, 1, 1, { add }, () => undefined);
  const at = (nowMs: number) => {
    runUntil(nowMs);
    return pods.use(nowMs);
  };
  const start = at(0);
  // Of the two more pods, one finds no room: it requests nothing.
  pods.scaleTo(10_000, 3);
  const before = at(30_000);
  expect(before.podMs - start.podMs).toBe(30_000 + 20_000);
  pods.scaleTo(30_000, 1);
  const after = at(60_000);
  expect(after.podMs - before.podMs).toBe(30_000 + DRAIN_DELAY_MS);
  expect(after.cpuMs - before.cpuMs).toBeCloseTo(0.1 * (30_000 + DRAIN_DELAY_MS), 6);
});
