import { allocatedRows } from '../../../infra/allocation';
import { selectorOf } from '../../../infra/construct/inference-service';
import { fitReport } from '../../../infra/fit/fit-text';
import type { Toleration } from '../../../infra/scheduler/node-match';
import { nodesFor, surroundingsFor } from '../../../infra/fit/observed-cluster';
import type { ObservedPod, PodAffinityTerm } from '../../../infra/fit/pod-resources';
import type { ObservedCluster, ObservedNode, ObservedPriorityClass } from '../../../infra/fit/read-cluster';
import { settingsOf } from '../../../infra/model-names';
import { place } from '../../../infra/scheduler/scheduling';
import { readSettings } from '../../../infra/settings';
import { type Resources, VARIANTS } from '../../../infra/variants';
import { objects, synthesize } from '../../support/manifests';

const NODE: ObservedNode = {
  metadata: { name: 'one', labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' } },
  status: { allocatable: { cpu: '4', memory: '8050000Ki', pods: '110' } },
};
/** What a cluster may have beside nodes and pods: nothing. */
const REST = { priorityClasses: [], quotas: [], limitRanges: [], unread: [] };
const OURS = { name: 'latency-hpa', namespace: 'tandem', model: 'latency', image: 'tandem:0.1.0' };

const requesting = (cpu: string, memory: string) => ({ resources: { requests: { cpu, memory } } });

function pod(
  namespace: string,
  fields: Partial<ObservedPod['spec']>,
  rest: Partial<ObservedPod> = {},
): ObservedPod {
  const spec = { nodeName: 'one', containers: [], ...fields };
  return { metadata: { namespace, name: 'one' }, spec, status: { phase: 'Running' }, ...rest };
}

/** Requests or limits that a node counts for one pod. */
const amountsOf = (only: ObservedPod, kind: keyof Resources) =>
  nodesFor(OURS, { ...REST, nodes: [NODE], pods: [only] })[0]!.others[kind];

test('a pod counts for the sum of its containers', () => {
  const containers = [requesting('100m', '64Mi'), requesting('1', '64Mi'), {}];
  expect(amountsOf(pod('a', { containers }), 'requests')).toEqual({ cpu: '1100m', memory: '128Mi' });
  expect(amountsOf(pod('a', { containers }), 'limits')).toEqual({ cpu: '0', memory: '0' });
});

test('a container without requests counts for nothing, but is scored with what the scheduler assumes', () => {
  const containers = [requesting('500m', '64Mi'), {}, { resources: { requests: { cpu: '0' } } }];
  const [node] = nodesFor(OURS, { ...REST, nodes: [NODE], pods: [pod('a', { containers })] });
  expect(node!.others.requests).toEqual({ cpu: '500m', memory: '64Mi' });
  expect(node!.others.scored).toEqual({ cpu: '600m', memory: '464Mi' });
});

test('cordons and PreferNoSchedule taints are read from the node', () => {
  const taints = [
    { key: 'slow', effect: 'PreferNoSchedule' },
    { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
  ];
  const [node] = nodesFor(OURS, {
    ...REST,
    nodes: [{ ...NODE, spec: { taints, unschedulable: true } }],
    pods: [],
  });
  expect(node).toMatchObject({ cordoned: true, tainted: true, taintsPreferNoSchedule: 1 });
});

test('an init container counts only if it requests more than all containers after it', () => {
  const containers = [requesting('100m', '64Mi')];
  const small = pod('a', { containers, initContainers: [requesting('50m', '32Mi')] });
  const large = pod('a', { containers, initContainers: [requesting('2', '32Mi')] });
  expect(amountsOf(small, 'requests')).toEqual({ cpu: '100m', memory: '64Mi' });
  expect(amountsOf(large, 'requests')).toEqual({ cpu: '2', memory: '64Mi' });
});

test('a sidecar counts beside the containers and beside the init containers after it', () => {
  const sidecar = { ...requesting('200m', '10Mi'), restartPolicy: 'Always' };
  const after = pod('a', {
    containers: [requesting('100m', '64Mi')],
    initContainers: [sidecar, requesting('500m', '1Mi')],
  });
  const before = pod('a', {
    containers: [requesting('100m', '64Mi')],
    initContainers: [requesting('500m', '1Mi'), sidecar],
  });
  expect(amountsOf(after, 'requests')).toEqual({ cpu: '700m', memory: '74Mi' });
  expect(amountsOf(before, 'requests')).toEqual({ cpu: '500m', memory: '74Mi' });
});

test('pod-level resources replace the containers’ sum, and the overhead is added', () => {
  const fields = { containers: [requesting('100m', '64Mi')], overhead: { cpu: '10m', memory: '1Mi' } };
  expect(amountsOf(pod('a', fields), 'requests')).toEqual({ cpu: '110m', memory: '65Mi' });
  expect(amountsOf(pod('a', { ...fields, ...requesting('1', '1Gi') }), 'requests')).toEqual({
    cpu: '1010m',
    memory: '1025Mi',
  });
});

test('a pod without requests counts for its overhead, and without limits for no limit', () => {
  const only = pod('a', { containers: [{}], overhead: { cpu: '10m', memory: '1Mi' } });
  expect(amountsOf(only, 'requests')).toEqual({ cpu: '10m', memory: '1Mi' });
  expect(amountsOf(only, 'limits')).toEqual({ cpu: '0', memory: '0' });
});

test('a variant’s own pods and finished pods are not counted', () => {
  const labels = { ...selectorOf('latency-hpa'), 'app.kubernetes.io/part-of': 'tandem' };
  const containers = [requesting('1', '1Gi')];
  const pods = [
    pod('tandem', { containers }, { metadata: { namespace: 'tandem', name: 'one', labels } }),
    pod('a', { containers }, { status: { phase: 'Succeeded' } }),
    pod('a', { containers }, { status: { phase: 'Failed' } }),
    pod('a', { containers, nodeName: 'two' }),
  ];
  const [node] = nodesFor(OURS, { ...REST, nodes: [NODE], pods });
  expect(node).toMatchObject({
    cpuAllocatableMillis: 4000,
    memoryAllocatableBytes: 8_050_000 * 1024,
    podsFree: 110,
    others: { requests: { cpu: '0', memory: '0' } },
  });
  const elsewhere = nodesFor({ ...OURS, namespace: 'vision' }, { ...REST, nodes: [NODE], pods });
  expect(elsewhere[0]).toMatchObject({ podsFree: 109, others: { requests: { cpu: '1', memory: '1Gi' } } });
});

test.each([
  ['node-role.kubernetes.io/control-plane', 'NoSchedule', true],
  ['team', 'NoExecute', true],
  ['team', 'PreferNoSchedule', false],
  ['node.kubernetes.io/unreachable', 'NoExecute', false],
])('a node with the taint %s:%s keeps our pods away: %s', (key, effect, tainted) => {
  const nodes = [{ ...NODE, spec: { taints: [{ key, effect }] } }];
  expect(nodesFor(OURS, { ...REST, nodes, pods: [] })[0]!.tainted).toBe(tainted);
});

test('a node’s number of pods is read as a quantity', () => {
  const status = { allocatable: { ...NODE.status!.allocatable, pods: '1k' } };
  expect(nodesFor(OURS, { ...REST, nodes: [{ ...NODE, status }], pods: [] })[0]!.podsFree).toBe(1000);
});

test.each([{}, { status: {} }, { status: { allocatable: {} } }])(
  'a node that reports only %j has nothing allocatable',
  (fields) => {
    const nodes = [{ metadata: { name: 'one' }, ...fields }];
    expect(nodesFor(OURS, { ...REST, nodes, pods: [] })[0]).toMatchObject({
      cpuAllocatableMillis: 0,
      memoryAllocatableBytes: 0,
      podsFree: 0,
    });
  },
);

test('a node with more memory than a double holds exactly is read', () => {
  const status = { allocatable: { cpu: '4', memory: '16Pi', pods: '110' } };
  const nodes = [{ ...NODE, status }];
  const pods = [pod('a', { containers: [requesting('1', '1Ei')] })];
  const [node] = nodesFor(OURS, { ...REST, nodes, pods });
  expect(node).toMatchObject({ memoryAllocatableBytes: 2 ** 54, others: { requests: { memory: '1Ei' } } });
});

test.each<[string, Partial<ObservedPod['spec']>]>([
  ['pod a/one: requests.cpu: a quantity must look like', { containers: [requesting('much', '1Gi')] }],
  [
    'pod a/one: requests.memory: a quantity must not be negative',
    { initContainers: [requesting('1', '-1')] },
  ],
  ['pod a/one: limits.cpu: a quantity', { resources: { limits: { cpu: '' } } }],
  ['pod a/one: overhead.memory: a quantity', { overhead: { memory: '1 Gi' } }],
])('an unreadable quantity is an error that names the pod: %s', (message, fields) => {
  expect(() => nodesFor(OURS, { ...REST, nodes: [NODE], pods: [pod('a', fields)] })).toThrow(message);
});

test.each(['cpu', 'memory', 'pods'])(
  'unreadable allocatable %s is an error that names the node',
  (resource) => {
    const nodes = [{ ...NODE, status: { allocatable: { [resource]: 'much' } } }];
    expect(() => nodesFor(OURS, { ...REST, nodes, pods: [] })).toThrow(
      `node one: allocatable.${resource}: a quantity must look like 500m, 1.5, 4627034Ki or 6544139520, received much`,
    );
  },
);

/** The memory row of a node with other pods and one of ours, of 1G. */
function memoryRow(pods: readonly ObservedPod[], ourPods = 1): string {
  const [node] = nodesFor(OURS, { ...REST, nodes: [NODE], pods });
  const ours = { cpu: '100m', memory: '1G' };
  return allocatedRows(node!, ourPods, { requests: ours, limits: ours })[1]!.requests;
}

test.each([
  ['apps', '1002024000 (12%)'],
  ['vision', '1002024k (12%)'],
])(
  'a sum has the notation of its first pod, as in kubectl: beside a pod in %s it is %s',
  (namespace, row) => {
    const pods = [
      pod('zoo', { containers: [requesting('1', '1e6')] }),
      pod(namespace, { containers: [requesting('1', '1000Ki')] }),
    ];
    expect(memoryRow(pods)).toBe(row);
  },
);

test.each([
  ['accuracy-hpa-1', '1001024000 (12%)'],
  ['other-1', '1001024k (12%)'],
])('within our namespace pods are added by name: beside %s the sum is %s', (name, row) => {
  const containers = [requesting('1', '1000Ki')];
  expect(memoryRow([pod('tandem', { containers }, { metadata: { namespace: 'tandem', name } })])).toBe(row);
});

test('a sum in bytes keeps the notation of its first pod; a pod without memory has none', () => {
  const pods = [
    pod('a', { containers: [requesting('1', '0')] }),
    pod('b', { containers: [requesting('1', '1000Ki')] }),
    pod('c', { containers: [requesting('1', '976e3')] }),
  ];
  expect(memoryRow(pods, 0)).toBe('2000000 (0%)');
});

test('a pod’s memory has the notation of its first container that requests memory, as in kubectl', () => {
  const containers = [requesting('1', '0'), requesting('1', '64Mi'), requesting('1', '1e6')];
  const larger = { containers, initContainers: [requesting('1', '1e9')] };
  expect(amountsOf(pod('a', { containers }), 'requests').memory).toBe('68108864');
  expect(amountsOf(pod('a', { containers: containers.slice(0, 2) }), 'requests').memory).toBe('64Mi');
  expect(amountsOf(pod('a', larger), 'requests').memory).toBe('1e9');
});

test('a pod’s memory keeps its notation even if no suffix shows it', () => {
  const pods = [
    pod('a', { containers: [requesting('1', '1Mi'), requesting('1', '1')] }),
    pod('b', { containers: [requesting('1', '1048575')] }),
  ];
  expect(memoryRow(pods, 0)).toBe('2Mi (0%)');
});

describe('a resize in place', () => {
  const amounts = { cpu: '2', memory: '64Mi' };
  const asked = { requests: amounts, limits: amounts };
  const reported = (allocated: string, inForce: string) => ({
    name: 'app',
    allocatedResources: { cpu: allocated, memory: '64Mi' },
    resources: { requests: { cpu: inForce, memory: '64Mi' }, limits: { cpu: inForce, memory: '64Mi' } },
  });
  const resizing = (status: Partial<NonNullable<ObservedPod['status']>>) =>
    pod(
      'a',
      { containers: [{ name: 'app', resources: asked }] },
      { status: { phase: 'Running', ...status } },
    );
  const infeasible = [{ type: 'PodResizePending', reason: 'Infeasible' }];
  const deferred = [{ type: 'PodResizePending', reason: 'Deferred' }];

  test.each([
    ['up', '1', '1', deferred, '2'],
    ['down, while the old request is in force', '2', '3', [], '3'],
    ['down, while the old request is promised', '4', '1', [], '4'],
    ['up, which the kubelet refused for good', '1', '1', infeasible, '1'],
  ])('%s counts for the largest of what the scheduler counts', (_, allocated, inForce, conditions, cpu) => {
    const only = resizing({ conditions, containerStatuses: [reported(allocated, inForce)] });
    expect(amountsOf(only, 'requests').cpu).toBe(cpu);
  });

  test('has the limit in force if the kubelet refused the new one for good', () => {
    const only = resizing({ conditions: infeasible, containerStatuses: [reported('1', '1')] });
    expect(amountsOf(only, 'limits').cpu).toBe('1');
    expect(amountsOf({ ...only, status: { ...only.status, conditions: deferred } }, 'limits').cpu).toBe('2');
  });

  test('of a sidecar counts too, and of a pod as a whole', () => {
    const sidecar = { name: 'app', resources: asked, restartPolicy: 'Always' };
    const status = { initContainerStatuses: [reported('3', '3')] };
    expect(amountsOf(pod('a', { initContainers: [sidecar] }, { status }), 'requests').cpu).toBe('3');
    const whole = { resources: { requests: { cpu: '4' } }, allocatedResources: { cpu: '5' } };
    expect(amountsOf(pod('a', { resources: asked }, { status: whole }), 'requests').cpu).toBe('5');
  });

  test('leaves a container without a status as asked for', () => {
    expect(amountsOf(resizing({ containerStatuses: [] }), 'requests').cpu).toBe('2');
  });
});

describe('preemption', () => {
  const HIGH: ObservedPriorityClass = { metadata: { name: 'high' }, value: 10, globalDefault: true };
  const low = (name: string, priority?: number) =>
    pod(
      'batch',
      { containers: [requesting('1500m', '1Gi')], ...(priority === undefined ? {} : { priority }) },
      { metadata: { namespace: 'batch', name } },
    );
  const ours = { cpu: '2', memory: '1Gi' };
  const placed = (pods: readonly ObservedPod[], priorityClasses: readonly ObservedPriorityClass[]) => {
    const nodes = nodesFor(OURS, { ...REST, nodes: [NODE], pods, priorityClasses });
    const { pending, preempted } = place(2, { requests: ours, limits: ours }, nodes);
    return { pending, preempted };
  };

  test.each<[string, ObservedPod[], ObservedPriorityClass[], number, string[]]>([
    ['a negative priority', [low('a', -1), low('b', -1)], [], 0, ['batch/b', 'batch/a']],
    ['priority 0 where the default is above', [low('a'), low('b')], [HIGH], 0, ['batch/b', 'batch/a']],
    ['the same priority', [low('a'), low('b')], [], 2, []],
    ['a higher one', [low('a', 20), low('b', 20)], [HIGH], 2, []],
    [
      'a lower one, if the default never preempts',
      [low('a'), low('b')],
      [{ ...HIGH, preemptionPolicy: 'Never' }],
      2,
      [],
    ],
  ])('of pods with %s', (_, pods, classes, pending, preempted) => {
    const found = placed(pods, classes);
    expect(found.pending).toBe(pending);
    expect([...found.preempted].sort()).toEqual([...preempted].sort());
  });
});

/** A quota's selector of pods by their priority class. */
const priorityScope = (operator: string, values?: string[]) => ({
  scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, values }] },
});

