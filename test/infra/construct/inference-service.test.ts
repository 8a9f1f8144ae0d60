import { App, Chart, Testing, Yaml } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import fc from 'fast-check';

import { InferenceService, type InferenceServiceProps } from '../../../infra/construct/inference-service';
import type { Scaling } from '../../../infra/variants';
import { isModelName } from '../../../models/catalog';
import type { Manifest } from '../../support/manifests';

const UNNAMED: InferenceServiceProps = {
  model: 'birds',
  image: 'images.example/birds:2',
  resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } },
  scaling: { kind: 'fixed', replicas: 2 },
};
const PROPS = { ...UNNAMED, name: 'birds', namespace: 'vision' };

/** The objects of one service with some props changed. */
function synth(changes: Partial<InferenceServiceProps>): Manifest[] {
  const chart = new Chart(new App(), 'chart');
  new InferenceService(chart, 'service', { ...PROPS, ...changes });
  return Testing.synth(chart);
}

test('takes another model, image and figures', () => {
  const { spec } = synth({}).find(({ kind }) => kind === 'Deployment');
  const [container] = spec.template.spec.containers;
  expect(container.image).toBe('images.example/birds:2');
  expect(container.env).toContainEqual({ name: 'MODELS', value: 'birds' });
  expect(container.resources.limits).toEqual({ cpu: '1', memory: '1Gi' });
});

test.each([
  ['02', '"2"', '0536870912', '"536870912"'],
  ['1.50', '1500m', '1e9', '"1e9"'],
  ['1.5', '1500m', '6544139520', '"6544139520"'],
  ['2', '"2"', '9007199254740993', '"9007199254740993"'],
  ['2000m', '"2"', '+1Gi', '1Gi'],
  ['2405m', '2405m', '4627034Ki', '4627034Ki'],
  ['1e3', '"1e3"', '1024Mi', '1Gi'],
])(
  'CPU of %s is emitted as %s, and memory of %s as %s: the text that the API server stores',
  (cpu, cpuText, memory, memoryText) => {
    const amounts = { cpu, memory };
    const deployment = synth({ resources: { requests: amounts, limits: amounts } }).find(
      ({ kind }) => kind === 'Deployment',
    );
    expect(Yaml.stringify(deployment)).toContain(
      `          resources:\n            limits:\n              cpu: ${cpuText}\n              memory: ${memoryText}\n`,
    );
  },
);

test.each([{ namespace: 'vision' }, {}])(
  'by default the name is the construct’s id and the namespace is the chart’s: %j',
  (chartProps: { namespace?: string }) => {
    const chart = new Chart(new App(), 'chart', chartProps);
    new InferenceService(chart, 'birds', UNNAMED);
    const all: Manifest[] = Testing.synth(chart);
    expect(all).toHaveLength(5);
    for (const { metadata } of all) expect(metadata).toMatchObject({ name: 'birds', ...chartProps });
    for (const { metadata } of all) expect('namespace' in metadata).toBe('namespace' in chartProps);
    const { spec } = all.find(({ kind }) => kind === 'Deployment').spec.template;
    expect(spec.serviceAccountName).toBe('birds');
  },
);

test.each([
  ['images.example/birds:2', '2'],
  ['localhost:5000/birds:v1_2', 'v1_2'],
  [`images.example/birds:2.1@sha256:${'0'.repeat(64)}`, '2.1'],
  ['localhost:5000/birds', undefined],
  [`images.example/birds@sha256:${'0'.repeat(64)}`, undefined],
  ['birds:_', undefined],
  [`birds:${'a'.repeat(64)}`, undefined],
])('image %s has the version label %s', (image, version) => {
  const { metadata } = synth({ image }).find(({ kind }) => kind === 'Deployment');
  expect(metadata.labels['app.kubernetes.io/version']).toBe(version);
  expect(version !== undefined || !('app.kubernetes.io/version' in metadata.labels)).toBe(true);
});

test('an id that is not a valid name is refused', () => {
  const chart = new Chart(new App(), 'chart');
  expect(() => new InferenceService(chart, 'My Birds', UNNAMED)).toThrow(
    /^name must be at most 63 .*, received My Birds$/,
  );
});

