/** Autoscalers: by the queue, and KEDA's. */
import { App, Chart, Testing } from 'cdk8s';

import { InferenceService, type InferenceServiceProps } from '../../../infra/construct/inference-service';
import {
  ADAPTER_VALUES,
  podSeries,
  QUEUE_HISTOGRAM,
  QUEUE_WAIT_METRIC,
} from '../../../infra/construct/queue-wait';
import { readSettings } from '../../../infra/settings';
import { VARIANTS } from '../../../infra/variants';
import { createMetrics } from '../../../service/metrics';
import { type Manifest, objects, synthesize } from '../../support/manifests';

const BOUNDS = { minReplicas: 2, maxReplicas: 6, targetCpuPercent: 60 };
const PROPS: InferenceServiceProps = {
  model: 'birds',
  image: 'images.example/birds:2',
  resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } },
  scaling: { kind: 'keda', ...BOUNDS },
};
const PROMETHEUS = 'http://prometheus.monitoring:9090';

/** The objects of one service, by kind. */
function synth(changes: Partial<InferenceServiceProps>): Record<string, Manifest> {
  const chart = new Chart(new App(), 'chart');
  new InferenceService(chart, 'birds', { ...PROPS, ...changes });
  return Object.fromEntries(Testing.synth(chart).map((each) => [each.kind, each]));
}

test.each([
  [50, '50m'],
  [1000, '1'],
  [1500, '1500m'],
])(
  'with a target of %i ms an HPA keeps the pods’ mean wait at %s, beside the CPU',
  (targetMs, averageValue) => {
    const scaling = { kind: 'hpa', ...BOUNDS } as const;
    const { HorizontalPodAutoscaler } = synth({ scaling, queueWaitTargetMs: targetMs });
    const [cpu, wait, ...rest] = HorizontalPodAutoscaler.spec.metrics;
    expect(cpu.type).toBe('Resource');
    expect(wait).toEqual({
      type: 'Pods',
      pods: {
        metric: { name: 'inference_queue_wait_seconds' },
        target: { type: 'AverageValue', averageValue },
      },
    });
    expect(rest).toEqual([]);
  },
);

test('the rule for prometheus-adapter offers the metric that the HPA reads, from what the service counts', () => {
  const [rule] = ADAPTER_VALUES.rules.custom;
  expect(rule.name.as).toBe(QUEUE_WAIT_METRIC);
  expect(rule.metricsQuery).toBe(
    'sum(rate(inference_queue_duration_seconds_sum{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>) / ' +
      'clamp_min(sum(rate(inference_queue_duration_seconds_count{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>), 0.001)',
  );
  expect(createMetrics(new Map()).registry.getSingleMetric(QUEUE_HISTOGRAM)).toBeDefined();
});

test('KEDA’s ScaledObject takes the place of the HPA, with its bounds, target and behaviour', () => {
  const { ScaledObject, HorizontalPodAutoscaler, PodDisruptionBudget, Deployment } = synth({
    namespace: 'vision',
    hpaTolerancePercent: { scaleDown: 20 },
  });
  expect(HorizontalPodAutoscaler).toBeUndefined();
  expect(PodDisruptionBudget).toBeDefined();
  expect(Deployment.spec).not.toHaveProperty('replicas');
  const { behavior } = synth({ scaling: { kind: 'hpa', ...BOUNDS } })['HorizontalPodAutoscaler'].spec;
  expect(ScaledObject).toEqual({
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: 'birds', namespace: 'vision', labels: Deployment.metadata.labels },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'birds' },
      minReplicaCount: 2,
      maxReplicaCount: 6,
      advanced: {
        horizontalPodAutoscalerConfig: {
          behavior: { ...behavior, scaleDown: { ...behavior.scaleDown, tolerance: '200m' } },
        },
      },
      triggers: [{ type: 'cpu', metricType: 'Utilization', metadata: { value: '60' } }],
    },
  });
});

