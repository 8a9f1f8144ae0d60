/** The manifests on a real API server and scheduler, one variant at a time. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { App, Chart } from 'cdk8s';
import { parseAllDocuments } from 'yaml';

import type { Basis } from '../../infra/allocation';
import { k8s } from '../../infra/construct/cdk8s-plus';
import { CLUSTER } from '../../infra/scheduler/cluster';
import { fitReport } from '../../infra/fit/fit-text';
import { InferenceService } from '../../infra/construct/inference-service';
import { nodesFor } from '../../infra/fit/observed-cluster';
import { readCluster } from '../../infra/fit/read-cluster';
import { synthesize } from '../../infra/main';
import { settingsOf } from '../../infra/model-names';
import { DEFAULT_SETTINGS } from '../../infra/settings';
import { minReplicasOf } from '../../infra/construct/replicas';
import { VARIANTS } from '../../infra/variants';
import { getJson, kubectl, must } from '../../bench/lab/lab-cluster';
import { until } from '../../bench/lab/poll';
import { NAMESPACE, podsOf, removeAll, setNodes, settled } from '../../bench/lab/simulated-nodes';
import { clusterOfTest } from './set-up';

const cluster = clusterOfTest();
const ROOT = join(__dirname, '../..');
const DIST = join(ROOT, 'dist');
const DEPLOYING = join(ROOT, 'docs/deploying.md');
const folder = mkdtempSync(join(tmpdir(), 'tandem-manifests-'));
const filesOf = (basis: Basis) => join(folder, basis);
const apply = (basis: Basis, name: string) =>
  must(cluster, ['apply', '-f', join(filesOf(basis), `${name}.k8s.yaml`)]);
const variantOf = (name: string) => VARIANTS.find((variant) => variant.name === name)!;
const replicasOf = (name: string) => minReplicasOf(variantOf(name).scaling);

/**
 * kubectl sends the selector of every PodDisruptionBudget at every apply, whoever wrote it, and calls it configured: the
 * API's patch strategy of that field is "replace".
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/api/policy/v1/types.go
 */
const ALWAYS_SENT = /^poddisruptionbudget\.policy\/[-a-z]+ configured$/;

beforeAll(async () => {
  const warnings = jest.spyOn(console, 'error').mockImplementation();
  for (const basis of ['container', 'node'] as const) {
    const routes = [variantOf('accuracy-hpa'), variantOf('latency-single-pod')];
    synthesize(filesOf(basis), { TANDEM_BASIS: basis }, routes);
  }
  warnings.mockRestore();
  await must(cluster, ['apply', '-f', join(filesOf('container'), '00-namespace.k8s.yaml')]);
  await setNodes(cluster, CLUSTER);
});
afterEach(() => removeAll(cluster));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(['container', 'node'] as const)(
  'every manifest of the %s basis passes a strict dry run on the server without a warning',
  async (basis) => {
    const args = ['apply', '--dry-run=server', '--validate=strict', '-f', filesOf(basis)];
    const { stdout, stderr, code } = await kubectl(cluster, args);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const budgets = VARIANTS.filter(({ kind }) => kind !== 'single-pod').length;
    const autoscalers = VARIANTS.filter(({ scaling }) => scaling.kind === 'hpa').length;
    expect(stdout.trim().split('\n')).toHaveLength(1 + 4 * VARIANTS.length + budgets + autoscalers + 2);
  },
);

/** Applies a file strictly; a second time changes nothing. */
async function applyTwice(file: string): Promise<void> {
  const { stderr, code } = await kubectl(cluster, ['apply', '--validate=strict', '-f', file]);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const again = (await must(cluster, ['apply', '-f', file])).trim().split('\n');
  expect(again.filter((line) => !line.endsWith(' unchanged') && !ALWAYS_SENT.test(line))).toEqual([]);
}