test.each<Partial<InferenceServiceProps>>([
  { namespace: '1' },
  { image: 'birds' },
  { image: 'Images.example/a--b/c__d.e:_1.2-3' },
  { image: 'localhost:5000/a/b_c:v1' },
  { image: '[::1]:5000/birds:1' },
  { image: `images.example/birds:2@sha256:${'0'.repeat(64)}` },
  { image: `birds@sha512:${'f'.repeat(128)}` },
  { image: `birds@multihash+base58:${'0'.repeat(32)}` },
  { imagePullSecret: 'registry.credentials' },
  { model: '2-birds' },
])('%j is accepted', (changes) => {
  expect(synth(changes)).toHaveLength(5);
});

test('a model’s name is accepted exactly where the service accepts it', () => {
  const isAccepted = (model: string) => {
    try {
      return synth({ model }).length > 0;
    } catch {
      return false;
    }
  };
  const texts = fc.string({ unit: fc.constantFrom('a', '9', '-', 'A', '_', '.', ',', ' '), maxLength: 4 });
  fc.assert(fc.property(texts, (model) => isAccepted(model) === isModelName(model)));
  for (const length of [63, 64]) expect(isAccepted('a'.repeat(length))).toBe(length === 63);
});

const hpa = (minReplicas: number, maxReplicas: number, targetCpuPercent: number): Scaling => ({
  kind: 'hpa',
  minReplicas,
  maxReplicas,
  targetCpuPercent,
});
const limits = (cpu: string, memory: string) => ({
  resources: { ...PROPS.resources, limits: { cpu, memory } },
});

const cpuOf = (request: string, limit: string) => ({
  resources: {
    requests: { ...PROPS.resources.requests, cpu: request },
    limits: { ...PROPS.resources.limits, cpu: limit },
  },
});

test.each<[string, Partial<InferenceServiceProps>]>([
  [
    'birds: replicas must be a whole number from 1 to 2147483647, received 0',
    { scaling: { kind: 'fixed', replicas: 0 } },
  ],
  [
    'birds: replicas must be a whole number from 1 to 2147483647, received 1.5',
    { scaling: { kind: 'fixed', replicas: 1.5 } },
  ],
  ['birds: minReplicas must be a whole number from 1 to 2147483647, received 0', { scaling: hpa(0, 2, 50) }],
  [
    'birds: maxReplicas must be a whole number from 1 to 2147483647, received NaN',
    { scaling: hpa(1, NaN, 50) },
  ],
  [
    'birds: replicas must be a whole number from 1 to 2147483647, received 2147483648',
    { scaling: { kind: 'fixed', replicas: 2 ** 31 } },
  ],
  ['birds: maxReplicas must be at least minReplicas, received 2 and 3', { scaling: hpa(3, 2, 50) }],
  [
    'birds: targetCpuPercent must be a whole number from 1 to 2147483647, received 0.5',
    { scaling: hpa(1, 2, 0.5) },
  ],
  ['birds: requests.cpu must be at most limits.cpu, received 250m and 0.2', limits('0.2', '1Gi')],
  ['birds: requests.memory must be at most limits.memory, received 512Mi and 512M', limits('1', '512M')],
  [
    'birds: limits.cpu: a quantity must look like 500m, 1.5, 4627034Ki or 6544139520, received 1 core',
    limits('1 core', '1Gi'),
  ],
  ['birds: limits.memory: a quantity must look like 500m, 1.5,', limits('1', '1mi')],
  [
    'birds: requests.cpu must be above 0, since targetCpuPercent is a share of it, received 0m',
    {
      resources: { ...PROPS.resources, requests: { cpu: '0m', memory: '512Mi' } },
      scaling: hpa(1, 2, 50),
    },
  ],
  ['starting with a letter and not ending with -, received 2birds', { name: '2birds' }],
  ['namespace must be at most 63 of a-z, 0-9 and -, not starting or', { namespace: 'Foo Bar' }],
  ['not starting or ending with -, received ', { namespace: 'a'.repeat(64) }],
  ['model must be at most 63 of a-z, 0-9 and -, not starting or', { model: 'my birds' }],
  ['not starting or ending with -, received Birds', { model: 'Birds' }],
  [
    'image must be [host[:port]/]name[:tag][@digest] with the name in lower case, such as',
    { image: 'two words' },
  ],
  ['and 64 hex digits, received birds@sha256:0123', { image: 'birds@sha256:0123' }],
  ['imagePullSecret must be at most 253 of a-z, 0-9, - and .,', { imagePullSecret: 'A_b' }],
  ['imagePullSecret must be at most 253 of', { imagePullSecret: 'a'.repeat(254) }],
  ['model must be at most 63 of', { model: 'accuracy,latency' }],
  [
    'serviceType must be one of ClusterIP, NodePort, LoadBalancer, received Cluster',
    { serviceType: 'Cluster' as 'ClusterIP' },
  ],
  [
    'figures.basis and figures.source must take at most 102400 bytes together, since they become annotations: ' +
      'shorten them, received 102401 bytes',
    { figures: { basis: 'a', source: 'ä'.repeat(50 * 1024) } },
  ],
  [
    'birds: limits.cpu must be at least 441 % of requests.cpu, or no pod is ever added at targetCpuPercent 400: ' +
      'raise limits.cpu or lower targetCpuPercent, received 1 and 250m',
    { scaling: hpa(1, 2, 400) },
  ],
  ['birds: limits.cpu must be at least 111 % of', { ...limits('275m', '1Gi'), scaling: hpa(1, 2, 100) }],
  [
    'birds: limits.cpu must be at least 111 % of requests.cpu, or no pod is ever added at targetCpuPercent 100: ' +
      'raise limits.cpu or lower targetCpuPercent, received 331m and 300m',
    { ...cpuOf('300m', '331m'), scaling: hpa(1, 2, 100) },
  ],
])('refused: %s', (message, changes) => {
  expect(() => synth(changes)).toThrow(message);
});