test('KEDA asks Prometheus for the mean wait of this Deployment’s pods alone', () => {
  const { ScaledObject } = synth({
    namespace: 'vision',
    hpaMeasures: 'container',
    queueWaitTargetMs: 50,
    prometheusUrl: PROMETHEUS,
  });
  const [cpu, wait] = ScaledObject.spec.triggers;
  expect(cpu.metadata).toEqual({ value: '60', containerName: 'inference' });
  const series = 'namespace="vision",pod=~"birds-[a-z0-9]+-[a-z0-9]{5}"';
  expect(wait).toEqual({
    type: 'prometheus',
    metricType: 'Value',
    metadata: {
      serverAddress: PROMETHEUS,
      query:
        `sum(rate(inference_queue_duration_seconds_sum{${series}}[2m])) / ` +
        `clamp_min(sum(rate(inference_queue_duration_seconds_count{${series}}[2m])), 0.001)`,
      threshold: '0.05',
    },
  });
});

test.each([8, 9, 10])(
  'the query finds the pods of names of any length, with a hash of %i characters',
  (digits) => {
    for (let length = 1; length <= 63; length++) {
      const name = 'a'.repeat(length);
      const pattern = /pod=~"([^"]+)"/.exec(podSeries(name, 'vision'))![1]!;
      const isFound = (deployment: string) => {
        // As the API server does: at most 58 characters of what it is given, and five random ones.
        const pod = `${`${deployment}-${'7'.repeat(digits)}-`.slice(0, 58)}x2b4d`;
        return new RegExp(`^(?:${pattern})$`).test(pod);
      };
      expect([length, isFound(name)]).toEqual([length, true]);
      expect([length, isFound(`${'a'.repeat(length - 1)}b`)]).toEqual([length, length > 58]);
      if (length < 55) expect([length, isFound(`${name}-b`)]).toEqual([length, false]);
    }
  },
);

test('with the setting keda every HPA variant has a ScaledObject of the same figures, and no other changes', () => {
  const files = synthesize({ TANDEM_AUTOSCALER: 'keda' });
  const before = synthesize();
  for (const { name, scaling } of VARIANTS) {
    const text = files.get(`${name}.k8s.yaml`)!;
    const { ScaledObject, ...rest } = objects(text);
    const { HorizontalPodAutoscaler, ...expected } = objects(before.get(`${name}.k8s.yaml`)!);
    expect(rest).toEqual(expected);
    if (scaling.kind === 'fixed')
      expect([ScaledObject, HorizontalPodAutoscaler]).toEqual([undefined, undefined]);
    else
      expect(ScaledObject.spec).toMatchObject({
        minReplicaCount: scaling.minReplicas,
        maxReplicaCount: scaling.maxReplicas,
        triggers: [{ metadata: { value: String(scaling.targetCpuPercent) } }],
      });
  }
});

test.each<[Partial<InferenceServiceProps>, NodeJS.ProcessEnv, string]>([
  [
    { queueWaitTargetMs: 0 },
    { TANDEM_QUEUE_WAIT_TARGET_MS: '0' },
    ' must be a whole number of milliseconds from 1 to 15000, after which a request ends, received 0',
  ],
  [
    { queueWaitTargetMs: 50 },
    { TANDEM_QUEUE_WAIT_TARGET_MS: '50', TANDEM_AUTOSCALER: 'keda' },
    ', where KEDA reads the wait: set it too',
  ],
  [
    { prometheusUrl: PROMETHEUS },
    { TANDEM_PROMETHEUS_URL: PROMETHEUS, TANDEM_AUTOSCALER: 'keda' },
    ', the target of the wait: set it too',
  ],
  [
    { prometheusUrl: PROMETHEUS, scaling: { kind: 'hpa', ...BOUNDS } },
    { TANDEM_PROMETHEUS_URL: PROMETHEUS },
    ' is for KEDA, and a HorizontalPodAutoscaler reads its metrics from an adapter: leave it out',
  ],
  [
    { prometheusUrl: 'http://me:secret@prometheus' },
    { TANDEM_PROMETHEUS_URL: 'http://me:secret@prometheus' },
    ' must be a URL without user and password, such as http://prometheus.monitoring:9090, received',
  ],
  [
    { queueWaitTargetMs: 50, callers: [{ podSelector: {} }], scaling: { kind: 'hpa', ...BOUNDS } },
    { TANDEM_QUEUE_WAIT_TARGET_MS: '50', TANDEM_CALLERS: 'shop' },
    ' is set, since Prometheus reads the wait, and only callers reach the port of the service: set it too',
  ],
  [
    { queueWaitTargetMs: 50, prometheusUrl: PROMETHEUS, apiKeySecret: 'keys' },
    {
      TANDEM_AUTOSCALER: 'keda',
      TANDEM_QUEUE_WAIT_TARGET_MS: '50',
      TANDEM_PROMETHEUS_URL: PROMETHEUS,
      TANDEM_API_KEY_SECRET: 'keys',
    },
    ' is set, since Prometheus reads the wait and has no key for the port of the service: set it too, received 50',
  ],
  [{ scaling: { kind: 'kedas' as 'keda', ...BOUNDS } }, { TANDEM_AUTOSCALER: 'kedas' }, ' must be one of'],
])('%j is refused, as a prop and as the setting %j', (props, environment, message) => {
  expect(() => synth(props)).toThrow(message);
  expect(() => readSettings(environment, {})).toThrow(message);
});