describe('a node selector', () => {
  const labelled = (name: string, disk: string): ObservedNode => ({
    ...NODE,
    metadata: { name, labels: { ...NODE.metadata.labels, disk } },
  });
  const nodes = [labelled('one', 'ssd'), labelled('two', 'hdd'), NODE];
  const found = nodesFor({ ...OURS, nodeSelector: { disk: 'ssd' } }, { ...REST, nodes, pods: [] });

  test('keeps our pods to the nodes that it matches', () => {
    expect(found.map(({ unselected }) => unselected)).toEqual([
      undefined,
      'disk=hdd, needs ssd',
      'no disk, needs ssd',
    ]);
    const amounts = { cpu: '3', memory: '1Gi' };
    const { placed, pending, reason } = place(2, { requests: amounts, limits: amounts }, found);
    expect(placed.map(({ pods }) => pods)).toEqual([1, 0, 0]);
    expect(pending).toBe(1);
    expect(reason).toBe(
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector.",
    );
  });

  test('that is not set keeps them from nodes of Windows, and of architectures without an image', () => {
    const windows = { ...NODE, metadata: { name: 'four', labels: { 'kubernetes.io/os': 'windows' } } };
    const all = nodesFor(OURS, { ...REST, nodes: [NODE, windows, ON_ARM, ON_Z], pods: [] });
    expect(all.map(({ unselected }) => unselected)).toEqual([
      undefined,
      'kubernetes.io/os=windows, needs linux',
      undefined,
      'kubernetes.io/arch=s390x, needs amd64 or arm64',
    ]);
  });
});