test('a CPU limit is accepted from the whole percent above the target and its tolerance on', () => {
  expect(() => synth({ ...cpuOf('300m', '332m'), scaling: hpa(1, 2, 100) })).toThrow('at least 111 %');
  expect(() => synth({ ...cpuOf('300m', '333m'), scaling: hpa(1, 2, 100) })).not.toThrow();
});

test.each([
  '',
  'Registry/Tandem::1',
  'http://foo/bar',
  'Birds',
  'birds:',
  'birds/',
  '/birds',
  'a//birds',
  'birds:v/1:2',
  'birds-',
  'a___b',
  'images.example:port/birds',
  '::1/birds',
  `birds:${'v'.repeat(129)}`,
  'birds@',
  `birds@${'0'.repeat(64)}`,
  `birds@sha256:${'0'.repeat(63)}`,
  `birds@sha256:${'0'.repeat(65)}`,
  `birds@sha256:${'A'.repeat(64)}`,
  `birds@sha512:${'0'.repeat(64)}`,
  `birds@other:${'0'.repeat(31)}`,
  `birds@sha256:${'0'.repeat(64)}:1`,
  'birds:1\n',
])('%j is not a valid image', (image) => {
  expect(() => synth({ image })).toThrow(/^image must be .*, received /);
});

describe('objects of one name', () => {
  const inCharts = (app: App, one: Partial<InferenceServiceProps>, other: Partial<InferenceServiceProps>) => {
    const charts = ['one', 'other'].map((id) => new Chart(app, id));
    new InferenceService(charts[0]!, 'birds', { ...UNNAMED, ...one });
    new InferenceService(charts[1]!, 'birds', { ...UNNAMED, ...other });
    return () => charts.map((chart) => Testing.synth(chart));
  };

  test.each([
    [{}, '', 'ServiceAccount other/birds/service-account'],
    [{ namespace: 'vision' }, ' in namespace vision', 'ServiceAccount other/birds/service-account'],
  ])('in the same namespace are refused at synth: %j', (props, where, object) => {
    expect(inCharts(new App(), props, props)).toThrow(
      `name must be unique among the objects of a kind${where}, received birds, which the ${object} has too: ` +
        'give one of them another name or namespace',
    );
  });

  test('in different namespaces, or with another name, are accepted', () => {
    expect(inCharts(new App(), { namespace: 'one' }, { namespace: 'other' })()).toHaveLength(2);
    expect(inCharts(new App(), {}, { name: 'owls' })()).toHaveLength(2);
  });

  test('are refused if another construct made one of them', () => {
    const chart = new Chart(new App(), 'chart', { disableResourceNameHashes: true });
    new InferenceService(chart, 'birds', UNNAMED);
    new k8s.KubeService(chart, 'mine', { metadata: { name: 'birds' } });
    expect(() => Testing.synth(chart)).toThrow('received birds, which the Service chart/mine has too');
  });
});

