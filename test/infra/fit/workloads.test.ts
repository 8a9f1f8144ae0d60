import { stringify } from 'yaml';

import { objectsIn } from '../../../infra/fit/read-manifests';
import { manifestsOf } from '../../../infra/fit/workloads';

const labels = { app: 'web' };

/** A Deployment, or another workload, of one container. */
const workload = (fields: Record<string, unknown> = {}, pod: object = {}, kind = 'Deployment') => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'app' }], ...pod } },
    ...fields,
  },
});

const autoscaler = (fields: object = {}, name = 'web') => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    maxReplicas: 5,
    ...fields,
  },
});

const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } };

const text = (objects: readonly unknown[]) => objects.map((each) => stringify(each)).join('---\n');
const read = (...objects: unknown[]) =>
  manifestsOf(objectsIn(new Map([['app.yaml', text(objects)]]), 'default'));

test('a workload has the replicas of its spec, or one', () => {
  expect(read(workload({ replicas: 3 })).workloads[0]!.counts).toEqual([['replicas', 3]]);
  expect(read(workload()).workloads[0]!.counts).toEqual([['replicas', 1]]);
});

test('an HPA in the files gives its target two counts, and only its target', () => {
  const other = { ...workload(), metadata: { name: 'other' } };
  const { workloads } = read(workload(), other, autoscaler({ minReplicas: 2 }));
  expect(workloads.map(({ name, counts }) => [name, counts])).toEqual([
    [
      'web',
      [
        ['at minReplicas', 2],
        ['at maxReplicas', 5],
      ],
    ],
    ['other', [['replicas', 1]]],
  ]);
});

test('objects without a namespace are in the default one, and an HPA counts in its own only', () => {
  const elsewhere = { ...autoscaler(), metadata: { name: 'web', namespace: 'other' } };
  const { workloads, skipped } = read(workload(), elsewhere);
  expect(workloads[0]).toMatchObject({ pods: { namespace: 'default' }, counts: [['replicas', 1]] });
  expect(skipped).toEqual(['HorizontalPodAutoscaler other/web, whose target is not in the files']);
});

test('lists count for their items, empty documents and empty fields for nothing', () => {
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    items: [workload({ replicas: null }, { tolerations: null })],
  };
  const source = `# Source: chart\n---\n${text([list])}---\n---\n`;
  const { workloads } = manifestsOf(objectsIn(new Map([['a', source]]), 'default'));
  expect(workloads.map(({ name, counts }) => [name, counts])).toEqual([['web', [['replicas', 1]]]]);
});

test('numbers are quantities', () => {
  const containers = [{ name: 'app', resources: { requests: { cpu: 1, memory: 1024 } } }];
  const { spec } = read(workload({}, { containers })).workloads[0]!.pods;
  expect(spec.containers[0]!.resources!.requests).toEqual({ cpu: '1', memory: '1024' });
});

test('what is left out is named: objects without pods in sum, others one by one', () => {
  const of = (kind: string, apiVersion: string) => ({ apiVersion, kind, metadata: { name: 'x' } });
  const { skipped, notPlaced } = read(
    workload(),
    service,
    service,
    of('ConfigMap', 'v1'),
    of('Rollout', 'argoproj.io/v1alpha1'),
    of('Deployment', 'example.org/v1'),
    of('DaemonSet', 'apps/v1'),
  );
  expect(skipped).toEqual([
    'objects without pods: 2 Service, 1 ConfigMap',
    'Rollout default/x, a kind that fit does not know and that may create pods',
    'Deployment.example.org default/x, a kind that fit does not know and that may create pods',
  ]);
  expect(notPlaced).toEqual(['the pods of DaemonSet default/x']);
});

const limited = (cpu: string) => ({ containers: [{ name: 'app', resources: { limits: { cpu } } }] });

test.each<[string, object, string]>([
  [
    'no workload',
    { ...service },
    '--file must hold a Deployment or a StatefulSet or a ReplicaSet, received 1 Service',
  ],
  [
    'labels that the selector does not match',
    workload({ selector: { matchLabels: { app: 'x' } } }),
    'app.yaml: Deployment web: spec.template.metadata.labels must match spec.selector, received {"app":"web"} and {"matchLabels":{"app":"x"}}',
  ],
  [
    'no selector',
    workload({ selector: undefined }),
    'app.yaml: Deployment web: spec.selector must be a map, received nothing',
  ],
  [
    'no containers',
    workload({}, { containers: [] }),
    'spec.template.spec.containers must be a list that is not empty, received []',
  ],
  [
    'replicas as text',
    workload({ replicas: '3' }),
    'app.yaml: Deployment web: spec.replicas must be a whole number, received "3"',
  ],
  ['negative replicas', workload({ replicas: -1 }), 'spec.replicas must be at least 0, received -1'],
  [
    'an unreadable quantity',
    workload({}, limited('much')),
    'spec.template.spec.containers[0].resources.limits.cpu must be a quantity such as 500m, 1.5 or 512Mi, received "much"',
  ],
  [
    'an unknown effect',
    workload({}, { tolerations: [{ operator: 'Exists', effect: 'Never' }] }),
    'tolerations[0].effect must be one of NoSchedule, PreferNoSchedule, NoExecute, received "Never"',
  ],
  [
    'a surge that is no count',
    workload({ strategy: { rollingUpdate: { maxSurge: 'all' } } }),
    'spec.strategy.rollingUpdate.maxSurge must be a whole number or a percentage such as 25%, received "all"',
  ],
  [
    'no kind',
    { metadata: {} },
    'app.yaml must hold Kubernetes objects, each with apiVersion and kind, received the fields metadata',
  ],
  ['a text', 'hello' as unknown as object, 'each with apiVersion and kind, received "hello"'],
])('a file with %s is refused', (_, object, message) => {
  expect(() => read(object)).toThrow(message);
});

