import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { ApiObject, App, Chart, JsonPatch, Testing } from 'cdk8s';

import { InferenceService, type InferenceServiceProps } from '../../../infra/construct/inference-service';
import { OPTION_HELP } from '../../../infra/option-help';
import { type Environment, readSettings, SETTING_VARIABLES } from '../../../infra/settings';
import { HOST_ALL } from '../../../service/contract';
import { type Manifest, objects, synthesize } from '../../support/manifests';

const PROPS: InferenceServiceProps = {
  model: 'birds',
  image: 'images.example/birds:2',
  resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } },
  scaling: { kind: 'fixed', replicas: 1 },
};

const objectsOf = (chart: Chart): Manifest[] => Testing.synth(chart);

/** The objects of one service, by kind. */
function synth(changes: Partial<InferenceServiceProps>): Record<string, Manifest> {
  const chart = new Chart(new App(), 'chart');
  new InferenceService(chart, 'birds', { ...PROPS, ...changes });
  return Object.fromEntries(objectsOf(chart).map((each) => [each.kind as string, each]));
}

const podOf = ({ Deployment }: Record<string, Manifest>): Manifest => Deployment.spec.template;
const containerOf = (all: Record<string, Manifest>): Manifest => podOf(all).spec.containers[0];

test('env adds variables after those of the construct', () => {
  const env = containerOf(synth({ env: { LOG_LEVEL: 'debug', CORS_ORIGINS: 'https://a.example' } }))
    .env as Manifest[];
  expect(env.slice(-2)).toEqual([
    { name: 'LOG_LEVEL', value: 'debug' },
    { name: 'CORS_ORIGINS', value: 'https://a.example' },
  ]);
  expect(env[0]).toEqual({ name: 'PORT', value: '8080' });
});

test('a Secret of API keys is mounted as a folder, which the kubelet renews, and only with its key', () => {
  const all = synth({ apiKeySecret: 'keys' });
  expect(containerOf(all).env).toContainEqual({ name: 'API_KEY_FILE', value: '/etc/tandem/api-keys' });
  expect(containerOf(all).volumeMounts).toContainEqual({
    name: 'api-keys',
    mountPath: '/etc/tandem',
    readOnly: true,
  });
  expect(podOf(all).spec.volumes).toContainEqual({
    name: 'api-keys',
    secret: { secretName: 'keys', defaultMode: 0o440, items: [{ key: 'api-keys', path: 'api-keys' }] },
  });
});

test('a port of the metrics is set, named and opened', () => {
  const all = synth({ metricsPort: 9090 });
  expect(containerOf(all).env).toContainEqual({ name: 'METRICS_PORT', value: '9090' });
  expect(containerOf(all).ports).toContainEqual({ name: 'metrics', containerPort: 9090, protocol: 'TCP' });
  expect(all['NetworkPolicy'].spec.ingress).toEqual([
    {
      ports: [
        { port: 'http', protocol: 'TCP' },
        { port: 'metrics', protocol: 'TCP' },
      ],
    },
  ]);
  expect(podOf(all).metadata).not.toHaveProperty('annotations');
});

test.each([
  [{}, '8080', 'http'],
  [{ metricsPort: 9090 }, '9090', 'metrics'],
])('with %j Prometheus reads port %s, which has the name %s', (props, port, name) => {
  expect(podOf(synth({ ...props, metricsScrape: 'annotations' })).metadata.annotations).toEqual({
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': port,
    'prometheus.io/path': '/metrics',
  });
  const { PodMonitor, Deployment } = synth({ ...props, metricsScrape: 'pod-monitor', namespace: 'vision' });
  expect(PodMonitor).toMatchObject({
    apiVersion: 'monitoring.coreos.com/v1',
    metadata: { name: 'birds', namespace: 'vision', labels: Deployment.metadata.labels },
    spec: {
      selector: Deployment.spec.selector,
      podMetricsEndpoints: [{ port: name, path: '/metrics' }],
    },
  });
});