const ofArchitecture = (name: string, architecture: string): ObservedNode => ({
  ...NODE,
  metadata: { name, labels: { ...NODE.metadata.labels, 'kubernetes.io/arch': architecture } },
});
const ON_ARM = ofArchitecture('arm', 'arm64');
const ON_Z = ofArchitecture('z', 's390x');

test('an image for one architecture leaves the nodes of others, and fit says why in the scheduler’s words and its own', () => {
  const nodes = nodesFor(
    { ...OURS, architectures: ['s390x'] },
    { ...REST, nodes: [NODE, ON_ARM, ON_Z], pods: [] },
  );
  const report = fitReport(
    VARIANTS.find(({ name }) => name === 'accuracy-max-size')!,
    'container',
    nodes,
  );
  expect(report).toContain('replicas 4: one 0, arm 0, z 1; Pending 3');
  expect(report).toContain("2 node(s) didn't match Pod's node affinity/selector.");
  expect(report).toContain('    one labels: kubernetes.io/arch=amd64, needs s390x\n');
  expect(report).toContain('    arm labels: kubernetes.io/arch=arm64, needs s390x\n');
});

test('a taint that the pods tolerate by a setting keeps none of them away', () => {
  const dedicated = { ...NODE, spec: { taints: [{ key: 'dedicated', value: 'a', effect: 'NoSchedule' }] } };
  const tainted = (tolerations: Toleration[]) =>
    nodesFor({ ...OURS, tolerations }, { ...REST, nodes: [dedicated], pods: [] })[0]!.tainted;
  expect(tainted([])).toBe(true);
  expect(tainted([{ key: 'dedicated', operator: 'Equal', value: 'a' }])).toBe(false);
});