test('an HPA whose bounds contradict each other is refused, and a second HPA of one target', () => {
  expect(() => read(workload(), autoscaler({ minReplicas: 9 }))).toThrow(
    "app.yaml, document 1: Deployment web: its HorizontalPodAutoscaler's spec.maxReplicas must be at least spec.minReplicas, received 5 and 9",
  );
  expect(() => read(workload(), autoscaler(), autoscaler({}, 'again'))).toThrow(
    'HorizontalPodAutoscaler again must target another workload than Deployment default/web, which web scales',
  );
});

test('two workloads of one kind, name and namespace are refused', () => {
  expect(() => read(workload(), workload())).toThrow(
    'app.yaml, document 2: Deployment web must be the only Deployment of that name in namespace default: rename it or leave out the other, which is in app.yaml, document 1: Deployment web',
  );
});

test.each([
  ['kind: [', 'app.yaml must be YAML or JSON: Flow sequence'],
  ['{{ include "x" . }}: 1', '; render a template first, as with helm template'],
  ['{{- if .Values.on }}\na: 1', '; render a template first, as with helm template'],
])('%s is no YAML', (source, message) => {
  expect(() => objectsIn(new Map([['app.yaml', source]]), 'default')).toThrow(message);
});

describe('how an update replaces the pods', () => {
  const rolloutOf = (fields: Record<string, unknown>, replicas: number, kind = 'Deployment') =>
    read(workload(fields, {}, kind)).workloads[0]!.rollout(replicas);
  const strategy = (maxSurge: number | string, maxUnavailable: number | string) => ({
    strategy: { rollingUpdate: { maxSurge, maxUnavailable } },
  });

  test.each([
    [{}, 3, 1, 'may stop 0 of 3'],
    [{}, 4, 0, 'a rolling update needs no more room: it may stop 1 of 4 first (maxUnavailable)'],
    [strategy(1, 0), 9, 1, 'may stop 0 of 9'],
    [strategy(0, '10%'), 5, 0, 'may stop 1 of 5'],
    [strategy('50%', '100%'), 5, 0, 'may stop 5 of 5'],
    [{}, 0, 0, 'may stop 0 of 0'],
    [{ strategy: { type: 'Recreate' } }, 2, 0, 'stops every pod before it starts new ones (Recreate)'],
  ])('a Deployment with %j and %i replicas needs room for %i more', (fields, replicas, surge, words) => {
    const found = rolloutOf(fields, replicas);
    expect(found.surge).toBe(surge);
    expect(found.words).toContain(words);
  });

  test.each([
    ['StatefulSet', {}, 'each pod stops before its successor starts'],
    ['StatefulSet', { updateStrategy: { type: 'OnDelete' } }, 'waits until you delete the pods (OnDelete)'],
    ['ReplicaSet', {}, 'a ReplicaSet does not replace its pods'],
  ])('a %s with %j needs no room', (kind, fields, words) => {
    const found = rolloutOf(fields, 3, kind);
    expect(found.surge).toBe(0);
    expect(found.words).toContain(words);
  });
});