test('the name of another application is in every label and selector', () => {
  const all = synth({ appName: 'bird-watch', metricsScrape: 'pod-monitor' });
  for (const { metadata } of Object.values(all)) {
    expect(metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'bird-watch',
      'app.kubernetes.io/part-of': 'bird-watch',
    });
  }
  const selector = { 'app.kubernetes.io/name': 'bird-watch', 'app.kubernetes.io/instance': 'birds' };
  expect(all['Service'].spec.selector).toEqual(selector);
  expect(all['PodMonitor'].spec.selector.matchLabels).toEqual(selector);
  expect(() => synth({ appName: '' })).toThrow('appName must be at most 63 of A-Z, a-z, 0-9, -, _ and .,');
});

test('labels and annotations of the pods and of the Service stay apart', () => {
  const all = synth({
    podLabels: { team: 'vision' },
    podAnnotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' },
    serviceAnnotations: { 'cloud.example/internal': 'true' },
  });
  const { labels, annotations } = podOf(all).metadata;
  expect(labels).toMatchObject({ team: 'vision', ...all['Deployment'].spec.selector.matchLabels });
  expect(annotations).toEqual({ 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' });
  expect(all['Service'].metadata.annotations).toEqual({ 'cloud.example/internal': 'true' });
  for (const { metadata } of Object.values(all)) expect(metadata.labels).not.toHaveProperty('team');
});

test('labels of the PodMonitor are on it beside the others, and on no other object', () => {
  const environment = {
    TANDEM_METRICS_SCRAPE: 'pod-monitor',
    TANDEM_POD_MONITOR_LABELS: 'release=monitoring',
  };
  const context = { metricsScrape: 'pod-monitor', podMonitorLabels: { release: 'monitoring' } } as const;
  expect(readSettings(environment, {})).toEqual(readSettings({}, context));
  expect(readSettings({}, context)).toMatchObject(context);
  const { PodMonitor, ...others } = synth(context);
  const { labels } = others['Deployment'].metadata;
  expect(PodMonitor.metadata.labels).toEqual({ ...labels, release: 'monitoring' });
  expect(PodMonitor.spec.selector).toEqual(others['Deployment'].spec.selector);
  for (const { metadata } of [...Object.values(others), podOf(others)])
    expect(metadata.labels).not.toHaveProperty('release');
});

test('where the pods may run is taken over, and the tolerations of a lost node stay', () => {
  const toleration = { key: 'gpu', operator: 'Exists', effect: 'NoSchedule' };
  const affinity = { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } };
  const { spec } = podOf(
    synth({
      nodeSelector: { disk: 'ssd' },
      tolerations: [toleration],
      affinity,
      priorityClassName: 'high',
    }),
  );
  expect(spec).toMatchObject({
    nodeSelector: { 'kubernetes.io/os': 'linux', disk: 'ssd' },
    affinity,
    priorityClassName: 'high',
  });
  expect(spec.tolerations).toHaveLength(3);
  expect(spec.tolerations).toContainEqual(toleration);
});

/** A node affinity of these terms. */
const requires = (...nodeSelectorTerms: object[]) => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
});
const isOneOf = (key: string, ...values: string[]) => ({ key, operator: 'In', values });

test('the pods ask for Linux and for the architectures for which onnxruntime has a library there', () => {
  const { nodeSelector, affinity } = podOf(synth({})).spec;
  expect(nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
  const libraries = join(dirname(require.resolve('onnxruntime-node/package.json')), 'bin/napi-v6/linux');
  const words: Readonly<Record<string, string>> = { x64: 'amd64' };
  const built = readdirSync(libraries).map((name) => words[name] ?? name);
  expect(affinity).toEqual(requires({ matchExpressions: [isOneOf('kubernetes.io/arch', ...built.sort())] }));
});

test('the architecture joins every term of a node affinity, but an empty one, which no node meets', () => {
  const disk = isOneOf('disk', 'ssd');
  const name = isOneOf('metadata.name', 'one');
  const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [] };
  const { nodeAffinity } = requires({ matchExpressions: [disk] }, { matchFields: [name] }, {});
  const { spec } = podOf(
    synth({ architectures: ['arm64'], affinity: { nodeAffinity: { ...nodeAffinity, ...preferred } } }),
  );
  const arm = isOneOf('kubernetes.io/arch', 'arm64');
  expect(spec.affinity.nodeAffinity).toEqual({
    ...requires({ matchExpressions: [disk, arm] }, { matchFields: [name], matchExpressions: [arm] }, {})
      .nodeAffinity,
    ...preferred,
  });
});