describe('the priority class of our pods', () => {
  const classes: ObservedPriorityClass[] = [
    { metadata: { name: 'default' }, value: 5, globalDefault: true },
    { metadata: { name: 'high' }, value: 10 },
  ];
  const other = pod('batch', { containers: [requesting('3', '1Gi')], priority: 7 });
  const lowerFor = (priorityClassName?: string) =>
    nodesFor(
      { ...OURS, ...(priorityClassName === undefined ? {} : { priorityClassName }) },
      { ...REST, nodes: [NODE], pods: [other], priorityClasses: classes },
    )[0]!.lowerPriority;

  test('that is set decides instead of the cluster’s default', () => {
    expect(lowerFor()).toEqual([]);
    expect(lowerFor('high')).toMatchObject([{ name: 'batch/one', priority: 7 }]);
  });

  test.each<[string, ObservedPriorityClass[], number]>([
    ['high', classes, Infinity],
    ['missing', classes, 0],
    ['unread', [], Infinity],
  ])('%s bounds the pods to %d when the cluster has %j', (priorityClassName, priorityClasses, pods) => {
    const cluster = { ...REST, nodes: [NODE], pods: [], priorityClasses };
    const { pods: found, reason } = surroundingsFor({ ...OURS, priorityClassName }, cluster).bound!({
      requests: { cpu: '1', memory: '1Gi' },
      limits: { cpu: '1', memory: '1Gi' },
    });
    expect(found).toBe(pods);
    expect(reason).toBe(pods === 0 ? 'no PriorityClass with name missing was found' : '');
  });
});