describe('what keeps an HPA from doing what it says', () => {
  const utilization = (averageUtilization: number, fields: object = {}) => ({
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
        ...fields,
      },
    ],
  });
  const app = { name: 'app', resources: { requests: { cpu: '1' }, limits: { cpu: '2' } } };
  const remarks = (spec: object, pod: object = { containers: [app] }, fields: Record<string, unknown> = {}) =>
    read(workload(fields, pod), autoscaler(spec)).workloads[0]!.remarks;

  test('nothing, where every container requests CPU and may use more than the target', () => {
    expect(remarks(utilization(80))).toEqual([]);
    expect(remarks({ targetCPUUtilizationPercentage: 80 })).toEqual([]);
    expect(remarks({})).toEqual([]);
  });

  test('replicas beside it', () => {
    expect(remarks({}, undefined, { replicas: 2 })).toEqual([
      'each apply sets replicas back to 2: leave out spec.replicas, since an HPA decides it',
    ]);
  });

  test('a container, or a sidecar, that requests none of what it measures', () => {
    const sidecar = { name: 'proxy', restartPolicy: 'Always' };
    const expected = [
      'its HPA cannot compute the cpu utilization (FailedGetResourceMetric), since a container requests no cpu: proxy',
    ];
    expect(remarks(utilization(80), { containers: [app, { name: 'proxy' }] })).toEqual(expected);
    expect(remarks(utilization(80), { containers: [app], initContainers: [sidecar] })).toEqual(expected);
    const one = { name: 'cpu', container: 'app', target: { type: 'Utilization', averageUtilization: 80 } };
    const metrics = [{ type: 'ContainerResource', containerResource: one }];
    expect(remarks({ metrics }, { containers: [app, { name: 'proxy' }] })).toEqual([]);
    expect(remarks({ metrics }, { containers: [{ ...app, name: 'web' }] })).toEqual([
      'its HPA measures the container app, which the pod does not have',
    ]);
  });

  test('a container that requests no CPU, where it states no metric and so measures the CPU', () => {
    expect(remarks({}, { containers: [{ name: 'web' }] })).toEqual([
      'its HPA cannot compute the cpu utilization (FailedGetResourceMetric), since a container requests no cpu: web',
    ]);
    const memory = { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } };
    const metrics = [{ type: 'Resource', resource: memory }];
    expect(remarks({ metrics }, { containers: [{ name: 'web' }] })).toEqual([]);
  });

  test('limits below the target', () => {
    expect(remarks(utilization(182))).toEqual([
      'its HPA never adds a pod: the CPU limits allow 200 % of the requests, and it waits for more than 200.2 %',
    ]);
    expect(remarks(utilization(181))).toEqual([]);
    const tolerant = (tolerance: string) => ({ ...utilization(181), behavior: { scaleUp: { tolerance } } });
    expect(remarks(tolerant('100m'))).toEqual([]);
    expect(remarks(tolerant('0.11'))).toEqual([
      'its HPA never adds a pod: the CPU limits allow 200 % of the requests, and it waits for more than 200.91 %',
    ]);
  });
});

describe('KEDA’s ScaledObject', () => {
  const scaledObject = (spec: object) => ({
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: 'web' },
    spec: { scaleTargetRef: { name: 'web' }, triggers: [{ type: 'prometheus', metadata: {} }], ...spec },
  });

  test.each([
    [{ minReplicaCount: 2, maxReplicaCount: 7 }, 2, 7],
    [{}, 0, 100],
  ])('with %j scales its Deployment from %i to %i pods', (spec, min, max) => {
    const [found] = read(workload(), scaledObject(spec)).workloads;
    expect(found!.counts).toEqual([
      ['at minReplicas', min],
      ['at maxReplicas', max],
    ]);
    expect(found!.remarks).toEqual([]);
  });

  test('measures as the HPA that it makes: a container that requests nothing is named', () => {
    const pod = { containers: [{ name: 'app' }, { name: 'proxy' }] };
    const cpu = { type: 'cpu', metricType: 'Utilization', metadata: { value: '60' } };
    const one = { ...cpu, metadata: { ...cpu.metadata, containerName: 'app' } };
    const remarksOf = (trigger: object) =>
      read(workload({}, pod), scaledObject({ triggers: [trigger] })).workloads[0]!.remarks;
    expect(remarksOf(cpu)[0]).toContain('since a container requests no cpu: app, proxy');
    expect(remarksOf(one)[0]).toContain('since a container requests no cpu: app');
    expect(remarksOf({ ...cpu, metricType: 'AverageValue' })).toEqual([]);
  });

  test('passes its tolerance on to the HPA', () => {
    const resources = { requests: { cpu: '1' }, limits: { cpu: '2' } };
    const triggers = [{ type: 'cpu', metadata: { value: '181' } }];
    const remarksOf = (tolerance: string) =>
      read(
        workload({}, { containers: [{ name: 'app', resources }] }),
        scaledObject({
          triggers,
          advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleUp: { tolerance } } } },
        }),
      ).workloads[0]!.remarks;
    expect(remarksOf('100m')).toEqual([]);
    expect(remarksOf('0.11')).toEqual([
      'its HPA never adds a pod: the CPU limits allow 200 % of the requests, and it waits for more than 200.91 %',
    ]);
    expect(() => remarksOf('much')).toThrow(
      'spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.tolerance must be a quantity',
    );
  });

  test('is refused where its bounds contradict each other, and beside an HPA of the same target', () => {
    expect(() => read(workload(), scaledObject({ minReplicaCount: 5, maxReplicaCount: 4 }))).toThrow(
      'ScaledObject web: spec.maxReplicaCount must be at least spec.minReplicaCount, received 4',
    );
    expect(() => read(workload(), autoscaler({}), scaledObject({}))).toThrow('keep one of them');
  });
});
