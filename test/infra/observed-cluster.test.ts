import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { allocatedRows } from '../../infra/allocation';
import { selectorOf } from '../../infra/inference-service';
import { nodesFor, type ObservedNode, readCluster } from '../../infra/observed-cluster';
import type { ObservedPod } from '../../infra/pod-resources';
import type { Resources } from '../../infra/variants';

const NODE: ObservedNode = {
  metadata: { name: 'one' },
  status: { allocatable: { cpu: '4', memory: '8050000Ki', pods: '110' } },
};
const OURS = { name: 'latency-hpa', namespace: 'tandem' };

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
  nodesFor(OURS, { nodes: [NODE], pods: [only] })[0]!.others[kind];

test('a pod counts for the sum of its containers', () => {
  const containers = [requesting('100m', '64Mi'), requesting('1', '64Mi'), {}];
  expect(amountsOf(pod('a', { containers }), 'requests')).toEqual({ cpu: '1100m', memory: '128Mi' });
  expect(amountsOf(pod('a', { containers }), 'limits')).toEqual({ cpu: '0', memory: '0' });
});

test('a container without requests counts for nothing, but is scored with what the scheduler assumes', () => {
  const containers = [requesting('500m', '64Mi'), {}, { resources: { requests: { cpu: '0' } } }];
  const [node] = nodesFor(OURS, { nodes: [NODE], pods: [pod('a', { containers })] });
  expect(node!.others.requests).toEqual({ cpu: '500m', memory: '64Mi' });
  expect(node!.others.scored).toEqual({ cpu: '600m', memory: '464Mi' });
});

test('cordons and PreferNoSchedule taints are read from the node', () => {
  const taints = [
    { key: 'slow', effect: 'PreferNoSchedule' },
    { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
  ];
  const [node] = nodesFor(OURS, { nodes: [{ ...NODE, spec: { taints, unschedulable: true } }], pods: [] });
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
  const [node] = nodesFor(OURS, { nodes: [NODE], pods });
  expect(node).toMatchObject({
    cpuAllocatableMillis: 4000,
    memoryAllocatableBytes: 8_050_000 * 1024,
    podsFree: 110,
    others: { requests: { cpu: '0', memory: '0' } },
  });
  const elsewhere = nodesFor({ ...OURS, namespace: 'vision' }, { nodes: [NODE], pods });
  expect(elsewhere[0]).toMatchObject({ podsFree: 109, others: { requests: { cpu: '1', memory: '1Gi' } } });
});

test.each([
  ['node-role.kubernetes.io/control-plane', 'NoSchedule', true],
  ['team', 'NoExecute', true],
  ['team', 'PreferNoSchedule', false],
  ['node.kubernetes.io/unreachable', 'NoExecute', false],
])('a node with the taint %s:%s keeps our pods away: %s', (key, effect, tainted) => {
  const nodes = [{ ...NODE, spec: { taints: [{ key, effect }] } }];
  expect(nodesFor(OURS, { nodes, pods: [] })[0]!.tainted).toBe(tainted);
});

test('a node’s number of pods is read as a quantity', () => {
  const status = { allocatable: { ...NODE.status!.allocatable, pods: '1k' } };
  expect(nodesFor(OURS, { nodes: [{ ...NODE, status }], pods: [] })[0]!.podsFree).toBe(1000);
});

test.each([{}, { status: {} }, { status: { allocatable: {} } }])(
  'a node that reports only %j has nothing allocatable',
  (fields) => {
    const nodes = [{ metadata: { name: 'one' }, ...fields }];
    expect(nodesFor(OURS, { nodes, pods: [] })[0]).toMatchObject({
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
  const [node] = nodesFor(OURS, { nodes, pods });
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
  expect(() => nodesFor(OURS, { nodes: [NODE], pods: [pod('a', fields)] })).toThrow(message);
});

test.each(['cpu', 'memory', 'pods'])(
  'unreadable allocatable %s is an error that names the node',
  (resource) => {
    const nodes = [{ ...NODE, status: { allocatable: { [resource]: 'much' } } }];
    expect(() => nodesFor(OURS, { nodes, pods: [] })).toThrow(
      `node one: allocatable.${resource}: a quantity must look like 500m, 1.5, 4627034Ki or 6544139520, received much`,
    );
  },
);

/** The memory row of a node with other pods and one of ours, of 1G. */
function memoryRow(pods: readonly ObservedPod[], ourPods = 1): string {
  const [node] = nodesFor(OURS, { nodes: [NODE], pods });
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
  expect(amountsOf(pod('a', larger), 'requests').memory).toBe('1G');
});

test('a pod’s memory keeps its notation even if no suffix shows it', () => {
  const pods = [
    pod('a', { containers: [requesting('1', '1Mi'), requesting('1', '1')] }),
    pod('b', { containers: [requesting('1', '1048575')] }),
  ];
  expect(memoryRow(pods, 0)).toBe('2Mi (0%)');
});

describe('kubectl', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-'));
  const path = process.env['PATH'];
  afterEach(() => void (process.env['PATH'] = path));
  afterAll(() => rmSync(folder, { recursive: true }));
  const answering = (script: string) => {
    writeFileSync(join(folder, 'kubectl'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'kubectl'), 0o755);
    process.env['PATH'] = `${folder}${delimiter}${path}`;
  };

  test('lists the nodes and the pods of all namespaces with the given kubeconfig', () => {
    answering(`echo "{\\"items\\": [\\"$*\\"]}"`);
    const { nodes, pods } = readCluster('/some/config');
    expect(nodes).toEqual(['--kubeconfig /some/config get nodes --all-namespaces --output=json']);
    expect(pods).toEqual(['--kubeconfig /some/config get pods --all-namespaces --output=json']);
  });

  test('is quoted if it fails', () => {
    answering('echo "error: no server" >&2; exit 1');
    expect(() => readCluster('f')).toThrow('--kubeconfig f: kubectl could not list nodes: error: no server');
  });

  test.each([
    ['exit 3', 'it ended with status 3 and printed nothing'],
    ['kill -9 $$', 'it ended with SIGKILL and printed nothing'],
    ['echo no list', 'its answer must be a list in JSON, received "no list\\n"; see which kubectl'],
    [':', 'its answer must be a list in JSON, received ""; see which kubectl'],
    ['echo null', 'its answer must be a list in JSON, received "null\\n"'],
    ['echo "{}"', 'its answer must be a list in JSON, received "{}\\n"'],
    [`echo '{"items": null}'`, 'its answer must be a list in JSON, received "{\\"items\\": null}\\n"'],
  ])('that does %s gives an error that says so', (script, reason) => {
    answering(script);
    expect(() => readCluster('f')).toThrow(`--kubeconfig f: kubectl could not list nodes: ${reason}`);
  });

  test('that is not executable gives an error that says so', () => {
    answering('');
    chmodSync(join(folder, 'kubectl'), 0o644);
    process.env['PATH'] = folder;
    expect(() => readCluster('f')).toThrow(
      'kubectl could not list nodes: it ended with EACCES and printed nothing',
    );
  });

  test('must be on the PATH', () => {
    process.env['PATH'] = '/nonexistent';
    expect(() => readCluster('f')).toThrow('--kubeconfig needs kubectl on the PATH; install it');
  });
});
