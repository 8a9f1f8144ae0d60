import { stringify } from 'yaml';

import { clusterOf, CLUSTER, type ClusterNode } from '../../../infra/scheduler/cluster';
import { describedCluster } from '../../../infra/fit/described-cluster';
import { fitOf } from '../../../infra/fit/fit';
import { fitManifests } from '../../../infra/fit/fit-files';
import { filesReport } from '../../../infra/fit/fit-files-text';
import type { ObservedCluster, ObservedNode } from '../../../infra/fit/read-cluster';
import { objectsIn } from '../../../infra/fit/read-manifests';
import { VARIANTS } from '../../../infra/variants';
import { manifestsOf } from '../../../infra/fit/workloads';
import { synthesize } from '../../support/manifests';

const NODES = clusterOf({
  nodes: 3,
  cpuAllocatableMillis: 4000,
  memoryAllocatableBytes: 8 * 2 ** 30,
  controlPlane: false,
});

/** A workload of one container that requests CPU; its memory is small. */
function workload(name: string, cpu: string, spec: object = {}, pod: object = {}, kind = 'Deployment') {
  const labels = { app: name };
  const resources = { requests: { cpu, memory: '64Mi' } };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', resources }], ...pod } },
      ...spec,
    },
  };
}

const read = (objects: readonly object[]) => {
  const text = objects.map((each) => stringify(each, { aliasDuplicateObjects: false })).join('---\n');
  return objectsIn(new Map([['app.yaml', text]]), 'shop');
};

function onDescribed(objects: readonly object[], nodes: readonly ClusterNode[] = NODES) {
  const cluster = describedCluster(nodes);
  const manifests = manifestsOf(read(objects));
  const found = fitManifests(manifests, { clusterOf: () => cluster, isDescribed: true });
  return { ...found, report: filesReport(found, manifests).split('\n') };
}

function onReal(objects: readonly object[], cluster: Partial<ObservedCluster>) {
  const whole: ObservedCluster = {
    ...{ nodes: [], pods: [], priorityClasses: [], quotas: [], limitRanges: [], unread: [] },
    ...cluster,
  };
  const manifests = manifestsOf(read(objects), () => whole.limitRanges);
  return fitManifests(manifests, { clusterOf: () => whole, isDescribed: false }).fits;
}

const podsBy = ({ placements }: { placements: readonly { placed: readonly { pods: number }[] }[] }, i = 0) =>
  placements[i]!.placed.map(({ pods }) => pods);

test('the files of the variants fit as the variants do', () => {
  const files = synthesize();
  for (const variant of VARIANTS) {
    const expected = fitOf(variant, 'container', CLUSTER);
    const objects = objectsIn(new Map([['v', files.get(`${variant.name}.k8s.yaml`)!]]), 'default');
    const cluster = describedCluster(CLUSTER);
    const [found] = fitManifests(manifestsOf(objects), { clusterOf: () => cluster, isDescribed: true }).fits;
    expect(found!.verdict).toBe(expected.verdict);
    expect(found!.notCounted).toEqual([]);
    for (const [i, placement] of expected.placements.entries()) {
      expect(podsBy(found!, i)).toEqual(podsBy(expected, i));
      expect(found!.placements[i]).toMatchObject({ pending: placement.pending, reason: placement.reason });
      expect(found!.updates[i]!.pending).toBe(expected.updates[i]!.pending);
    }
  }
});

test('workloads of one file take room from each other', () => {
  const [first, second] = onDescribed([workload('a', '3', { replicas: 3 }), workload('b', '1')]).fits;
  expect(first!.verdict).toBe('fits, but a rolling update would hang');
  expect(second!.verdict).toBe('1 of 1 pods stay Pending');
});

test('the upper bound of one is judged beside the lower bounds of all the others', () => {
  const hpa = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'a' }, maxReplicas: 9 },
  };
  const [alone] = onDescribed([workload('a', '1'), hpa]).fits;
  expect(alone!.verdict).toBe('fits');
  const [beside] = onDescribed([workload('a', '1'), hpa, workload('b', '3', { replicas: 2 })]).fits;
  expect(beside!.verdict).toBe('at maxReplicas, 6 of 9 pods stay Pending');
});

