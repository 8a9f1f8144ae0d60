import { clusterOf, type ClusterNode, type LowerPriorityPod } from '../../../infra/scheduler/cluster';
import { cheapest, victimsOn, without } from '../../../infra/scheduler/preemption';

const amounts = (cpu: string) => ({ cpu, memory: '1Mi' });

function low(name: string, cpu: string, priority: number, startedMs = 0): LowerPriorityPod {
  return { name, priority, startedMs, requests: amounts(cpu), limits: amounts(cpu), scored: amounts(cpu) };
}

function nodeWith(lowerPriority: readonly LowerPriorityPod[]): ClusterNode {
  const [node] = clusterOf({
    nodes: 1,
    cpuAllocatableMillis: 4000,
    memoryAllocatableBytes: 2 ** 30,
    controlPlane: false,
  });
  const sums = { cpu: '3', memory: '3Mi' };
  const others = { ...node!.others, requests: sums, limits: sums, scored: sums };
  return { ...node!, podsFree: 10, lowerPriority, others };
}

const hasCpu = (cpu: string) => (node: ClusterNode) => node.others.requests.cpu === cpu;

test('a removed pod gives its requests, its limits and its place back', () => {
  const [a, b] = [low('a', '1', -1), low('b', '500m', -2)];
  const node = without(nodeWith([a, b]), [b]);
  expect(node).toMatchObject({ podsFree: 11, lowerPriority: [a] });
  expect(node.others.requests.cpu).toBe('2500m');
  expect(node.others.limits.cpu).toBe('2500m');
  expect(node.others.scored.cpu).toBe('2500m');
});

test('the most important pods are spared: a higher priority first, then the one that started first', () => {
  const pods = [low('young', '1', -1, 5), low('old', '1', -1, 3), low('least', '1', -9, 0)];
  const fits = ({ others }: ClusterNode) => Number(others.requests.cpu) <= 1;
  expect(victimsOn(nodeWith(pods), fits)!.map(({ name }) => name)).toEqual(['young', 'least']);
});

test('a node has no victims if it has no pods of lower priority, or if all of them are not enough', () => {
  expect(victimsOn(nodeWith([]), () => true)).toBeUndefined();
  expect(victimsOn(nodeWith([low('a', '1', -1)]), hasCpu('0'))).toBeUndefined();
});

test.each<[string, LowerPriorityPod[], LowerPriorityPod[]]>([
  ['a lower highest priority', [low('a', '1', -1)], [low('b', '1', -2), low('c', '1', -2)]],
  ['fewer pods of one priority', [low('a', '1', -1), low('b', '1', -1)], [low('c', '1', -1)]],
  ['pods that started later', [low('a', '1', -1, 3)], [low('b', '1', -1, 4)]],
  [
    'a later start of the most important',
    [low('a', '1', -1, 3), low('b', '1', -2, 9)],
    [low('c', '1', -1, 4), low('d', '1', -2, 1)],
  ],
])('the scheduler prefers a node with %s', (_, costly, cheap) => {
  const candidates = [{ victims: costly }, { victims: cheap }];
  expect(cheapest(candidates)).toBe(candidates[1]);
  expect(cheapest([...candidates].reverse())).toBe(candidates[1]);
});

test('of equal nodes the first one is taken, and of none none', () => {
  const candidates = [{ victims: [low('a', '1', -1)] }, { victims: [low('b', '1', -1)] }];
  expect(cheapest(candidates)).toBe(candidates[0]);
  expect(cheapest(candidates.slice(2))).toBeUndefined();
});
