import { objectsIn } from '../../../infra/fit/read-manifests';
import { manifestsOf } from '../../../infra/fit/workloads';
import { autoscaler, read, text, workload } from './web-workload';

const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } };

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

test('merge keys count, as in kubectl', () => {
  const source = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
x-res: &res { requests: { cpu: '9', memory: 1Gi } }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: app
          resources: { <<: *res, limits: { memory: 2Gi } }
`;
  const { workloads } = manifestsOf(objectsIn(new Map([['a', source]]), 'default'));
  expect(workloads[0]!.pods.spec.containers[0]!.resources).toEqual({
    requests: { cpu: '9', memory: '1Gi' },
    limits: { memory: '2Gi' },
  });
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
  ['a: &a 1\nb: { <<: *a }', 'app.yaml must be YAML or JSON: Merge sources must be maps'],
  ['b: *a', 'app.yaml must be YAML or JSON: Unresolved alias'],
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