test.each([
  ['another architecture', requires({ matchExpressions: [isOneOf('kubernetes.io/arch', 's390x')] }), {}],
  ['another system', requires({ matchExpressions: [isOneOf('kubernetes.io/os', 'windows')] }), {}],
  ['no term', requires(), {}],
  ['an empty term', requires({}), {}],
  [
    'no architecture of the image',
    requires({
      matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'NotIn', values: ['amd64', 'arm64'] }],
    }),
    {},
  ],
  [
    'no architecture',
    requires({ matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'DoesNotExist' }] }),
    {},
  ],
  [
    'other nodes than nodeSelector',
    requires({ matchExpressions: [isOneOf('disk', 'hdd')] }),
    { nodeSelector: { disk: 'ssd' } },
  ],
])('an affinity that requires %s is refused, since no pod would ever run', (_, affinity, others) => {
  expect(() => synth({ affinity, ...others })).toThrow(
    'affinity: one of the required nodeSelectorTerms must allow a node with kubernetes.io/arch=amd64 or arm64, for which ' +
      'the container image is built, and kubernetes.io/os=linux',
  );
});

test.each([
  [requires({ matchExpressions: [isOneOf('kubernetes.io/arch', 's390x', 'amd64')] }), {}],
  [
    requires({ matchExpressions: [isOneOf('kubernetes.io/arch', 's390x')] }, {}),
    { architectures: ['s390x' as const] },
  ],
  [
    requires(
      { matchExpressions: [isOneOf('kubernetes.io/arch', 's390x')] },
      { matchExpressions: [isOneOf('disk', 'ssd')] },
    ),
    {},
  ],
  [
    requires({
      matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'Exists' }, isOneOf('disk', 'ssd')],
    }),
    { nodeSelector: { disk: 'ssd', 'kubernetes.io/os': 'linux' } },
  ],
])('the affinity %j is taken over beside %j', (affinity, others) => {
  expect(() => synth({ affinity, ...others })).not.toThrow();
});

test('tolerations of every form of Kubernetes are taken over', () => {
  const tolerations = [
    { operator: 'Exists', effect: '' },
    { key: 'spot', operator: '' },
    { key: 'spot', value: 'yes', effect: 'PreferNoSchedule' },
    { key: 'spot', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 0 },
  ];
  expect(podOf(synth({ tolerations })).spec.tolerations.slice(2)).toEqual(tolerations);
});

test('user and group ids are left out where the cluster assigns them, and the rest of the standard stays', () => {
  expect(podOf(synth({ userIds: 'cluster' })).spec.securityContext).toEqual({
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  const image = { runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 };
  expect(podOf(synth({ userIds: 'image' })).spec.securityContext).toMatchObject(image);
});

test('ephemeral storage is requested and limited, in the API server’s notation', () => {
  const { requests, limits } = containerOf(synth({ ephemeralStorage: '1024Mi' })).resources;
  expect(requests).toEqual({ cpu: '250m', memory: '512Mi', 'ephemeral-storage': '1Gi' });
  expect(limits['ephemeral-storage']).toBe('1Gi');
});

const HPA = { kind: 'hpa', minReplicas: 1, maxReplicas: 2, targetCpuPercent: 60 } as const;

test.each(['pod', 'container'] as const)('the autoscaler measures the %s', (hpaMeasures) => {
  const { HorizontalPodAutoscaler } = synth({ scaling: HPA, hpaMeasures });
  const metric = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } };
  expect(HorizontalPodAutoscaler.spec.metrics).toEqual([
    hpaMeasures === 'pod'
      ? { type: 'Resource', resource: metric }
      : { type: 'ContainerResource', containerResource: { ...metric, container: 'inference' } },
  ]);
});

test.each([
  [{ scaleUp: 5, scaleDown: 20 }, '50m', '200m'],
  [{ scaleUp: 0 }, '0', undefined],
  [{ scaleDown: 2.5 }, undefined, '25m'],
])('the tolerance %j of an autoscaler is %s up and %s down', (hpaTolerancePercent, up, down) => {
  const { behavior } = synth({ scaling: HPA, hpaTolerancePercent })['HorizontalPodAutoscaler'].spec;
  expect([behavior.scaleUp.tolerance, behavior.scaleDown.tolerance]).toEqual([up, down]);
  expect(behavior.scaleUp.policies).toHaveLength(2);
});

