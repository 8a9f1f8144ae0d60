/** The manifests against the schemas of Kubernetes, from the least version that the pages name, and of operators. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { VARIANTS } from '../../infra/variants';
import { type Manifest, objects, synthesize } from '../support/manifests';
import { KUBERNETES_VERSIONS, kubernetesJudge, operatorJudge } from '../support/published-schemas';

/** Every setting that changes an object of Kubernetes' own, in any version. */
const OPTIONS = {
  TANDEM_ENV: 'LOG_LEVEL=debug',
  TANDEM_IMAGE_PULL_SECRET: 'credentials',
  TANDEM_API_KEY_SECRET: 'keys',
  TANDEM_METRICS_PORT: '9090',
  TANDEM_METRICS_SCRAPE: 'annotations',
  TANDEM_POD_LABELS: 'team=vision',
  TANDEM_POD_ANNOTATIONS: 'note=',
  TANDEM_SERVICE_ANNOTATIONS: 'cloud.example/internal=true',
  TANDEM_NODE_SELECTOR: 'disk=ssd',
  TANDEM_ARCHITECTURES: 'arm64',
  TANDEM_TOLERATIONS: 'dedicated=inference:NoSchedule,spot',
  TANDEM_PRIORITY_CLASS: 'high',
  TANDEM_USER_IDS: 'cluster',
  TANDEM_EPHEMERAL_STORAGE: '1Gi',
  TANDEM_HPA_MEASURES: 'container',
  TANDEM_QUEUE_WAIT_TARGET_MS: '50',
  TANDEM_CALLERS: 'shop',
  TANDEM_METRICS_CALLERS: 'monitoring',
  TANDEM_DOMAIN: 'models.example',
  TANDEM_INGRESS_CLASS: 'nginx',
  TANDEM_INGRESS_ANNOTATIONS: 'a=b',
  TANDEM_TLS_SECRET: 'wildcard',
};

const allOf = (environment: NodeJS.ProcessEnv): Manifest[] =>
  [...synthesize(environment).values()].flatMap((text) => Object.values(objects(text)));

describe.each(KUBERNETES_VERSIONS)('Kubernetes %s', (version) => {
  const judge = kubernetesJudge(version);

  test('accepts every object of dist/, and every one with all options', () => {
    for (const environment of [{}, OPTIONS]) expect(allOf(environment).flatMap(judge)).toEqual([]);
  });

  test('knows the tolerance of an autoscaler from 1.33 on', () => {
    const problems = allOf({ TANDEM_HPA_TOLERANCE_PERCENT: 'scaleUp=5' }).flatMap(judge);
    const refused = 'HorizontalPodAutoscaler spec.behavior.scaleUp: Unrecognized key: "tolerance"';
    expect(problems).toEqual(version < 'v1.33' ? [refused, refused] : []);
  });

  test('refuses an unknown field and a wrong type', () => {
    const [, text] = [...synthesize()].find(([name]) => name.startsWith('latency-hpa'))!;
    const { Deployment } = objects(text);
    Deployment.spec.revisionHistoryLimits = 1;
    Deployment.spec.template.spec.containers[0].ports[0].containerPort = 'http';
    expect(judge(Deployment)).toEqual([
      'Deployment spec.template.spec.containers.0.ports.0.containerPort: Invalid input: expected number, received string',
      'Deployment spec: Unrecognized key: "revisionHistoryLimits"',
    ]);
  });
});

test('the least version that docs/deploying.md names is the least one that is recorded', () => {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'deploying.md'), 'utf8');
  const [, least] = /Kubernetes (1\.\d+) or newer/.exec(page)!;
  expect(KUBERNETES_VERSIONS[0]).toMatch(new RegExp(`^v${least}\\.`));
});

test.each([
  [
    'ScaledObject',
    2,
    {
      TANDEM_AUTOSCALER: 'keda',
      TANDEM_QUEUE_WAIT_TARGET_MS: '50',
      TANDEM_PROMETHEUS_URL: 'http://prometheus.monitoring:9090',
      TANDEM_HPA_MEASURES: 'container',
      TANDEM_HPA_TOLERANCE_PERCENT: 'scaleUp=5,scaleDown=20',
    },
  ],
  [
    'PodMonitor',
    VARIANTS.length,
    {
      TANDEM_METRICS_SCRAPE: 'pod-monitor',
      TANDEM_METRICS_PORT: '9090',
      TANDEM_POD_MONITOR_LABELS: 'release=monitoring',
    },
  ],
  ['HTTPRoute', VARIANTS.length, { TANDEM_DOMAIN: 'models.example', TANDEM_GATEWAY: 'infra/shared' }],
] as const)(
  'the operator of %s accepts all %i of them, and refuses an unknown field',
  (kind, count, options) => {
    const judge = operatorJudge(kind);
    const found = allOf(options).filter((each) => each.kind === kind);
    expect(found).toHaveLength(count);
    expect(found.flatMap(judge)).toEqual([]);
    const [first] = found;
    expect(judge({ ...first, spec: { ...first.spec, minReplicas: 1 } })).toEqual([
      `${kind} spec: Unrecognized key: "minReplicas"`,
    ]);
  },
);