test('with every prop that is no setting, the objects are accepted, and a second apply changes nothing', async () => {
  const app = new App({ outdir: join(folder, 'props') });
  const anywhere = { namespaceSelector: {}, podSelector: { matchLabels: { app: 'shop' } } };
  const term = {
    topologyKey: 'topology.kubernetes.io/zone',
    labelSelector: { matchLabels: { app: 'shop' } },
  };
  new InferenceService(new Chart(app, 'birds', { namespace: NAMESPACE }), 'birds', {
    model: 'birds',
    image: 'images.example/birds:2',
    resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } },
    scaling: { kind: 'fixed', replicas: 2 },
    appName: 'bird-watch',
    figures: { basis: 'container', source: 'a test' },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }],
        },
      },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }],
      },
    },
    callers: [anywhere, { ipBlock: { cidr: '10.0.0.0/8' } }],
    egress: [{ to: [anywhere], ports: [{ port: k8s.IntOrString.fromNumber(443), protocol: 'TCP' }] }],
  });
  app.synth();
  const file = join(app.outdir, 'birds.k8s.yaml');
  await applyTwice(file);
  await must(cluster, ['delete', '-f', file]);
});

test('with every option that needs no operator, the manifests are accepted, and a second apply changes nothing', async () => {
  const out = join(folder, 'options');
  synthesize(out, {
    TANDEM_IMAGE_PULL_SECRET: 'credentials',
    TANDEM_SERVICE_TYPE: 'LoadBalancer',
    TANDEM_ENV: 'LOG_LEVEL=debug',
    TANDEM_API_KEY_SECRET: 'keys',
    TANDEM_METRICS_PORT: '9090',
    TANDEM_METRICS_SCRAPE: 'annotations',
    TANDEM_POD_LABELS: 'team=vision',
    TANDEM_POD_ANNOTATIONS: 'cluster-autoscaler.kubernetes.io/safe-to-evict=true',
    TANDEM_SERVICE_ANNOTATIONS: 'cloud.example/internal=true',
    TANDEM_NODE_SELECTOR: 'disk=ssd',
    TANDEM_ARCHITECTURES: 'amd64',
    TANDEM_TOLERATIONS: 'dedicated=inference:NoSchedule,spot',
    TANDEM_PRIORITY_CLASS: 'system-cluster-critical',
    TANDEM_USER_IDS: 'cluster',
    TANDEM_EPHEMERAL_STORAGE: '256Mi',
    TANDEM_HPA_MEASURES: 'container',
    TANDEM_HPA_TOLERANCE_PERCENT: 'scaleUp=5,scaleDown=20',
    TANDEM_QUEUE_WAIT_TARGET_MS: '50',
    TANDEM_CALLERS: 'shop,ingress-nginx',
    TANDEM_METRICS_CALLERS: 'monitoring',
    TANDEM_DOMAIN: 'models.example',
    TANDEM_INGRESS_CLASS: 'nginx',
    TANDEM_INGRESS_ANNOTATIONS: 'nginx.ingress.kubernetes.io/proxy-body-size=16m',
    TANDEM_TLS_SECRET: 'wildcard',
  });
  const file = join(out, 'latency-hpa.k8s.yaml');
  await applyTwice(file);
  const path = `/apis/autoscaling/v2/namespaces/${NAMESPACE}/horizontalpodautoscalers/latency-hpa`;
  const { behavior } = (await getJson(cluster, path)).spec;
  expect([behavior.scaleUp.tolerance, behavior.scaleDown.tolerance]).toEqual(['50m', '200m']);
  await must(cluster, ['delete', '-f', file]);
});

test.each(VARIANTS)(
  'an overlay over dist/ as a base holds what the file of $name holds',
  async ({ name }) => {
    const overlay = join(folder, `overlay-${name}`);
    mkdirSync(overlay);
    const [, text] = /```yaml\n# kustomization.yaml\n(.+?)```/s.exec(readFileSync(DEPLOYING, 'utf8'))!;
    const base = relative(realpathSync(overlay), realpathSync(DIST));
    writeFileSync(
      join(overlay, 'kustomization.yaml'),
      text!.replace('../tandem/dist', base).replaceAll('latency-hpa', name),
    );
    const built = parseAllDocuments(await must(cluster, ['kustomize', overlay])).map((each) => each.toJS());
    const file = parseAllDocuments(readFileSync(join(DIST, `${name}.k8s.yaml`), 'utf8'));
    const byKind = (objects: { kind: string }[]) =>
      Object.fromEntries(objects.map((object) => [object.kind, object]));
    expect(byKind(built)).toEqual(byKind(file.map((each) => each.toJS())));
  },
);

