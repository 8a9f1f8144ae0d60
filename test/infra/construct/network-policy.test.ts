/** Who may call the pods, and whom they may call. */
import { App, Chart, Testing } from 'cdk8s';

import { variantManifests } from '../../../bench/cluster-run/manifests';
import { InferenceService, type InferenceServiceProps } from '../../../infra/construct/inference-service';
import { DEFAULT_SETTINGS, readSettings, type Settings } from '../../../infra/settings';
import { VARIANTS } from '../../../infra/variants';
import { type Manifest, objects } from '../../support/manifests';

const PROPS: InferenceServiceProps = {
  model: 'birds',
  image: 'images.example/birds:2',
  resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } },
  scaling: { kind: 'fixed', replicas: 1 },
};
const inNamespace = (name: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});
const SHOP = [inNamespace('shop')];
const MONITORING = [inNamespace('monitoring')];
const port = (name: string) => ({ port: name, protocol: 'TCP' });

function policyOf(changes: Partial<InferenceServiceProps>): Manifest {
  const chart = new Chart(new App(), 'chart');
  new InferenceService(chart, 'birds', { ...PROPS, ...changes });
  return Testing.synth(chart).find(({ kind }) => kind === 'NetworkPolicy').spec;
}

test.each<[Partial<InferenceServiceProps>, unknown]>([
  [{}, [{ ports: [port('http')] }]],
  [{ callers: SHOP }, [{ from: SHOP, ports: [port('http')] }]],
  [
    { callers: SHOP, metricsPort: 9090 },
    [{ from: SHOP, ports: [port('http')] }, { ports: [port('metrics')] }],
  ],
  [
    { metricsCallers: MONITORING, metricsPort: 9090 },
    [{ ports: [port('http')] }, { from: MONITORING, ports: [port('metrics')] }],
  ],
  [
    { callers: SHOP, metricsCallers: MONITORING, metricsPort: 9090 },
    [
      { from: SHOP, ports: [port('http')] },
      { from: MONITORING, ports: [port('metrics')] },
    ],
  ],
])('with %j these may come in: %j', (props, ingress) => {
  expect(policyOf(props).ingress).toEqual(ingress);
});

test('no one may be called unless a rule says so', () => {
  const egress = [{ to: [inNamespace('kube-system')], ports: [{ protocol: 'UDP' }] }];
  expect(policyOf({ egress })).toMatchObject({ egress, policyTypes: ['Ingress', 'Egress'] });
  for (const props of [{}, { egress: [] }]) {
    expect(policyOf(props)).not.toHaveProperty('egress');
    expect(policyOf(props).policyTypes).toEqual(['Ingress', 'Egress']);
  }
});

test.each([[{ callers: [] }], [{ callers: [{}] }], [{ metricsCallers: [], metricsPort: 9090 }]])(
  '%j is refused, since Kubernetes would let everyone in',
  (props) => {
    const [name] = Object.keys(props);
    expect(() => policyOf(props)).toThrow(
      `${name} must be a list of at least one peer, each with a selector or an IP block`,
    );
  },
);

test('callers of the metrics need a port of the metrics', () => {
  expect(() => policyOf({ metricsCallers: MONITORING })).toThrow(
    'metricsCallers needs metricsPort, since without it the metrics have the port of the service: set it too',
  );
  expect(() => readSettings({ TANDEM_METRICS_CALLERS: 'monitoring' }, {})).toThrow(
    'TANDEM_METRICS_CALLERS needs context metricsPort',
  );
});

test('the settings name namespaces, in a variable or in the context', () => {
  const environment = { TANDEM_CALLERS: 'shop, ingress-nginx' };
  expect(readSettings(environment, {})).toEqual(readSettings({}, { callers: ['shop', 'ingress-nginx'] }));
  expect(readSettings(environment, {}).callers).toEqual([...SHOP, inNamespace('ingress-nginx')]);
});

test.each([
  [{ TANDEM_CALLERS: 'shop,' }, {}, 'TANDEM_CALLERS must be at most 63 of a-z, 0-9 and -,'],
  [
    {},
    { callers: [] },
    'context callers must be names of namespaces, such as shop,ingress-nginx, received []',
  ],
  [{}, { callers: { shop: 'yes' } }, 'context callers must be names of namespaces'],
  [{}, { callers: [7] }, 'context callers must be names of namespaces'],
])('%j and the context %j are refused', (environment, context, message) => {
  expect(() => readSettings(environment, context)).toThrow(message);
});

test('a run of the benchmark lets its load generator in, whoever else may call', () => {
  const [variant] = VARIANTS;
  const policyIn = (settings: Settings) =>
    objects(variantManifests(variant!, settings))['NetworkPolicy'].spec;
  const callers = [...SHOP, { podSelector: {} }];
  expect(policyIn({ ...DEFAULT_SETTINGS, callers: SHOP }).ingress[0].from).toEqual(callers);
  expect(policyIn(DEFAULT_SETTINGS).ingress).toEqual([{ ports: [port('http')] }]);
});