describe('what bounds the pods of a namespace', () => {
  const ours = {
    requests: { cpu: '405m', memory: '443115520' },
    limits: { cpu: '1400m', memory: '1175430400' },
  };
  const quota = (hard: Record<string, string>, used: Record<string, string> = {}, spec: object = {}) => ({
    metadata: { name: 'team' },
    spec: { hard, ...spec },
    status: { hard, used },
  });
  const limitRangeOf = (limit: object) => ({
    metadata: { name: 'team' },
    spec: { limits: [{ type: 'Container', ...limit }] },
  });
  const bound = (cluster: Partial<ObservedCluster>) =>
    surroundingsFor(OURS, { ...REST, nodes: [NODE], pods: [], ...cluster }).bound!(ours);

  test.each<[Record<string, string>, Record<string, string>, number, string]>([
    [
      { 'requests.cpu': '1' },
      {},
      2,
      'exceeded quota: team, requested: requests.cpu=405m, used: requests.cpu=810m, limited: requests.cpu=1',
    ],
    [
      { 'limits.cpu': '3', pods: '9' },
      { 'limits.cpu': '500m' },
      1,
      'requested: limits.cpu=1400m, used: limits.cpu=1900m',
    ],
    [{ memory: '1Gi' }, { memory: '1Gi' }, 0, 'used: memory=1Gi, limited: memory=1Gi'],
    [{ 'count/pods': '3' }, { 'count/pods': '2' }, 1, 'requested: count/pods=1, used: count/pods=3'],
    [
      { cpu: '810m', pods: '2' },
      {},
      2,
      'requested: cpu=405m,pods=1, used: cpu=810m,pods=2, limited: cpu=810m,pods=2',
    ],
    [{ services: '1', 'requests.storage': '1Gi' }, {}, Infinity, ''],
  ])('a quota of %j, of which %j is used, admits %d pods', (hard, used, pods, reason) => {
    const found = bound({ quotas: [quota(hard, used)] });
    expect(found.pods).toBe(pods);
    expect(found.reason).toContain(reason);
  });

  test('a quota’s use does not count the variant’s own pods twice', () => {
    const labels = selectorOf('latency-hpa');
    const own = pod(
      'tandem',
      { containers: [{ resources: ours }] },
      { metadata: { namespace: 'tandem', name: 'x', labels } },
    );
    const quotas = [quota({ 'requests.cpu': '1', pods: '2' }, { 'requests.cpu': '405m', pods: '1' })];
    expect(bound({ quotas, pods: [own] }).pods).toBe(2);
    expect(bound({ quotas }).pods).toBe(1);
  });

  test.each<[object, number]>([
    [{ scopes: ['BestEffort'] }, Infinity],
    [{ scopes: ['Terminating'] }, Infinity],
    [{ scopes: ['NotBestEffort', 'NotTerminating'] }, 1],
    [{ scopes: ['PriorityClass'] }, Infinity],
    [priorityScope('In', ['low']), Infinity],
    [priorityScope('NotIn', ['low']), 1],
    [priorityScope('DoesNotExist'), 1],
    [priorityScope('Exists'), Infinity],
  ])('a quota with %j admits %d pods', (spec, pods) => {
    expect(bound({ quotas: [quota({ pods: '1' }, {}, spec)] }).pods).toBe(pods);
  });

  test('a default priority class decides whether a quota for priority classes counts', () => {
    const priorityClasses = [{ metadata: { name: 'low' }, value: 1, globalDefault: true }];
    const quotas = [quota({ pods: '1' }, {}, priorityScope('In', ['low']))];
    expect(bound({ quotas, priorityClasses }).pods).toBe(1);
  });

  test('the tightest of several quotas counts, and an unreadable one is named', () => {
    expect(bound({ quotas: [quota({ pods: '3' }), quota({ cpu: '405m' })] }).pods).toBe(1);
    expect(() => bound({ quotas: [quota({ cpu: 'much' })] })).toThrow(
      'quota team: cpu: a quantity must look like',
    );
  });

  test.each<[object, string]>([
    [{ min: { cpu: '500m' } }, 'minimum cpu usage per Container is 500m, but request is 405m'],
    [{ max: { memory: '1Gi' } }, 'maximum memory usage per Container is 1Gi, but limit is 1175430400'],
    [
      { maxLimitRequestRatio: { cpu: '3' } },
      'cpu max limit to request ratio per Container is 3, but provided ratio is 3.456790',
    ],
    [{ type: 'Pod', max: { cpu: '1' } }, 'maximum cpu usage per Pod is 1, but limit is 1400m'],
  ])('a limit range with %j admits no pod', (limit, reason) => {
    expect(bound({ limitRanges: [limitRangeOf(limit)] })).toEqual({ pods: 0, reason });
  });

  test.each<[object]>([
    [{ min: { cpu: '405m' }, max: { cpu: '1400m', memory: '2Gi' }, maxLimitRequestRatio: { cpu: '3500m' } }],
    [{ type: 'PersistentVolumeClaim', max: { cpu: '1' } }],
  ])('a limit range with %j admits every pod', (limit) => {
    expect(bound({ limitRanges: [limitRangeOf(limit)] }).pods).toBe(Infinity);
  });
});