test('a prune by a label of the variants removes a variant and not the namespace', async () => {
  await apply('container', 'accuracy-single-pod');
  const pruned = await must(cluster, [
    ...['apply', '--prune', '--selector', 'app.kubernetes.io/part-of=tandem'],
    ...['-f', join(filesOf('container'), 'latency-single-pod.k8s.yaml')],
  ]);
  expect(pruned).toContain('deployment.apps/accuracy-single-pod pruned');
  expect(pruned).not.toContain(`namespace/${NAMESPACE} pruned`);
  const { code } = await kubectl(cluster, ['get', 'namespace', NAMESPACE]);
  expect(code).toBe(0);
});

test('the namespace refuses a pod that does not meet the restricted standard', async () => {
  const { stderr, code } = await kubectl(cluster, [
    ...['run', 'careless', '--image=careless:test', '--namespace', NAMESPACE, '--dry-run=server'],
  ]);
  expect(code).not.toBe(0);
  expect(stderr).toContain('violates PodSecurity "restricted:latest"');
});

test('an unknown field is refused', async () => {
  const file = join(filesOf('container'), 'latency-single-pod.k8s.yaml');
  const yaml = execFileSync('sed', ['s/^  revisionHistoryLimit:/  revisionHistoryLimits:/', file], {
    encoding: 'utf8',
  });
  const { stderr, code } = await kubectl(
    cluster,
    ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
    yaml,
  );
  expect(code).not.toBe(0);
  expect(stderr).toContain('unknown field "spec.revisionHistoryLimits"');
});

test.each([
  ['accuracy-single-pod', 1, 0],
  ['accuracy-max-size', 2, 2],
  ['accuracy-hpa', 2, 0],
  ['latency-single-pod', 1, 0],
  ['latency-max-size', 2, 0],
  ['latency-hpa', 2, 0],
  ['previous-max-size', 2, 2],
])('on the container basis %s has %i pods running and %i pending', async (name, running, pending) => {
  await apply('container', name);
  const found = await settled(cluster, replicasOf(name));
  expect(found).toMatchObject({ running, pending });
  const report = fitReport(variantOf(name), 'container', CLUSTER);
  expect(report).toContain(`Pending ${pending}`);
  if (pending > 0) expect(report).toContain(`(${found.reason.replace(/ (no new claims|preemption).*/, '')})`);
});

/** The tables of docs/reference.md; the HPA-latency column is the row of a node without our pods. */
const REFERENCE = [
  ['accuracy-max-size', 'worker-1', '2405m (60%)', '4400m (110%)', '4627034Ki (57%)', '6544139520 (79%)'],
  ['accuracy-max-size', 'worker-2', '2405m (60%)', '4400m (110%)', '4627034Ki (57%)', '6544139520 (79%)'],
  ['previous-max-size', 'worker-1', '2405m (60%)', '4400m (110%)', '4627034Ki (57%)', '6544139520 (79%)'],
  ['latency-max-size', 'worker-1', '1405m (35%)', '2900m (72%)', '2529882Ki (31%)', '3859784960 (46%)'],
  ['latency-max-size', 'worker-2', '1405m (35%)', '2900m (72%)', '2529882Ki (31%)', '3859784960 (46%)'],
  ['accuracy-hpa', 'worker-1', '1405m (35%)', '3400m (85%)', '1481306Ki (18%)', '5470397696 (66%)'],
  ['accuracy-hpa', 'worker-2', '1405m (35%)', '3400m (85%)', '1481306Ki (18%)', '5470397696 (66%)'],
  ['latency-hpa', 'control-plane', '405m (10%)', '1400m (35%)', '443115520 (5%)', '1175430400 (14%)'],
] as const;