test('an autoscaler that waits for more than the CPU limit allows is refused, by its own tolerance', () => {
  const at = (hpaTolerancePercent: { scaleUp: number }) => () =>
    synth({ scaling: { ...HPA, targetCpuPercent: 360 }, hpaTolerancePercent });
  expect(at({ scaleUp: 11 })).not.toThrow();
  expect(at({ scaleUp: 12 })).toThrow(
    'limits.cpu must be at least 404 % of requests.cpu, or no pod is ever added',
  );
});

test('a domain gives the Service an Ingress whose host is its name and the domain', () => {
  const { Ingress, Service } = synth({
    domain: 'models.example',
    ingressClass: 'nginx',
    ingressAnnotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '16m' },
    tlsSecret: 'wildcard',
  });
  expect(Ingress.metadata.annotations).toEqual({ 'nginx.ingress.kubernetes.io/proxy-body-size': '16m' });
  expect(Ingress.spec).toEqual({
    ingressClassName: 'nginx',
    tls: [{ hosts: ['birds.models.example'], secretName: 'wildcard' }],
    rules: [
      {
        host: 'birds.models.example',
        http: {
          paths: [
            {
              path: '/',
              pathType: 'Prefix',
              backend: { service: { name: 'birds', port: { name: Service.spec.ports[0].name } } },
            },
          ],
        },
      },
    ],
  });
  expect(synth({ domain: 'models.example' })['Ingress'].spec).not.toHaveProperty('ingressClassName');
  expect(synth({})).not.toHaveProperty('Ingress');
});

test.each([
  ['shared', { name: 'shared' }],
  ['infra/shared', { namespace: 'infra', name: 'shared' }],
])('with the gateway %s an HTTPRoute takes the place of the Ingress', (gateway, parent) => {
  const { HTTPRoute, Ingress } = synth({ domain: 'models.example', gateway });
  expect(Ingress).toBeUndefined();
  expect(HTTPRoute.apiVersion).toBe('gateway.networking.k8s.io/v1');
  expect(HTTPRoute.spec).toEqual({
    parentRefs: [parent],
    hostnames: ['birds.models.example'],
    rules: [{ backendRefs: [{ name: 'birds', port: 80 }] }],
  });
});

test.each(HOST_ALL)('the variable HOST may be %s, which means all interfaces', (address) => {
  expect(readSettings({ TANDEM_ENV: `HOST=${address}` }, {}).env).toEqual({ HOST: address });
  expect(() => synth({ env: { HOST: address } })).not.toThrow();
});