describe('what is not counted is named', () => {
  const LABELLED = (name: string, hostname: string): ObservedNode => ({
    ...NODE,
    metadata: { name, labels: { 'kubernetes.io/hostname': hostname } },
  });
  const notCounted = (cluster: Partial<ObservedCluster>) =>
    surroundingsFor(OURS, { ...REST, nodes: [LABELLED('one', 'one')], pods: [], ...cluster }).notCounted;
  const repelling = (namespace: string, term: PodAffinityTerm) =>
    pod(namespace, {
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    });
  const labelSelector = { matchLabels: { 'app.kubernetes.io/name': 'tandem' } };

  test('nothing in a plain cluster', () => {
    expect(notCounted({ pods: [pod('a', {})] })).toEqual([]);
  });

  test.each<[string, ObservedPod, boolean]>([
    ['in our namespace', repelling('tandem', { labelSelector }), true],
    ['in another namespace', repelling('a', { labelSelector }), false],
    ['that names our namespace', repelling('a', { labelSelector, namespaces: ['tandem'] }), true],
    ['that selects namespaces', repelling('a', { labelSelector, namespaceSelector: {} }), true],
    ['of other pods', repelling('tandem', { labelSelector: { matchLabels: { app: 'db' } } }), false],
    [
      'by expressions',
      repelling('tandem', {
        labelSelector: {
          matchExpressions: [
            { key: 'app.kubernetes.io/name', operator: 'In', values: ['tandem'] },
            { key: 'app.kubernetes.io/instance', operator: 'NotIn', values: ['other'] },
            { key: 'app.kubernetes.io/instance', operator: 'Exists' },
            { key: 'app', operator: 'DoesNotExist' },
          ],
        },
      }),
      true,
    ],
  ])('anti-affinity %s', (_, only, isNamed) => {
    const name = `${only.metadata.namespace}/one`;
    expect(notCounted({ pods: [only] })).toEqual(
      isNamed ? [`pods that keep ours away by anti-affinity: ${name}`] : [],
    );
  });

  test('anti-affinity to any label that synth gives our pods', () => {
    const environment = { TANDEM_POD_LABELS: 'team=vision', TANDEM_MODELS: 'latency=flowers' };
    const settings = readSettings(environment, {});
    const variant = VARIANTS.find(({ name }) => name === 'latency-hpa')!;
    const { Deployment } = objects(synthesize(environment).get('latency-hpa.k8s.yaml')!);
    const labels = Deployment.spec.template.metadata.labels as Record<string, string>;
    expect(labels).toMatchObject({ 'app.kubernetes.io/part-of': 'tandem', team: 'vision' });
    const cluster = { ...REST, nodes: [LABELLED('one', 'one')] };
    for (const [key, value] of Object.entries(labels)) {
      const pods = [repelling('tandem', { labelSelector: { matchLabels: { [key]: value } } })];
      const found = surroundingsFor(settingsOf(settings, variant), { ...cluster, pods });
      expect([key, found.notCounted]).toEqual([
        key,
        ['pods that keep ours away by anti-affinity: tandem/one'],
      ]);
    }
  });

  test('nodes that share or lack the label that pods are spread by', () => {
    const nodes = [LABELLED('one', 'same'), LABELLED('two', 'same'), { ...NODE, metadata: { name: 'bare' } }];
    expect(notCounted({ nodes })).toEqual([
      'nodes that lack the label kubernetes.io/hostname, by which the scheduler spreads pods: bare',
      'nodes that share the label kubernetes.io/hostname, by which the scheduler spreads pods: one, two',
    ]);
  });

  test('counts of objects that a quota bounds, and kinds that could not be read', () => {
    const hard = { services: '1', 'count/deployments.apps': '0', pods: '5' };
    const quotas = [{ metadata: { name: 'team' }, spec: { hard } }];
    expect(notCounted({ quotas, unread: ['limitranges: forbidden'] })).toEqual([
      'the quota team on services, count/deployments.apps',
      'limitranges: forbidden',
    ]);
  });
});
