import { CLUSTER } from '../../../infra/scheduler/cluster';
import { architectureFor, describedFor } from '../../../infra/fit/described-cluster';

const OURS = { name: 'latency-hpa', namespace: 'tandem', model: 'latency', image: 'tandem:0.1.0' };

test('a variant finds described nodes as they are', () => {
  const { nodes, notCounted } = describedFor(OURS, CLUSTER, 'amd64');
  expect(nodes).toEqual(CLUSTER.map((node) => ({ ...node, unselected: undefined })));
  expect(notCounted).toEqual([]);
});

test('described nodes of another architecture than the image’s take none of its pods', () => {
  const { nodes } = describedFor({ ...OURS, architectures: ['arm64'] }, CLUSTER, 'amd64');
  expect(new Set(nodes.map(({ unselected }) => unselected))).toEqual(
    new Set(['kubernetes.io/arch=amd64, needs arm64']),
  );
});

test.each([
  [{}, 'amd64'],
  [{ architectures: ['arm64', 'amd64'] }, 'amd64'],
  [{ architectures: ['arm64'] }, 'arm64'],
  [{ nodeSelector: { 'kubernetes.io/arch': 'arm64' } }, 'arm64'],
] as const)(
  'for a variant with %j the described nodes are %s, which take its pods',
  (props, architecture) => {
    expect(architectureFor(props)).toBe(architecture);
    const { nodes } = describedFor({ ...OURS, ...props }, CLUSTER);
    expect(new Set(nodes.map(({ unselected }) => unselected))).toEqual(new Set([undefined]));
  },
);

test.each([
  ['system-cluster-critical', []],
  ['batch', ['the priority class batch, whose value is unknown']],
])('with the priority class %s, what is not counted is %j', (priorityClassName, notCounted) => {
  expect(describedFor({ ...OURS, priorityClassName }, CLUSTER).notCounted).toEqual(notCounted);
});

test('a toleration opens the described control plane', () => {
  const tainted = (key: string) =>
    describedFor({ ...OURS, tolerations: [{ key, operator: 'Exists' }] }, CLUSTER, 'amd64').nodes.map(
      (node) => node.tainted,
    );
  expect(tainted('spot')).toEqual([true, false, false]);
  expect(tainted('node-role.kubernetes.io/control-plane')).toEqual([false, false, false]);
});

test('a node selector by other labels is named and left out', () => {
  const nodeSelector = { disk: 'ssd', 'kubernetes.io/arch': 'arm64' };
  const { nodes, notCounted } = describedFor({ ...OURS, nodeSelector }, CLUSTER, 'amd64');
  expect(nodes[1]!.unselected).toBe('kubernetes.io/arch=amd64, needs arm64');
  expect(notCounted).toEqual(['rules by the labels disk, which the described nodes do not have']);
});