const REFUSED: readonly (readonly [Partial<InferenceServiceProps>, Environment | undefined, string])[] = [
  [
    { env: { PORT: '1' } },
    { TANDEM_ENV: 'PORT=1' },
    ' must not hold PORT, which the Service sets: leave it out',
  ],
  [
    { env: { HOST: '127.0.0.1' } },
    { TANDEM_ENV: 'HOST=127.0.0.1' },
    ': HOST must be 0.0.0.0 or ::, all interfaces, since the probes and the Service call the address of the pod, received 127.0.0.1: leave it out',
  ],
  [
    { env: { API_KEY_FILE: '/k' } },
    { TANDEM_ENV: 'API_KEY_FILE=/k' },
    ' must not hold API_KEY_FILE, which apiKeySecret sets: leave it out',
  ],
  [
    { env: { GRPC_PORT: '8080' } },
    { TANDEM_ENV: 'GRPC_PORT=8080' },
    ': GRPC_PORT must differ from 8080, where the service listens, received 8080: choose another port',
  ],
  [
    { env: { GRPC_PORT: '9000' }, metricsPort: 9000 },
    undefined,
    ': GRPC_PORT must differ from metricsPort, received 9000: choose another port',
  ],
  [
    { env: { '1A': '' } },
    { TANDEM_ENV: '1A=' },
    ': a name must be of A-Z, a-z, 0-9, -, _ and ., not starting',
  ],
  [{ apiKeySecret: 'A_b' }, { TANDEM_API_KEY_SECRET: 'A_b' }, ' must be at most 253 of a-z, 0-9, - and .,'],
  [
    { metricsPort: 8080 },
    { TANDEM_METRICS_PORT: '8080' },
    ' must be a whole number from 1024 to 65535 other than 8080, where the service listens, received 8080',
  ],
  [{ metricsPort: 80 }, { TANDEM_METRICS_PORT: '80' }, ' must be a whole number from 1024 to 65535'],
  [{ metricsPort: 1024.5 }, { TANDEM_METRICS_PORT: '1024.5' }, ' must be a whole number from 1024 to 65535'],
  [
    { metricsScrape: 'yes' as 'none' },
    { TANDEM_METRICS_SCRAPE: 'yes' },
    ' must be one of none, annotations, pod-monitor, received yes',
  ],
  [
    { metricsScrape: 'annotations', apiKeySecret: 'keys' },
    undefined,
    ' needs metricsPort if apiKeySecret is set, since Prometheus has no key for the port of the service',
  ],
  [
    { podLabels: { 'app.kubernetes.io/name': 'mine' } },
    { TANDEM_POD_LABELS: 'app.kubernetes.io/name=mine' },
    ' must not hold app.kubernetes.io/name, which the manifests set: choose another key',
  ],
  [
    { podLabels: { team: 'a b' } },
    { TANDEM_POD_LABELS: 'team=a b' },
    ': the value of team must be at most 63',
  ],
  [
    { podMonitorLabels: { 'app.kubernetes.io/name': 'mine' } },
    { TANDEM_POD_MONITOR_LABELS: 'app.kubernetes.io/name=mine' },
    ' must not hold app.kubernetes.io/name, which the manifests set: choose another key',
  ],
  [{ podMonitorLabels: { release: 'monitoring' } }, undefined, ' needs metricsScrape to be pod-monitor'],
  [
    { podAnnotations: { 'a/b/c': '' } },
    { TANDEM_POD_ANNOTATIONS: 'a/b/c=' },
    ': a key must be at most 63 of',
  ],
  [
    { serviceAnnotations: { ['a'.repeat(64)]: '' } },
    { TANDEM_SERVICE_ANNOTATIONS: `${'a'.repeat(64)}=` },
    ': a key must be at most 63 of',
  ],
  [
    { architectures: ['x86_64' as 'amd64'] },
    { TANDEM_ARCHITECTURES: 'x86_64' },
    ' must be one or more of amd64, arm64, ppc64le, s390x, received x86_64',
  ],
  [{ architectures: [] }, undefined, ' must be one or more of amd64, arm64, ppc64le, s390x, received none'],
  [
    { nodeSelector: { 'kubernetes.io/arch': 's390x' } },
    { TANDEM_NODE_SELECTOR: 'kubernetes.io/arch=s390x' },
    ': kubernetes.io/arch must be one of amd64, arm64, for which the container image is built, received s390x: set ',
  ],
  [
    { nodeSelector: { 'kubernetes.io/os': 'windows' } },
    { TANDEM_NODE_SELECTOR: 'kubernetes.io/os=windows' },
    ': kubernetes.io/os must be linux, for which the container image is built, received windows: leave it out',
  ],
  [
    {
      tolerations: [
        { key: 'spot', operator: 'Exists' },
        { key: 'spot', effect: 'Nope' },
      ],
    },
    undefined,
    '[1].effect must be NoSchedule, PreferNoSchedule, NoExecute or left out for every effect, received Nope',
  ],
  [
    { tolerations: [{ key: 'spot', operator: 'In' }] },
    undefined,
    '[0].operator must be Exists or Equal, received In',
  ],
  [
    { tolerations: [{ value: 'yes' }] },
    undefined,
    '[0].operator must be Exists for every key, or give a key, received Equal',
  ],
  [
    { tolerations: [{ key: 'spot', operator: 'Exists', value: 'yes' }] },
    undefined,
    '[0].value must be left out with the operator Exists, received yes',
  ],
  [
    { tolerations: [{ key: 'spot', operator: 'Exists', tolerationSeconds: 60 }] },
    undefined,
    '[0].effect must be NoExecute with tolerationSeconds, or leave those out, received none',
  ],
  [{ tolerations: [{ key: 'a/b/c' }] }, undefined, '[0]: a key must be at most 63 of'],
  [{ nodeSelector: { arch: '-' } }, { TANDEM_NODE_SELECTOR: 'arch=-' }, ': the value of arch must be'],
  [{ domain: 'A' }, { TANDEM_DOMAIN: 'A' }, ' must be at most 189 of a-z, 0-9, - and .,'],
  [
    { gateway: 'a/b/c', domain: 'a' },
    { TANDEM_GATEWAY: 'a/b/c', TANDEM_DOMAIN: 'a' },
    ' must be the name of a Gateway, or its namespace, a slash and its name, received a/b/c',
  ],
  [{ gateway: 'a' }, undefined, ' needs domain, the domain of the host: set it too'],
  [{ tlsSecret: 'a' }, undefined, ' needs domain, the domain of the host: set it too'],
  [
    { ingressClass: 'a', domain: 'a', gateway: 'a' },
    undefined,
    ' is for an Ingress, which gateway replaces: leave one of them out',
  ],
  [{ userIds: 'me' as 'image' }, { TANDEM_USER_IDS: 'me' }, ' must be one of image, cluster, received me'],
  [
    { hpaMeasures: 'node' as 'pod' },
    { TANDEM_HPA_MEASURES: 'node' },
    ' must be one of pod, container, received node',
  ],
  [
    { hpaTolerancePercent: { scaleUp: 0.25 } },
    { TANDEM_HPA_TOLERANCE_PERCENT: 'scaleUp=0.25' },
    ': scaleUp must be a percentage from 0 to 99.9 with at most one decimal, received 0.25',
  ],
  [
    { hpaTolerancePercent: { scaleDown: 100 } },
    { TANDEM_HPA_TOLERANCE_PERCENT: 'scaleDown=100' },
    ': scaleDown must be a percentage from 0 to 99.9',
  ],
  [
    { hpaTolerancePercent: { up: 5 } as object },
    { TANDEM_HPA_TOLERANCE_PERCENT: 'up=5' },
    ' must hold scaleUp and scaleDown only, received up',
  ],
  [
    { ephemeralStorage: '32Mi' },
    { TANDEM_EPHEMERAL_STORAGE: '32Mi' },
    ' must be a quantity of at least 64Mi, which the pod may write to /tmp, such as 256Mi, received 32Mi',
  ],
  [
    { ephemeralStorage: 'much' },
    { TANDEM_EPHEMERAL_STORAGE: 'much' },
    ' must be a quantity of at least 64Mi',
  ],
  [{ priorityClassName: 'High' }, { TANDEM_PRIORITY_CLASS: 'High' }, ' must be at most 253 of'],
];

