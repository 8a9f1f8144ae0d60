import { parseCpuMillis, parseMemoryBytes } from '../../infra/quantity';
import { type Variant, VARIANTS } from '../../infra/variants';
import { type Manifest, objects, synthesize } from '../support/manifests';

const files = synthesize();
const variant = (name: string) => objects(files.get(`${name}.k8s.yaml`)!);
const container = (name: string): Manifest => variant(name)['Deployment'].spec.template.spec.containers[0];

/** The reference's figures, typed a second time on purpose: requests, limits, replicas. */
const PRINTED: [string, string, string, string, string][] = [
  ['accuracy-single-pod', '2405m', '4627034Ki', '4400m', '6544139520'],
  ['accuracy-max-size', '2405m', '4627034Ki', '4400m', '6544139520'],
  ['previous-max-size', '2405m', '4627034Ki', '4400m', '6544139520'],
  ['latency-single-pod', '1405m', '2529882Ki', '2900m', '3859784960'],
  ['latency-max-size', '1405m', '2529882Ki', '2900m', '3859784960'],
  ['accuracy-hpa', '1405m', '1481306Ki', '3400m', '5470397696'],
  ['latency-hpa', '405m', '443115520', '1400m', '1175430400'],
];

test.each(VARIANTS.map(({ name }) => name))('Prometheus finds the metrics of %s by annotations', (name) => {
  expect(variant(name)['Deployment'].spec.template.metadata.annotations).toEqual({
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '8080',
    'prometheus.io/path': '/metrics',
  });
});

test.each([
  [{ TANDEM_API_KEY_SECRET: 'keys' }, undefined],
  [{ TANDEM_API_KEY_SECRET: 'keys', TANDEM_METRICS_PORT: '9090' }, '9090'],
  [{ TANDEM_METRICS_SCRAPE: 'none' }, undefined],
  [{ TANDEM_CALLERS: 'shop' }, undefined],
  [{ TANDEM_CALLERS: 'shop', TANDEM_METRICS_PORT: '9090' }, '9090'],
  [{ TANDEM_CALLERS: 'shop,monitoring', TANDEM_METRICS_SCRAPE: 'annotations' }, '8080'],
])('with %j the annotations name port %s', (environment, port) => {
  const text = synthesize(environment).get('latency-hpa.k8s.yaml')!;
  const { annotations } = objects(text)['Deployment'].spec.template.metadata;
  expect(annotations?.['prometheus.io/port']).toBe(port);
});

describe('the printed figures', () => {
  test.each(PRINTED)(
    '%s requests %s and %s, limited to %s and %s',
    (name, cpu, memory, cpuLimit, memoryLimit) => {
      const { requests, limits } = container(name).resources;
      expect([requests.cpu, requests.memory]).toEqual([cpu, memory]);
      expect([limits.cpu, limits.memory]).toEqual([cpuLimit, memoryLimit]);
    },
  );

  test.each(PRINTED)('%s has %s, %s, %s and %s character for character', (name, ...figures) => {
    const text = files.get(`${name}.k8s.yaml`)!;
    // Digits alone would be a number, which the API server does not store.
    const [cpu, memory, cpuLimit, memoryLimit] = figures.map((f) => (/^\d+$/.test(f) ? `"${f}"` : f));
    expect(text).toContain(`limits:\n              cpu: ${cpuLimit}\n              memory: ${memoryLimit}\n`);
    expect(text).toContain(`requests:\n              cpu: ${cpu}\n              memory: ${memory}\n`);
  });

  test('are those of every variant', () => {
    expect(PRINTED.map(([name]) => name).sort()).toEqual(VARIANTS.map(({ name }) => name).sort());
  });

  test.each([
    ['accuracy-single-pod', 1],
    ['accuracy-max-size', 4],
    ['previous-max-size', 4],
    ['latency-single-pod', 1],
    ['latency-max-size', 2],
  ])('%s has %i replicas and no autoscaler', (name, replicas) => {
    expect(variant(name)['Deployment'].spec.replicas).toBe(replicas);
    expect(variant(name)).not.toHaveProperty('HorizontalPodAutoscaler');
  });

  test.each([
    ['accuracy-hpa', 2, 10, 60],
    ['latency-hpa', 2, 8, 50],
  ])(
    '%s scales from %i to %i replicas at %i %% of the CPU request',
    (name, minReplicas, maxReplicas, target) => {
      const { Deployment, HorizontalPodAutoscaler } = variant(name);
      expect(Deployment.spec).not.toHaveProperty('replicas');
      const { spec } = HorizontalPodAutoscaler;
      expect(spec).toMatchObject({ minReplicas, maxReplicas });
      expect(spec.metrics).toEqual([
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } },
        },
      ]);
      expect(spec.scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name });
    },
  );

  test.each(['accuracy-hpa', 'latency-hpa'])('%s states Kubernetes’ default scaling behaviour', (name) => {
    expect(variant(name)['HorizontalPodAutoscaler'].spec.behavior).toEqual({
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [
          { type: 'Percent', value: 100, periodSeconds: 15 },
          { type: 'Pods', value: 4, periodSeconds: 15 },
        ],
      },
      scaleDown: {
        stabilizationWindowSeconds: 300,
        selectPolicy: 'Max',
        policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
      },
    });
  });
});