test('a workload of a higher priority is placed first, and preempts those before it in the file', () => {
  const high = {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'high' },
    value: 9,
  };
  const objects = [
    workload('a', '3', { replicas: 3 }),
    workload('b', '3', {}, { priorityClassName: 'high' }),
    high,
  ];
  const [low, first] = onDescribed(objects).fits;
  expect(first!.verdict).toMatch(/^fits/);
  expect(low!.verdict).toBe('1 of 3 pods stay Pending');
});

test('requests count with init containers, sidecars and overhead', () => {
  const container = (cpu: string) => ({ resources: { requests: { cpu, memory: '1Mi' } } });
  const pod = {
    containers: [{ name: 'app', ...container('500m') }],
    initContainers: [
      { name: 'proxy', restartPolicy: 'Always', ...container('250m') },
      { name: 'migrate', ...container('1') },
    ],
    overhead: { cpu: '50m' },
  };
  const [fit] = onDescribed([workload('a', '1', {}, pod)]).fits;
  expect(fit!.demand.requests.cpu).toBe('1300m');
});

test('a limit is the request of a container that states none', () => {
  const containers = [{ name: 'app', resources: { limits: { cpu: '5' } } }];
  const [fit] = onDescribed([workload('a', '1', {}, { containers })]).fits;
  expect(fit!.placements[0]!.reason).toBe('0/3 nodes are available: 3 Insufficient cpu.');
});

describe('a request that its limit does not allow is refused as the API server refuses it', () => {
  const refusalOf = (pod: object) => {
    const nodes = [
      {
        metadata: { name: 'one' },
        status: {
          allocatable: { cpu: '4', memory: '8Gi', pods: '9', 'example.org/gpu': '4', 'hugepages-2Mi': '1Gi' },
        },
      },
    ];
    const [fit] = onReal([workload('a', '1', { replicas: 4 }, pod)], { nodes });
    const { notCreated, refusal } = fit!.placements[0]!;
    return [notCreated, refusal];
  };
  const container = (requests: object, limits?: object) => ({ name: 'app', resources: { requests, limits } });
  const words = (field: string, value: string, rest: string) =>
    `spec.${field}.requests: Invalid value: "${value}": must be ${rest}`;

  test.each<[string, object, object | undefined, string]>([
    [
      'memory',
      { memory: '1Gi' },
      { memory: '512Mi' },
      words('containers[0].resources', '1Gi', 'less than or equal to memory limit of 512Mi'),
    ],
    [
      'CPU',
      { cpu: '1.5' },
      { cpu: '1000m' },
      words('containers[0].resources', '1500m', 'less than or equal to cpu limit of 1'),
    ],
    [
      'a device, above',
      { 'example.org/gpu': 2 },
      { 'example.org/gpu': 1 },
      words('containers[0].resources', '2', 'equal to example.org/gpu limit of 1'),
    ],
    [
      'a device, below',
      { 'example.org/gpu': 1 },
      { 'example.org/gpu': 2 },
      words('containers[0].resources', '1', 'equal to example.org/gpu limit of 2'),
    ],
    [
      'huge pages',
      { cpu: '1', 'hugepages-2Mi': '4Mi' },
      { 'hugepages-2Mi': '8Mi' },
      words('containers[0].resources', '4Mi', 'equal to hugepages-2Mi limit of 8Mi'),
    ],
    [
      'a device without a limit',
      { 'example.org/gpu': 1 },
      undefined,
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    ],
  ])('%s', (_, requests, limits, refusal) => {
    expect(refusalOf({ containers: [container(requests, limits)] })).toEqual([4, refusal]);
  });

  test('of several containers, init containers and the whole pod, one sentence each', () => {
    const above = container({ cpu: '2' }, { cpu: '1' });
    const pod = {
      containers: [container({ cpu: '1' }, { cpu: '1' }), { ...above, name: 'b' }],
      initContainers: [{ ...above, name: 'c' }],
      resources: { requests: { cpu: '4' }, limits: { cpu: '3' } },
    };
    expect(refusalOf(pod)).toEqual([
      4,
      [
        words('containers[1].resources', '2', 'less than or equal to cpu limit of 1'),
        words('initContainers[0].resources', '2', 'less than or equal to cpu limit of 1'),
        words('resources', '4', 'less than or equal to cpu limit of 3'),
      ].join(', '),
    ]);
  });

  test('and none that it allows', () => {
    const requests = { cpu: '500m', memory: '1Gi' };
    const gpu = { 'example.org/gpu': 1 };
    const containers = [container({ ...requests, ...gpu }, { cpu: '0.5', memory: '1024Mi', ...gpu })];
    expect(refusalOf({ containers })).toEqual([0, '']);
    expect(refusalOf({ containers: [container(requests)] })).toEqual([0, '']);
  });
});