test.each([
  [{ queueWaitTargetMs: 50 }, 'queueWaitTargetMs', 50],
  [{ prometheusUrl: PROMETHEUS }, 'prometheusUrl', PROMETHEUS],
  [{ hpaMeasures: 'container' as const }, 'hpaMeasures', 'container'],
  [{ hpaTolerancePercent: { scaleUp: 5 } }, 'hpaTolerancePercent', '{"scaleUp":5}'],
])('%j is refused with fixed replicas, which no autoscaler changes', (props, field, value) => {
  expect(() => synth({ ...props, scaling: { kind: 'fixed', replicas: 2 } })).toThrow(
    `${field} needs scaling.kind to be one of hpa, keda, since fixed replicas follow no target: change it or ` +
      `leave ${field} out, received ${value}`,
  );
});

test('the settings of the wait in the queue hold for the variants that scale, and leave the others as they were', () => {
  const environment = {
    TANDEM_AUTOSCALER: 'keda',
    TANDEM_QUEUE_WAIT_TARGET_MS: '50',
    TANDEM_PROMETHEUS_URL: PROMETHEUS,
  };
  const [plain, waiting] = [synthesize({}), synthesize(environment)];
  const changed = [...plain].filter(([file, text]) => waiting.get(file) !== text);
  const scaling = VARIANTS.filter((variant) => variant.scaling.kind !== 'fixed');
  expect(changed.map(([file]) => file).sort()).toEqual(scaling.map(({ name }) => `${name}.k8s.yaml`).sort());
});

test('the wait in the queue is read from a port of the metrics, whoever may call the service', () => {
  const environment = { TANDEM_QUEUE_WAIT_TARGET_MS: '50', TANDEM_CALLERS: 'shop' };
  expect(() => readSettings(environment, {})).toThrow(
    'TANDEM_QUEUE_WAIT_TARGET_MS needs context metricsPort if TANDEM_CALLERS is set',
  );
  expect(readSettings({ ...environment, TANDEM_METRICS_PORT: '9090' }, {}).queueWaitTargetMs).toBe(50);
});

test('the wait in the queue is read from the port of the service, if Prometheus is said to be a caller', () => {
  const environment = {
    TANDEM_AUTOSCALER: 'keda',
    TANDEM_QUEUE_WAIT_TARGET_MS: '50',
    TANDEM_PROMETHEUS_URL: PROMETHEUS,
    TANDEM_CALLERS: 'shop,monitoring',
  };
  expect(() => readSettings(environment, {})).toThrow(
    'set it too, or context metricsScrape if Prometheus is one of them',
  );
  const settings = readSettings({ ...environment, TANDEM_METRICS_SCRAPE: 'annotations' }, {});
  expect(settings.metricsScrape).toBe('annotations');
});

test('a CPU limit below the target is refused for KEDA too', () => {
  expect(() => synth({ scaling: { kind: 'keda', ...BOUNDS, targetCpuPercent: 400 } })).toThrow(
    'limits.cpu must be at least 441 % of requests.cpu',
  );
});