test.each<[string, unknown]>([
  ['props must be an object with model, image, resources and scaling, received nothing', undefined],
  ['props must be an object with model, image, resources and scaling, received null', null],
  ['model must be at most 63 of', {}],
  ['not starting or ending with -, received 7', { ...UNNAMED, model: 7 }],
  ['received nothing', { ...UNNAMED, image: undefined }],
  [
    "resources.requests.cpu must be a quantity as text, such as '500m', received nothing",
    { ...UNNAMED, resources: undefined },
  ],
  [
    "resources.limits.memory must be a quantity as text, such as '500m', received 1073741824",
    { ...UNNAMED, resources: { ...UNNAMED.resources, limits: { cpu: '1', memory: 2 ** 30 } } },
  ],
  ['scaling.kind must be one of fixed, hpa, keda, received nothing', { ...UNNAMED, scaling: undefined }],
  ['scaling.kind must be one of fixed, hpa, keda, received "HPA"', { ...UNNAMED, scaling: { kind: 'HPA' } }],
  [
    'birds: replicas must be a whole number from 1 to 2147483647, received undefined',
    { ...UNNAMED, scaling: { kind: 'fixed' } },
  ],
])('from JavaScript, missing and wrong props get a sentence: %s', (message, props) => {
  const chart = new Chart(new App(), 'chart');
  expect(() => new InferenceService(chart, 'birds', props as InferenceServiceProps)).toThrow(message);
});

test('figures may take 100 KiB', () => {
  expect(synth({ figures: { basis: '', source: 'a'.repeat(100 * 1024) } })).toHaveLength(5);
});

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/);
const amounts = fc.tuple(fc.integer({ min: 1, max: 64_000 }), fc.integer({ min: 1, max: 2 ** 30 }));
const scaling = fc.oneof(
  fc.integer({ min: 1, max: 20 }).map((replicas): Scaling => ({ kind: 'fixed', replicas })),
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 9 }), fc.integer({ min: 1, max: 90 }))
    .map(([min, more, target]) => hpa(min, min + more, target)),
);

/** Every value of a manifest, at any depth. */
const leaves = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];

test('for any figures, selectors match the pods, the HPA has its target and nothing is null', () => {
  fc.assert(
    fc.property(name, amounts, amounts, scaling, (service, one, other, how) => {
      const [cpu, moreCpu] = [one[0], one[0] + other[0]];
      const [memory, moreMemory] = [one[1], one[1] + other[1]];
      const resources = {
        requests: { cpu: `${cpu}m`, memory: `${memory}Ki` },
        limits: { cpu: `${moreCpu}m`, memory: `${moreMemory}Ki` },
      };
      const all = synth({ name: service, resources, scaling: how });
      const byKind = (kind: string): Manifest => all.find((manifest) => manifest.kind === kind);
      const { metadata, spec } = byKind('Deployment');
      const { labels } = spec.template.metadata;

      expect(leaves(all)).not.toContain(null);
      expect(leaves(all)).not.toContain(undefined);
      expect(spec.template.spec.containers[0].resources).toEqual(resources);
      const max = how.kind === 'fixed' ? how.replicas : how.maxReplicas;
      expect(byKind('PodDisruptionBudget') !== undefined).toBe(max > 1);
      const selectors = [
        spec.selector.matchLabels,
        byKind('Service').spec.selector,
        byKind('NetworkPolicy').spec.podSelector.matchLabels,
        spec.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels,
        ...(max > 1 ? [byKind('PodDisruptionBudget').spec.selector.matchLabels] : []),
      ];
      for (const selector of selectors) {
        expect(selector['app.kubernetes.io/instance']).toBe(service);
        expect(labels).toMatchObject(selector);
      }
      expect('replicas' in spec).toBe(how.kind === 'fixed');
      if (how.kind === 'hpa') {
        const { kind, name: target } = byKind('HorizontalPodAutoscaler').spec.scaleTargetRef;
        expect([kind, target]).toEqual(['Deployment', metadata.name]);
      }
    }),
    { seed: 7, numRuns: 50 },
  );
});