const selector = { labelSelector: { matchLabels: { app: 'a' } } };
const hostname = { topologyKey: 'kubernetes.io/hostname' };

describe('anti-affinity to its own pods', () => {
  const antiAffinity = (fields: object = {}) => ({
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ ...selector, ...hostname, ...fields }],
      },
    },
  });

  test('allows one pod per node, and keeps the surge pod of a rolling update out', () => {
    const { fits, report } = onDescribed([workload('a', '100m', { replicas: 3 }, antiAffinity())]);
    expect(podsBy(fits[0]!)).toEqual([1, 1, 1]);
    expect(fits[0]!.verdict).toBe('fits, but a rolling update would hang');
    expect(report).toContain(
      '    worker-1, worker-2, worker-3 anti-affinity: a pod that ours must avoid is in its kubernetes.io/hostname',
    );
  });

  test('leaves a fourth pod Pending, in the scheduler’s words', () => {
    const [fit] = onDescribed([workload('a', '100m', { replicas: 4 }, antiAffinity())]).fits;
    expect(fit!.placements[0]).toMatchObject({
      pending: 1,
      reason: "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
    });
  });

  test('of one revision does not keep the surge pod out', () => {
    const matchLabelKeys = ['pod-template-hash'];
    const [fit] = onDescribed([workload('a', '1', { replicas: 3 }, antiAffinity({ matchLabelKeys }))]).fits;
    expect(fit!.verdict).toBe('fits');
  });

  test('counts the pods of another workload of the files', () => {
    const other = workload('b', '100m', { replicas: 2 }, antiAffinity());
    const [, fit] = onDescribed([workload('a', '100m'), other]).fits;
    expect(podsBy(fit!).filter((pods) => pods === 0)).toHaveLength(1);
    const [, late] = onDescribed([other, workload('a', '100m', { replicas: 3 })]).fits;
    expect(late!.placements[0]!.pending).toBe(0);
    expect(podsBy(late!).filter((pods) => pods > 0)).toHaveLength(1);
    const full = [workload('b', '100m', { replicas: 3 }, antiAffinity()), workload('a', '100m')];
    expect(onDescribed(full).fits[1]!.placements[0]!.reason).toBe(
      "0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules.",
    );
  });

  test('that is preferred spreads pods as far as there are nodes', () => {
    const preferred = [{ weight: 100, podAffinityTerm: { ...selector, ...hostname } }];
    const affinity = { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } };
    const [fit] = onDescribed([workload('a', '100m', { replicas: 6 }, { affinity })]).fits;
    expect(podsBy(fit!)).toEqual([2, 2, 2]);
  });
});

test('required affinity to its own pods keeps them on one node', () => {
  const required = [{ ...selector, ...hostname }];
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
  const [fit] = onDescribed([workload('a', '1', { replicas: 4 }, { affinity })]).fits;
  expect(podsBy(fit!).filter((pods) => pods > 0)).toEqual([3]);
  expect(fit!.placements[0]!.reason).toBe(
    "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match pod affinity rules.",
  );
});

test('affinity to pods that nobody has is never met', () => {
  const required = [{ labelSelector: { matchLabels: { app: 'db' } }, ...hostname }];
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
  const [fit] = onDescribed([workload('a', '1', {}, { affinity })]).fits;
  expect(fit!.placements[0]!.reason).toBe(
    "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
  );
});