test.each(REFERENCE)(
  'on the node basis no pod of %s is pending, and kubectl describes %s as %s, %s, %s and %s',
  async (name, node, cpuRequests, cpuLimits, memoryRequests, memoryLimits) => {
    await apply('node', name);
    expect(await settled(cluster, replicasOf(name))).toMatchObject({ pending: 0 });
    const described = await must(cluster, ['describe', 'node', node]);
    const rows = described
      .slice(described.indexOf('Allocated resources:'))
      .split('\n')
      .map((row) => row.trim().replace(/ {2,}/g, ' | '));
    expect(rows).toContain(`cpu | ${cpuRequests} | ${cpuLimits}`);
    expect(rows).toContain(`memory | ${memoryRequests} | ${memoryLimits}`);
  },
);

test('fit reads the real cluster as the reference’s, before and after the variant is applied', async () => {
  const variant = variantOf('accuracy-max-size');
  const path = process.env['PATH'];
  process.env['PATH'] = `${cluster.bin}:${path}`;
  const report = () => {
    const nodes = nodesFor(
      settingsOf({ ...DEFAULT_SETTINGS, namespace: NAMESPACE }, variant),
      readCluster(cluster.kubeconfig, NAMESPACE),
    );
    return fitReport(variant, 'node', nodes);
  };
  try {
    const expected = fitReport(variant, 'node', CLUSTER);
    expect(report()).toBe(expected);
    await apply('node', variant.name);
    await settled(cluster, 4);
    expect(report()).toBe(expected);
    expect(() => readCluster('/nowhere', NAMESPACE)).toThrow('kubectl could not list nodes');
  } finally {
    process.env['PATH'] = path;
  }
});

test('beside other pods, fit predicts what kubectl describes, in the notation of the sum’s first pod', async () => {
  const variant = variantOf('latency-hpa');
  const path = process.env['PATH'];
  process.env['PATH'] = `${cluster.bin}:${path}`;
  try {
    await apply('node', 'accuracy-max-size');
    await settled(cluster, 4);
    const nodes = nodesFor(
      settingsOf({ ...DEFAULT_SETTINGS, namespace: NAMESPACE }, variant),
      readCluster(cluster.kubeconfig, NAMESPACE),
    );
    const predicted = fitReport(variant, 'container', nodes);
    await apply('container', variant.name);
    await settled(cluster, 6);
    for (const node of ['worker-1', 'worker-2']) {
      const described = await must(cluster, ['describe', 'node', node]);
      const [cpu, memory] = ['cpu', 'memory'].map((resource) =>
        new RegExp(`^ +${resource} +(.*?) *$`, 'm')
          .exec(described.slice(described.indexOf('Allocated resources:')))![1]!
          .split(/ {2,}/),
      );
      expect(memory![0]).toContain('Ki ');
      const rows = predicted.split('\n').filter((row) => new RegExp(`^ +${node} +(cpu|memory) `).test(row));
      expect(rows.map((row) => row.trim().split(/ {2,}/).slice(-2))).toEqual([cpu, memory]);
    }
  } finally {
    process.env['PATH'] = path;
  }
});