test.each(REFUSED)('%j is refused, as a prop and as the setting %j', (props, environment, message) => {
  const [field] = Object.keys(props);
  expect(() => synth(props)).toThrow(`${field}${message}`);
  if (environment === undefined) return;
  const [variable] = Object.keys(environment);
  expect(() => readSettings(environment, {})).toThrow(`${variable}${message}`);
});

test('settings reach every variant, from variables and from the context alike', () => {
  const environment = {
    TANDEM_ENV: 'LOG_LEVEL=debug,CORS_ORIGINS=https://a.example?b=c',
    TANDEM_API_KEY_SECRET: 'keys',
    TANDEM_METRICS_PORT: '9090',
    TANDEM_METRICS_SCRAPE: 'annotations',
    TANDEM_POD_LABELS: 'team=vision',
    TANDEM_POD_ANNOTATIONS: 'note=',
    TANDEM_SERVICE_ANNOTATIONS: 'cloud.example/internal=true',
    TANDEM_NODE_SELECTOR: 'kubernetes.io/arch=amd64, disk=ssd',
    TANDEM_ARCHITECTURES: 'amd64, s390x',
    TANDEM_TOLERATIONS: 'dedicated=inference:NoSchedule, spot, gpu:NoExecute, a=',
    TANDEM_PRIORITY_CLASS: 'high',
    TANDEM_USER_IDS: 'cluster',
    TANDEM_EPHEMERAL_STORAGE: '1Gi',
    TANDEM_HPA_MEASURES: 'container',
    TANDEM_HPA_TOLERANCE_PERCENT: 'scaleUp=5,scaleDown=20',
    TANDEM_DOMAIN: 'models.example',
    TANDEM_INGRESS_CLASS: 'nginx',
    TANDEM_INGRESS_ANNOTATIONS: 'a=b',
    TANDEM_TLS_SECRET: 'wildcard',
  };
  const context = {
    env: { LOG_LEVEL: 'debug', CORS_ORIGINS: 'https://a.example?b=c' },
    apiKeySecret: 'keys',
    metricsPort: 9090,
    metricsScrape: 'annotations',
    podLabels: { team: 'vision' },
    podAnnotations: { note: '' },
    serviceAnnotations: { 'cloud.example/internal': 'true' },
    nodeSelector: { 'kubernetes.io/arch': 'amd64', disk: 'ssd' },
    architectures: ['amd64', 's390x'],
    tolerations: ['dedicated=inference:NoSchedule', 'spot', 'gpu:NoExecute', 'a='],
    priorityClassName: 'high',
    userIds: 'cluster',
    ephemeralStorage: '1Gi',
    hpaMeasures: 'container',
    hpaTolerancePercent: { scaleUp: 5, scaleDown: 20 },
    domain: 'models.example',
    ingressClass: 'nginx',
    ingressAnnotations: { a: 'b' },
    tlsSecret: 'wildcard',
  };
  expect(readSettings(environment, {})).toEqual(readSettings({}, context));
  const tolerations = [
    { key: 'dedicated', operator: 'Equal', value: 'inference', effect: 'NoSchedule' },
    { key: 'spot', operator: 'Exists' },
    { key: 'gpu', operator: 'Exists', effect: 'NoExecute' },
    { key: 'a', operator: 'Equal' },
  ];
  expect(readSettings({}, context)).toMatchObject({ ...context, tolerations });
  for (const [name, text] of synthesize(environment)) {
    if (name.startsWith('00-')) continue;
    const all = objects(text);
    expect(containerOf(all).env).toContainEqual({ name: 'LOG_LEVEL', value: 'debug' });
    expect(podOf(all).metadata.annotations).toMatchObject({ note: '', 'prometheus.io/port': '9090' });
    expect(podOf(all).spec).toMatchObject({
      nodeSelector: context.nodeSelector,
      affinity: requires({ matchExpressions: [isOneOf('kubernetes.io/arch', 'amd64', 's390x')] }),
      priorityClassName: 'high',
    });
    expect(podOf(all).spec.tolerations.slice(2)).toEqual(tolerations);
    expect(all['Service'].metadata.annotations).toEqual(context.serviceAnnotations);
  }
});