describe('a hard topology spread', () => {
  const spread = (fields: object = {}) => ({
    topologySpreadConstraints: [
      { maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', ...hostname, ...selector, ...fields },
    ],
  });
  const [small, ...large] = NODES;
  const uneven = [{ ...small!, cpuAllocatableMillis: 1500 }, ...large];

  test('keeps pods waiting when one node is full', () => {
    const { fits, report } = onDescribed([workload('a', '1', { replicas: 6 }, spread())], uneven);
    expect(podsBy(fits[0]!)).toEqual([1, 2, 2]);
    expect(fits[0]!.placements[0]!.reason).toBe(
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match pod topology spread constraints.",
    );
    expect(report).toContainEqual(
      expect.stringContaining('such pods in kubernetes.io/hostname worker-2, 1 in'),
    );
  });

  test('counts a tainted node as an empty one, unless it honors taints', () => {
    const tainted = clusterOf({ ...NODES[0]!, nodes: 3, controlPlane: true });
    const pending = (fields: object) =>
      onDescribed([workload('a', '1', { replicas: 4 }, spread(fields))], tainted).fits[0]!.placements[0]!
        .pending;
    expect(pending({})).toBe(2);
    expect(pending({ nodeTaintsPolicy: 'Honor' })).toBe(0);
  });

  test('of one revision restarts with an update', () => {
    const verdict = (fields: object) =>
      onDescribed([workload('a', '1', { replicas: 3 }, spread(fields))], uneven).fits[0]!.verdict;
    expect(verdict({})).toBe('fits');
    expect(verdict({ minDomains: 4 })).toBe('fits, but a rolling update would hang');
    expect(verdict({ minDomains: 4, matchLabelKeys: ['pod-template-hash'] })).toBe('fits');
  });
});

test('two pods that take one port of the node do not share it', () => {
  const ports = [{ containerPort: 80, hostPort: 80 }];
  const containers = [{ name: 'app', ports }];
  const verdict = (pod: object) =>
    onDescribed([workload('a', '1', { replicas: 4 }, pod)]).fits[0]!.placements[0]!.reason;
  const reason = "0/3 nodes are available: 3 node(s) didn't have free ports for the requested pod ports.";
  expect(verdict({ containers })).toBe(reason);
  expect(verdict({ containers: [{ name: 'app', ports: [{ containerPort: 80 }] }] })).toBe('');
  expect(verdict({ hostNetwork: true, containers: [{ name: 'app', ports: [{ containerPort: 80 }] }] })).toBe(
    reason,
  );
});

test('a StatefulSet creates its pods one by one, so that only one of them is Pending', () => {
  const { placements } = onDescribed([workload('a', '3', { replicas: 5 }, {}, 'StatefulSet')]).fits[0]!;
  expect(placements[0]).toMatchObject({
    pending: 1,
    notCreated: 1,
    refusal: 'each pod waits for the one before it',
  });
  const parallel = workload('a', '3', { replicas: 5, podManagementPolicy: 'Parallel' }, {}, 'StatefulSet');
  expect(onDescribed([parallel]).fits[0]!.placements[0]).toMatchObject({ pending: 2, notCreated: 0 });
});

test('what described nodes cannot answer to is named and left out', () => {
  const zone = { topologyKey: 'topology.kubernetes.io/zone' };
  const gpu = { requests: { 'nvidia.com/gpu': 1 }, limits: { 'nvidia.com/gpu': 1 } };
  const pod = {
    containers: [{ name: 'app', resources: gpu }],
    nodeSelector: { 'kubernetes.io/os': 'linux', disk: 'ssd' },
    priorityClassName: 'high',
    topologySpreadConstraints: [{ maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', ...zone, ...selector }],
    schedulerName: 'volcano',
    runtimeClassName: 'gvisor',
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
  };
  const [fit] = onDescribed([workload('a', '1', {}, pod)]).fits;
  expect(fit!.verdict).toBe('fits');
  expect(fit!.notCounted).toEqual([
    'the scheduler volcano, which may decide otherwise',
    'the RuntimeClass gvisor, which may add overhead, a node selector and tolerations',
    'persistent volumes, which may tie pods to nodes or zones',
    'rules by the labels disk, topology.kubernetes.io/zone, which the described nodes do not have',
    'requests of nvidia.com/gpu, which the described nodes do not offer',
    'the priority class high, whose value is unknown',
  ]);
});

describe('on a real cluster', () => {
  const node = (name: string, labels: Record<string, string> = {}, more: object = {}): ObservedNode => ({
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...more } },
  });

  test('node labels, taints and other resources count', () => {
    const gpus = [node('one', {}, { 'nvidia.com/gpu': '1' }), node('two', { disk: 'ssd' })];
    const gpu = { limits: { 'nvidia.com/gpu': 1 } };
    const objects = [workload('a', '1', { replicas: 2 }, { containers: [{ name: 'app', resources: gpu }] })];
    const [fit] = onReal(objects, { nodes: gpus });
    expect(podsBy(fit!)).toEqual([1, 0]);
    expect(fit!.placements[0]!.reason).toBe('0/2 nodes are available: 2 Insufficient nvidia.com/gpu.');
    const [selected] = onReal([workload('a', '1', {}, { nodeSelector: { disk: 'ssd' } })], { nodes: gpus });
    expect(podsBy(selected!)).toEqual([0, 1]);
  });

  test('a zone is a domain', () => {
    const nodes = [node('one', { zone: 'a' }), node('two', { zone: 'a' }), node('three', { zone: 'b' })];
    const pod = {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [{ ...selector, topologyKey: 'zone' }],
        },
      },
    };
    const [fit] = onReal([workload('a', '1', { replicas: 3 }, pod)], { nodes });
    expect(fit!.placements[0]!.pending).toBe(1);
  });

  test('pods that the workload replaces are not counted, nor is their use of a quota', () => {
    const running = {
      metadata: { namespace: 'shop', name: 'a-1', labels: { app: 'a' } },
      spec: {
        nodeName: 'one',
        containers: [{ name: 'app', resources: { requests: { cpu: '3', memory: '64Mi' } } }],
      },
      status: { phase: 'Running' },
    };
    const hard = { 'requests.cpu': '4' };
    const quotas = [
      { metadata: { name: 'team' }, spec: { hard }, status: { hard, used: { 'requests.cpu': '3' } } },
    ];
    const [fit, other] = onReal([workload('a', '3'), workload('b', '1', { replicas: 2 })], {
      nodes: [node('one')],
      pods: [running],
      quotas,
    });
    expect(fit!.placements[0]).toMatchObject({ pending: 0, notCreated: 0 });
    expect(other!.placements[0]).toMatchObject({
      pending: 0,
      notCreated: 1,
      refusal:
        'exceeded quota: team, requested: requests.cpu=1, used: requests.cpu=4, limited: requests.cpu=4',
    });
  });

  test('finished pods of the workload were not in a quota’s use, but for the count of pods', () => {
    const pod = (name: string, phase: string, appName = 'a') => ({
      metadata: { namespace: 'shop', name, labels: { app: appName } },
      spec: {
        nodeName: 'one',
        containers: [{ name: 'app', resources: { requests: { cpu: '1', memory: '64Mi' } } }],
      },
      status: { phase },
    });
    const pods = [
      pod('a-1', 'Failed'),
      pod('a-2', 'Succeeded'),
      pod('a-3', 'Running'),
      pod('b-1', 'Running', 'b'),
    ];
    const reason = (resource: string, hard: string, used: string) => {
      const quotas = [
        {
          metadata: { name: 'team' },
          spec: { hard: { [resource]: hard } },
          status: { hard: { [resource]: hard }, used: { [resource]: used } },
        },
      ];
      const [fit] = onReal([workload('a', '1', { replicas: 3 })], { nodes: [node('one')], pods, quotas });
      const { notCreated, refusal } = fit!.placements[0]!;
      return [notCreated, refusal];
    };
    expect(reason('requests.cpu', '3', '2')).toEqual([
      1,
      'exceeded quota: team, requested: requests.cpu=1, used: requests.cpu=3, limited: requests.cpu=3',
    ]);
    expect(reason('pods', '3', '2')).toEqual([
      1,
      'exceeded quota: team, requested: pods=1, used: pods=3, limited: pods=3',
    ]);
    expect(reason('count/pods', '5', '4')).toEqual([
      1,
      'exceeded quota: team, requested: count/pods=1, used: count/pods=5, limited: count/pods=5',
    ]);
  });

  test('a quota or a limit range in the files replaces the cluster’s of its name and keeps its use', () => {
    const quota = (name: string, hard: string) => ({
      metadata: { name },
      spec: { hard: { 'requests.cpu': hard } },
    });
    const applied = { apiVersion: 'v1', kind: 'ResourceQuota' };
    const counted = { status: { hard: { 'requests.cpu': '1' }, used: { 'requests.cpu': '1' } } };
    const onQuota = (...objects: object[]) => {
      const cluster = { nodes: [node('one')], quotas: [{ ...quota('team', '1'), ...counted }] };
      const [fit] = onReal([workload('a', '1', { replicas: 3 }), ...objects], cluster);
      return fit!.placements[0]!.notCreated;
    };
    expect(onQuota()).toBe(3);
    expect(onQuota({ ...applied, ...quota('team', '4') })).toBe(0);
    expect(onQuota({ ...applied, ...quota('team', '3') })).toBe(1);
    // What is in a file that was read from a cluster is not applied.
    expect(onQuota({ ...applied, ...quota('team', '4'), ...counted })).toBe(0);
    expect(onQuota({ ...applied, ...quota('other', '4') })).toBe(3);

    const range = (name: string, cpu: string) => ({
      metadata: { name },
      spec: { limits: [{ type: 'Container', default: { cpu }, max: { cpu } }] },
    });
    const onRange = (name: string) => {
      const bare = workload('a', '1', {}, { containers: [{ name: 'app' }] });
      const own = { apiVersion: 'v1', kind: 'LimitRange', ...range(name, '2') };
      const [fit] = onReal([bare, own], { nodes: [node('one')], limitRanges: [range('team', '1')] });
      return [fit!.demand.limits.cpu, fit!.placements[0]!.refusal];
    };
    expect(onRange('team')).toEqual(['2', '']);
    expect(onRange('other')[0]).toBe('1');
  });

  describe('what the cluster has not counted for a quota of the files, its pods sum up to', () => {
    const pod = (app: string, i: number, phase = 'Running', namespace = 'shop') => ({
      metadata: { namespace, name: `${app}-${i}`, labels: { app } },
      spec: {
        nodeName: 'one',
        containers: [{ name: 'app', resources: { requests: { cpu: '1', memory: '64Mi' } } }],
      },
      status: { phase },
    });
    const pair = (app: string) => [pod(app, 1), pod(app, 2)];
    const quota = (hard: object, more: object = {}) => ({
      ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'team' } },
      spec: { hard, ...more },
    });
    const nodes = ['one', 'two', 'three'].map((name) => node(name));
    const counted = { hard: { pods: '10' }, used: { pods: '4' } };
    const quotas = [{ metadata: { name: 'team' }, spec: { hard: counted.hard }, status: counted }];
    const others = [...pair('x'), ...pair('y')];
    const placedBy = (
      fit: { placements: readonly { notCreated: number; refusal: string }[] } | undefined,
    ) => {
      const { notCreated, refusal } = fit!.placements[0]!;
      return [2 - notCreated, refusal];
    };

    test('pods of others take from a resource that the cluster’s quota of that name does not bound', () => {
      const files = [workload('a', '1', { replicas: 2 }), quota({ 'requests.cpu': '4' })];
      const [fit] = onReal(files, { nodes, pods: others, quotas });
      expect(placedBy(fit)).toEqual([
        0,
        'exceeded quota: team, requested: requests.cpu=1, used: requests.cpu=4, limited: requests.cpu=4',
      ]);
    });

    test('what was counted stays, beside what was not', () => {
      const files = [workload('a', '1', { replicas: 2 }), quota({ 'requests.cpu': '9', pods: '5' })];
      const [fit] = onReal(files, { nodes, pods: [], quotas });
      expect(placedBy(fit)).toEqual([
        1,
        'exceeded quota: team, requested: pods=1, used: pods=5, limited: pods=5',
      ]);
    });

    test('pods that the workloads replace leave a new quota', () => {
      const files = [
        workload('a', '1', { replicas: 2 }),
        workload('b', '1', { replicas: 2 }),
        quota({ 'requests.cpu': '3' }),
      ];
      const [one, other] = onReal(files, { nodes, pods: [...pair('a'), ...pair('b')] });
      expect([placedBy(one)[0], placedBy(other)[0]]).toEqual([2, 1]);
    });

    test('finished pods count for count/pods alone, and pods out of scope or elsewhere not at all', () => {
      const pods = [
        pod('x', 1),
        pod('x', 2, 'Succeeded'),
        pod('x', 3, 'Running', 'other'),
        { ...pod('x', 4), spec: { ...pod('x', 4).spec, activeDeadlineSeconds: 60 } },
      ];
      const placed = (hard: object) => {
        const files = [workload('a', '1', { replicas: 2 }), quota(hard, { scopes: ['NotTerminating'] })];
        return placedBy(onReal(files, { nodes, pods })[0])[0];
      };
      expect([placed({ 'requests.cpu': '3' }), placed({ 'requests.cpu': '2' })]).toEqual([2, 1]);
      expect([placed({ pods: '3' }), placed({ pods: '2' })]).toEqual([2, 1]);
      expect([placed({ 'count/pods': '4' }), placed({ 'count/pods': '3' })]).toEqual([2, 1]);
    });
  });

  test('a quota refuses a pod whose containers do not state what it sums', () => {
    const hard = { 'limits.cpu': '4', memory: '1Gi' };
    const [fit] = onReal([workload('a', '1')], {
      nodes: [node('one')],
      quotas: [{ metadata: { name: 'team' }, spec: { hard } }],
    });
    expect(fit!.placements[0]).toMatchObject({
      notCreated: 1,
      refusal: 'failed quota: team: must specify limits.cpu for: app',
    });
  });

  test('a limit that a limit range gives, and that is below the request, lets no pod be created', () => {
    const limits = [{ type: 'Container', default: { memory: '512Mi' } }];
    const resources = { requests: { memory: '1024Mi' } };
    const asking = workload('a', '1', { replicas: 4 }, { containers: [{ name: 'app', resources }] });
    const refused = {
      notCreated: 4,
      refusal:
        'spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 512Mi',
    };
    const nodes = [node('one')];
    const limitRange = { metadata: { name: 'team' }, spec: { limits } };
    expect(onReal([asking], { nodes, limitRanges: [limitRange] })[0]!.placements[0]).toMatchObject(refused);
    const own = { apiVersion: 'v1', kind: 'LimitRange', ...limitRange };
    expect(onReal([asking, own], { nodes })[0]!.placements[0]).toMatchObject(refused);
    expect(onDescribed([asking, own]).fits[0]!.placements[0]).toMatchObject(refused);
  });

  test('a limit range gives containers their defaults, and refuses what is left out', () => {
    const limits = [{ type: 'Container', default: { cpu: '2' }, defaultRequest: { cpu: '1500m' } }];
    const bare = workload('a', '1', {}, { containers: [{ name: 'app' }] });
    const [fit] = onReal([bare], {
      nodes: [node('one')],
      limitRanges: [{ metadata: { name: 'team' }, spec: { limits } }],
    });
    expect(fit!.demand.requests.cpu).toBe('1500m');
    expect(fit!.demand.limits.cpu).toBe('2');
    const [refused] = onReal([bare], {
      nodes: [node('one')],
      limitRanges: [
        { metadata: { name: 'team' }, spec: { limits: [{ type: 'Container', max: { memory: '1Gi' } }] } },
      ],
    });
    expect(refused!.placements[0]!.refusal).toBe(
      'maximum memory usage per Container is 1Gi.  No limit is specified',
    );
  });
});

test('the report names each workload, what was skipped, and the nodes with all of them', () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } };
  const daemons = workload('agent', '1', {}, {}, 'DaemonSet');
  const { report } = onDescribed(
    [workload('a', '1'), workload('b', '500m'), service, daemons],
    NODES.slice(0, 1),
  );
  expect(report).toEqual([
    'Deployment shop/a (1 CPU, 64Mi memory per pod): fits',
    '  replicas 1: worker-1 1; Pending 0',
    '    a rolling update has room for its surge pod',
    '',
    'Deployment shop/b (500m CPU, 64Mi memory per pod): fits',
    '  replicas 1: worker-1 1; Pending 0',
    '    a rolling update has room for its surge pod',
    '',
    'Allocated resources with all of them at their lowest number of replicas:',
    '  node      resource  requests        limits',
    '  worker-1  cpu       1905m (47%)     1400m (35%)',
    '  worker-1  memory    577333248 (6%)  1175430400 (13%)',
    '',
    'not placed: the pods of DaemonSet shop/agent',
    'skipped: objects without pods: 1 Service',
  ]);
});