describe('a rolling update', () => {
  afterAll(() => setNodes(cluster, CLUSTER));

  test.each(['accuracy-max-size', 'latency-max-size'])(
    'keeps %s spread over the workers, four times in a row',
    async (name) => {
      await apply('node', name);
      await settled(cluster, replicasOf(name));
      const deployment = [`deployment/${name}`, '--namespace', NAMESPACE];
      for (let update = 0; update < 4; update++) {
        // Two restarts within one second would be one, so an annotation changes instead.
        const template = { metadata: { annotations: { update: String(update) } } };
        await must(cluster, ['patch', ...deployment, '--patch', JSON.stringify({ spec: { template } })]);
        await must(cluster, ['rollout', 'status', ...deployment, '--timeout=60s']);
        await settled(cluster, replicasOf(name));
        const nodes = (await podsOf(cluster)).map(({ spec }) => spec.nodeName as string);
        const counts = ['worker-1', 'worker-2'].map((node) => nodes.filter((each) => each === node).length);
        expect(counts).toEqual([replicasOf(name) / 2, replicasOf(name) / 2]);
      }
    },
  );

  test.each([
    ['node', 'accuracy-max-size', 4000, 'has room for its surge pod'],
    ['container', 'accuracy-max-size', 4000, 'would hang'],
    ['node', 'latency-max-size', 2000, 'would hang'],
  ] as const)(
    'on the %s basis a rolling update of %s on nodes of %im %s, as fit predicts',
    async (basis, name, cpu, predicted) => {
      const nodes = CLUSTER.map((node) => ({ ...node, cpuAllocatableMillis: cpu }));
      expect(fitReport(variantOf(name), basis, nodes)).toContain(`a rolling update ${predicted}`);
      await setNodes(cluster, nodes);
      await apply(basis, name);
      const before = await settled(cluster, replicasOf(name));
      const deployment = [`deployment/${name}`, '--namespace', NAMESPACE];
      await must(cluster, ['rollout', 'restart', ...deployment]);
      if (predicted === 'would hang') {
        const during = await settled(cluster, replicasOf(name) + 1);
        expect(during).toMatchObject({ running: before.running, pending: before.pending + 1 });
        const { code, stderr } = await kubectl(cluster, ['rollout', 'status', ...deployment, '--timeout=3s']);
        expect(code).not.toBe(0);
        expect(stderr).toContain('timed out waiting');
        expect((await podsOf(cluster)).length).toBe(replicasOf(name) + 1);
      } else {
        await must(cluster, ['rollout', 'status', ...deployment, '--timeout=60s']);
        expect(await settled(cluster, replicasOf(name))).toMatchObject({ pending: 0 });
      }
      await setNodes(cluster, CLUSTER);
    },
  );
});

test.each(['container', 'node'] as const)(
  'all manifests of the %s basis apply at once, and kubectl calls every object unchanged when they are applied again',
  async (basis) => {
    const files = filesOf(basis);
    const pods = VARIANTS.reduce((sum, { name }) => sum + replicasOf(name), 0);
    const linesOf = (text: string) => text.trim().split('\n');
    const applied = linesOf(await must(cluster, ['apply', '-f', files]));
    await until('every pod exists', async () => ((await podsOf(cluster)).length === pods ? true : undefined));
    // A generation counts the changes of what was asked for.
    const generations = () =>
      must(cluster, [
        ...['get', 'deployments,poddisruptionbudgets', '--namespace', NAMESPACE],
        ...['--output', 'jsonpath={range .items[*]}{.metadata.name} {.metadata.generation}{"\\n"}{end}'],
      ]);
    const before = await generations();
    expect(linesOf(before).length).toBeGreaterThan(VARIANTS.length);

    const again = linesOf(await must(cluster, ['apply', '-f', files]));
    expect(again).toHaveLength(applied.length);
    const changed = again.filter((line) => !line.endsWith(' unchanged') && !ALWAYS_SENT.test(line));
    expect(changed).toEqual([]);
    expect(await generations()).toBe(before);

    // Server-side, kubectl refuses an object of which another applier owns a field with another value.
    const { stderr, code } = await kubectl(cluster, ['apply', '--server-side', '-f', files]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(await generations()).toBe(before);
    expect(await podsOf(cluster)).toHaveLength(pods);
  },
);

test('dist/ holds what synth writes on the container basis, without routes', () => {
  const routes = readdirSync(filesOf('container')).filter((name) => name.startsWith('route-'));
  expect(routes).toHaveLength(2);
  expect(readdirSync(DIST)).toEqual(
    readdirSync(filesOf('container')).filter((name) => !routes.includes(name)),
  );
});
