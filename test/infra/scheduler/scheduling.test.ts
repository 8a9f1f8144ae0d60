import fc from 'fast-check';

import { resourcesOn } from '../../../infra/allocation';
import { CLUSTER, type ClusterNode, clusterOf } from '../../../infra/scheduler/cluster';
import { parseCpuMillis } from '../../../infra/quantity';
import { place, roomFor } from '../../../infra/scheduler/scheduling';
import { type Resources, VARIANTS } from '../../../infra/variants';

const variantOf = (name: string) => VARIANTS.find((variant) => variant.name === name)!;

/** No requests and no limits. */
const EMPTY = {
  requests: { cpu: '0', memory: '0' },
  limits: { cpu: '0', memory: '0' },
  scored: { cpu: '0', memory: '0' },
  memoryFormat: { requests: 'decimal', limits: 'decimal' },
  addedFirst: { requests: false, limits: false },
} as const;

/** Requests, and limits of the same size. */
const asking = (cpu: string, memory: string): Resources => {
  const amounts = { cpu, memory };
  return { requests: amounts, limits: amounts };
};

const [NODE] = clusterOf({
  nodes: 1,
  cpuAllocatableMillis: 4000,
  memoryAllocatableBytes: 8 * 2 ** 30,
  controlPlane: false,
}) as [ClusterNode];

const podsBy = (
  replicas: number,
  resources: Resources,
  nodes: readonly ClusterNode[],
  tie?: 'first' | 'last',
) => place(replicas, resources, nodes, tie === undefined ? {} : { tie }).placed.map(({ pods }) => pods);

test('a pod goes to the node with more CPU and memory left', () => {
  const nodes = [NODE, { ...NODE, cpuAllocatableMillis: 16_000, memoryAllocatableBytes: 32 * 2 ** 30 }];
  expect(podsBy(1, asking('500m', '1Gi'), nodes)).toEqual([0, 1]);
  const { tied } = place(1, asking('500m', '1Gi'), nodes);
  expect(tied).toBe(false);
});

test('requests of other pods count; a pod without requests counts as the scheduler assumes', () => {
  const busyRequests = { cpu: '2', memory: '4Gi' };
  const busy = { ...NODE, others: { ...NODE.others, requests: busyRequests, scored: busyRequests } };
  expect(podsBy(1, asking('500m', '1Gi'), [busy, NODE])).toEqual([0, 1]);
  const assumed = { ...NODE, others: { ...NODE.others, scored: busyRequests } };
  expect(podsBy(1, asking('500m', '1Gi'), [assumed, NODE])).toEqual([0, 1]);
});

test('a node with a PreferNoSchedule taint gets a pod only if no other node has room', () => {
  const avoided = { ...NODE, taintsPreferNoSchedule: 1 };
  const resources = asking('1000m', '1Gi');
  expect(podsBy(2, resources, [avoided, NODE])).toEqual([0, 2]);
  expect(podsBy(5, resources, [avoided, NODE])).toEqual([2, 3]);
});

test('a cordoned node gets no pod, and the reason counts it apart from a tainted one', () => {
  const nodes = [
    { ...NODE, cordoned: true, tainted: true },
    { ...NODE, tainted: true },
  ];
  expect(place(1, asking('1', '1Gi'), nodes)).toMatchObject({
    pending: 1,
    reason: '0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable.',
  });
});

test('without nodes the reason is the scheduler’s own sentence', () => {
  expect(place(1, asking('1', '1Gi'), [])).toMatchObject({
    placed: [],
    pending: 1,
    reason: 'no nodes available to schedule pods.',
  });
});

test('nodes with equal scores are a tie, which the placement reports', () => {
  const resources = asking('1000m', '1Gi');
  const nodes = [NODE, { ...NODE, name: 'worker-2' }];
  expect(podsBy(1, resources, nodes)).toEqual([1, 0]);
  expect(podsBy(1, resources, nodes, 'last')).toEqual([0, 1]);
  expect(place(1, resources, nodes).tied).toBe(true);
  expect(podsBy(2, resources, nodes, 'last')).toEqual([1, 1]);
});

test('a node with nothing allocatable takes only pods without requests', () => {
  const nothing = { ...NODE, cpuAllocatableMillis: 0, memoryAllocatableBytes: 0, others: EMPTY };
  expect(place(1, asking('0', '0'), [nothing]).pending).toBe(0);
  expect(place(1, asking('1m', '0'), [nothing]).pending).toBe(1);
});

test('on the container basis a worker takes one accuracy pod; the others stay Pending for two reasons', () => {
  const { placed, pending, reason } = place(4, variantOf('accuracy-max-size').resources, CLUSTER);
  expect(placed.map(({ pods }) => pods)).toEqual([0, 1, 1]);
  expect(pending).toBe(2);
  expect(reason).toBe(
    '0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, 2 Insufficient memory.',
  );
});

test('at maxReplicas the accuracy HPA fits on neither basis, and the latency HPA fits', () => {
  const pendingAt = (name: string, replicas: number, basis: 'container' | 'node') =>
    place(replicas, resourcesOn(basis, variantOf(name)), CLUSTER).pending;
  expect(pendingAt('accuracy-hpa', 10, 'container')).toBe(6);
  expect(pendingAt('accuracy-hpa', 10, 'node')).toBe(4);
  expect(pendingAt('latency-hpa', 8, 'container')).toBe(0);
});

test('no node gets more than it has, and every pod is placed or Pending', () => {
  fc.assert(
    fc.property(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 5000 }), (replicas, millis) => {
      const resources = {
        requests: { cpu: `${millis}m`, memory: '64Mi' },
        limits: { cpu: `${millis}m`, memory: '64Mi' },
      };
      const { placed, pending } = place(replicas, resources, CLUSTER);
      expect(placed.reduce((sum, { pods }) => sum + pods, pending)).toBe(replicas);
      for (const { node, pods } of placed) {
        expect(pods * parseCpuMillis(resources.requests.cpu) + 405).toBeLessThanOrEqual(
          pods === 0 ? Infinity : node.cpuAllocatableMillis,
        );
      }
    }),
    { seed: 6 },
  );
});

test('there is room for exactly as many pods as can be placed with none pending', () => {
  for (const variant of VARIANTS) {
    const resources = resourcesOn('container', variant);
    const room = roomFor(resources, CLUSTER);
    expect(place(room, resources, CLUSTER).pending).toBe(0);
    expect(place(room + 1, resources, CLUSTER).pending).toBe(1);
  }
  expect(roomFor(asking('1', '1Gi'), [])).toBe(0);
});