test.each([
  [
    { TANDEM_POD_LABELS: 'team' },
    {},
    'TANDEM_POD_LABELS must be pairs such as key=value,other=value, or a map of',
  ],
  [{ TANDEM_POD_LABELS: '=vision' }, {}, 'received =vision'],
  [{}, { podLabels: ['team'] }, 'context podLabels must be pairs such as'],
  [{}, { podLabels: { team: 7 } }, 'received {"team":7}'],
  [{ TANDEM_METRICS_PORT: 'http' }, {}, 'TANDEM_METRICS_PORT must be a number, received http'],
  [
    { TANDEM_HPA_TOLERANCE_PERCENT: 'scaleUp=little' },
    {},
    'TANDEM_HPA_TOLERANCE_PERCENT: scaleUp must be a number, received little',
  ],
  [
    { TANDEM_TOLERATIONS: 'spot:Never' },
    {},
    'TANDEM_TOLERATIONS must be taints as key, key=value, key:Effect or key=value:Effect, separated by commas, such as ' +
      'dedicated=inference:NoSchedule,spot, with an effect of NoSchedule, PreferNoSchedule, NoExecute, received spot:Never',
  ],
  [{ TANDEM_TOLERATIONS: ' ,' }, {}, 'TANDEM_TOLERATIONS must be taints as key, key=value, key:Effect or'],
  [{ TANDEM_TOLERATIONS: 'a/b/c' }, {}, 'TANDEM_TOLERATIONS: a key must be at most 63 of'],
  [
    {},
    { tolerations: [{ key: 'spot' }] },
    'context tolerations must be taints as key, key=value, key:Effect or',
  ],
  [
    {},
    { architectures: {} },
    'context architectures must be architectures, such as amd64,arm64, received {}',
  ],
  [
    { TANDEM_MODELS: 'lateny=flowers' },
    {},
    'TANDEM_MODELS must be pairs of a recipe (accuracy, latency) and the name of a model, such as latency=flowers, received lateny',
  ],
  [{ TANDEM_MODELS: 'flowers' }, {}, 'TANDEM_MODELS must be pairs such as key=value,other=value'],
  [{ TANDEM_MODELS: 'latency=Flowers' }, {}, 'TANDEM_MODELS: latency must be at most 63 of a-z, 0-9 and -'],
  [{}, { metricsPort: true }, 'context metricsPort must be a number, received true'],
  [
    { TANDEM_ENV: 'GRPC_PORT=9000' },
    { metricsPort: 9000 },
    'TANDEM_ENV: GRPC_PORT must differ from context metricsPort, received 9000: choose another port',
  ],
  [{ TANDEM_GATEWAY: 'a' }, {}, 'TANDEM_GATEWAY needs context domain, the domain of the host: set it too'],
  [
    { TANDEM_METRICS_SCRAPE: 'pod-monitor', TANDEM_API_KEY_SECRET: 'a' },
    {},
    'TANDEM_METRICS_SCRAPE needs context metricsPort if TANDEM_API_KEY_SECRET is set, since Prometheus has no key',
  ],
  [
    { TANDEM_POD_MONITOR_LABELS: 'release=monitoring', TANDEM_METRICS_SCRAPE: 'annotations' },
    {},
    'TANDEM_POD_MONITOR_LABELS needs TANDEM_METRICS_SCRAPE to be pod-monitor, the object that has them: set it too',
  ],
  [
    { TANDEM_GATEWAY: 'a', TANDEM_DOMAIN: 'a', TANDEM_TLS_SECRET: 'a' },
    {},
    'TANDEM_TLS_SECRET is for an Ingress, which TANDEM_GATEWAY replaces: leave one of them out',
  ],
])('%j and the context %j are refused', (environment, context, message) => {
  expect(() => readSettings(environment, context)).toThrow(message);
});