describe.each(VARIANTS)('variant $name', ({ name, kind, model, scaling, resources, source }: Variant) => {
  const all = variant(name);
  const pod: Manifest = all['Deployment'].spec.template.spec;

  test('equals the reviewed snapshot', () => {
    expect(files.get(`${name}.k8s.yaml`)).toMatchSnapshot();
  });

  test('has a name and a scaling that match its kind', () => {
    expect(name.endsWith(`-${kind}`)).toBe(true);
    expect(scaling.kind).toBe(kind === 'hpa' ? 'hpa' : 'fixed');
  });

  test('names the basis and the source of its figures', () => {
    expect(all['Deployment'].metadata.annotations).toEqual({
      'tandem/figures-basis': 'container',
      'tandem/figures-source': source,
    });
  });

  test('has limits at or above its requests', () => {
    const { requests, limits } = resources;
    expect(parseCpuMillis(requests.cpu)).toBeLessThanOrEqual(parseCpuMillis(limits.cpu));
    expect(parseMemoryBytes(requests.memory)).toBeLessThanOrEqual(parseMemoryBytes(limits.memory));
  });

  test('can use more CPU than its autoscaler’s target plus the controller’s tolerance of 10 %', () => {
    const target = scaling.kind === 'hpa' ? scaling.targetCpuPercent : 0;
    const usablePercent =
      (100 * parseCpuMillis(resources.limits.cpu)) / parseCpuMillis(resources.requests.cpu);
    expect(usablePercent).toBeGreaterThan(1.1 * target);
  });

  test('uses one name for all objects, in the namespace tandem', () => {
    for (const manifest of Object.values(all)) {
      expect(manifest.metadata).toMatchObject({ name, namespace: 'tandem' });
    }
    expect(all).not.toHaveProperty('Namespace');
  });

  test('serves its model and passes the CPU limit to the container', () => {
    const env = container(name).env as Manifest[];
    expect(env).toContainEqual({ name: 'MODELS', value: model });
    expect(env).toContainEqual({
      name: 'CPU_LIMIT_MILLIS',
      valueFrom: { resourceFieldRef: { containerName: 'inference', resource: 'limits.cpu', divisor: '1m' } },
    });
  });

  test('probes readiness for start and traffic, and liveness apart', () => {
    const { startupProbe, readinessProbe, livenessProbe } = container(name);
    expect(startupProbe.httpGet).toEqual({ path: '/v2/health/ready', port: 'http' });
    expect(readinessProbe.httpGet).toEqual({ path: '/v2/health/ready', port: 'http' });
    expect(livenessProbe.httpGet).toEqual({ path: '/v2/health/live', port: 'http' });
  });

  test('allows 120 s to start and states every number of its probes but the delay, which is not stored if 0', () => {
    const { startupProbe, readinessProbe, livenessProbe } = container(name);
    const stated = { successThreshold: 1 };
    expect(startupProbe).toMatchObject({
      ...stated,
      periodSeconds: 2,
      timeoutSeconds: 2,
      failureThreshold: 60,
    });
    expect(readinessProbe).toMatchObject({
      ...stated,
      periodSeconds: 5,
      timeoutSeconds: 2,
      failureThreshold: 2,
    });
    for (const probe of [startupProbe, readinessProbe, livenessProbe])
      expect(probe).not.toHaveProperty('initialDelaySeconds');
    expect(livenessProbe).toMatchObject({
      ...stated,
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 3,
    });
  });

  test('prefers different nodes and replaces pods of a lost node after 30 s', () => {
    expect(pod.topologySpreadConstraints).toEqual([
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        matchLabelKeys: ['pod-template-hash'],
        labelSelector: all['Deployment'].spec.selector,
      },
    ]);
    expect(pod.tolerations).toEqual(
      ['not-ready', 'unreachable'].map((condition) => ({
        key: `node.kubernetes.io/${condition}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 30,
      })),
    );
  });

  test('can write only to /tmp, up to its size limit', () => {
    const [{ name: volume, emptyDir }] = pod.volumes;
    expect(emptyDir).toEqual({ sizeLimit: '64Mi' });
    expect(container(name).volumeMounts).toEqual([{ name: volume, mountPath: '/tmp' }]);
  });

  test('meets the restricted Pod Security Standard', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532 });
    expect(pod.securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    expect(container(name).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(all['ServiceAccount'].automountServiceAccountToken).toBe(false);
  });

  test('selects its own pods and those of no other variant', () => {
    const labels = all['Deployment'].spec.template.metadata.labels as Record<string, string>;
    const selectors: Record<string, string>[] = [
      all['Deployment'].spec.selector.matchLabels,
      all['Service'].spec.selector,
      all['NetworkPolicy'].spec.podSelector.matchLabels,
      ...(all['PodDisruptionBudget'] === undefined
        ? []
        : [all['PodDisruptionBudget'].spec.selector.matchLabels]),
    ];
    for (const selector of selectors) {
      expect(labels).toMatchObject(selector);
      expect(selector['app.kubernetes.io/instance']).toBe(name);
    }
  });

  test('has a disruption budget if and only if more than one replica may run', () => {
    const max = scaling.kind === 'fixed' ? scaling.replicas : scaling.maxReplicas;
    expect('PodDisruptionBudget' in all).toBe(max > 1);
    if (max > 1) {
      expect(all['PodDisruptionBudget'].spec).toEqual({
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: all['Deployment'].spec.selector,
      });
    }
  });

  test('has Kubernetes’ standard labels on every object and pod', () => {
    const labels = {
      'app.kubernetes.io/name': 'tandem',
      'app.kubernetes.io/instance': name,
      'app.kubernetes.io/version': '0.1.0',
      'app.kubernetes.io/component': model,
      'app.kubernetes.io/part-of': 'tandem',
      'app.kubernetes.io/managed-by': 'cdk8s',
    };
    for (const { metadata } of [...Object.values(all), all['Deployment'].spec.template]) {
      expect(metadata.labels).toEqual(labels);
    }
  });

  test('removes no pod before its successor is ready, and drains within the grace period', () => {
    expect(all['Deployment'].spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    expect(pod.terminationGracePeriodSeconds).toBe(30);
  });

  test('allows traffic in on its port and none out', () => {
    expect(all['NetworkPolicy'].spec).toEqual({
      podSelector: all['Deployment'].spec.selector,
      ingress: [{ ports: [{ port: 'http', protocol: 'TCP' }] }],
      policyTypes: ['Ingress', 'Egress'],
    });
  });
});