test.each([
  ['latency=flowers', 'latency-hpa', 'flowers'],
  ['accuracy=birds', 'latency-hpa', 'latency'],
  ['accuracy=birds', 'previous-max-size', 'birds'],
])('with TANDEM_MODELS=%s the variant %s serves %s with its recipe’s figures', (models, variant, model) => {
  const deployment = (environment: Environment) =>
    objects(synthesize(environment).get(`${variant}.k8s.yaml`)!)['Deployment'];
  const changed = deployment({ TANDEM_MODELS: models });
  const [container] = changed.spec.template.spec.containers;
  expect(container.env).toContainEqual({ name: 'MODELS', value: model });
  expect(changed.metadata).toMatchObject({
    name: variant,
    labels: { 'app.kubernetes.io/component': model },
  });
  expect(container.resources).toEqual(deployment({}).spec.template.spec.containers[0].resources);
});

test('names of models may be a map in the context', () => {
  expect(readSettings({}, { models: { latency: 'flowers' } }).models).toEqual({ latency: 'flowers' });
});

test('the help names every setting once, with its variable', () => {
  const named = OPTION_HELP.flatMap(({ name, variable }) =>
    variable === undefined ? [] : [[name, variable]],
  );
  expect(Object.fromEntries(named)).toEqual(SETTING_VARIABLES);
  expect(new Set(OPTION_HELP.map(({ name }) => name)).size).toBe(OPTION_HELP.length);
});

test('a patch changes what no prop does, as docs/deploying.md shows', () => {
  const chart = new Chart(new App(), 'chart');
  const service = new InferenceService(chart, 'birds', PROPS);
  ApiObject.of(service.node.findChild('deployment')).addJsonPatch(
    JsonPatch.add('/spec/template/spec/hostNetwork', true),
  );
  const { spec } = objectsOf(chart).find(({ kind }) => kind === 'Deployment').spec.template;
  expect(spec.hostNetwork).toBe(true);
});
