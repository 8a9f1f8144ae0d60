/**
 * The HPA variants under the real HPA controller, with metrics from the stand-in for metrics-server. The test shortens the
 * windows of the scaling behaviour; the figures are those of `dist/`.
 */
import { delimiter, join } from 'node:path';

import { CLUSTER, clusterOf } from '../../infra/scheduler/cluster';
import { parseCpuMillis } from '../../infra/quantity';
import { VARIANTS } from '../../infra/variants';
import { getJson, must } from '../../bench/lab/lab-cluster';
import { until } from '../../bench/lab/poll';
import { type MetricsStandIn, startMetricsStandIn } from '../../bench/lab/metrics-stand-in';
import { NAMESPACE, readyPods, removeAll, setNodes } from '../../bench/lab/simulated-nodes';
import { addExplain } from '../../cli/explain';
import { runCommand } from '../cli/run-command';
import { clusterOfTest } from './set-up';

const cluster = clusterOfTest();
const DIST = join(__dirname, '../../dist');
let metrics: MetricsStandIn;

beforeAll(async () => {
  await must(cluster, ['apply', '-f', join(DIST, '00-namespace.k8s.yaml')]);
  // Room for every variant at maxReplicas at once, so that only the autoscalers decide.
  const { memoryAllocatableBytes } = CLUSTER[0]!;
  await setNodes(
    cluster,
    clusterOf({
      nodes: 3,
      cpuAllocatableMillis: 64_000,
      memoryAllocatableBytes: 16 * memoryAllocatableBytes,
      controlPlane: true,
    }),
  );
  metrics = await startMetricsStandIn(cluster);
  process.env['PATH'] = `${cluster.bin}${delimiter}${process.env['PATH']}`;
});
afterEach(() => removeAll(cluster));
afterAll(() => metrics.stop());

const SHORTENED = {
  spec: {
    behavior: {
      scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] },
      scaleDown: {
        stabilizationWindowSeconds: 0,
        policies: [{ type: 'Percent', value: 100, periodSeconds: 1 }],
      },
    },
  },
};

const deployment = (name: string) =>
  getJson(cluster, `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}`);

async function reach(name: string, replicas: number): Promise<void> {
  await until(
    `${name} has ${replicas} replicas`,
    async () => {
      const { spec } = await deployment(name);
      const ready = (await readyPods(cluster, `app.kubernetes.io/instance=${name}`)).length;
      return spec.replicas === replicas && ready === replicas ? true : undefined;
    },
    60_000,
  );
}

/** Asks `tandem explain hpa` until the HPA has read the same samples, and returns what a sync would ask for. */
function explained(name: string): Promise<string> {
  return until(
    `${name} has read the CPU use that explain reads`,
    async () => {
      const words = ['explain', 'hpa', `${NAMESPACE}/${name}`, '--kubeconfig', cluster.kubeconfig];
      const { stdout } = await runCommand(addExplain, words);
      const [, seen] = /^ {4}(\d+) % of the request is /m.exec(stdout) ?? [];
      const [, read] = /^The HPA's own words of its last sync: (\d+) % /m.exec(stdout) ?? [];
      return seen === read && seen !== undefined ? /^now: (.*)$/m.exec(stdout)![1]! : undefined;
    },
    60_000,
  );
}

const HPA_VARIANTS = VARIANTS.flatMap(({ name, resources, scaling }) =>
  scaling.kind === 'hpa' ? [{ name, resources, ...scaling }] : [],
);

test.each(HPA_VARIANTS)(
  '$name scales from $minReplicas to ceil(load / target), to $maxReplicas and back',
  async ({ name, resources, minReplicas, maxReplicas, targetCpuPercent }) => {
    const targetMillis = (parseCpuMillis(resources.requests.cpu) * targetCpuPercent) / 100;
    metrics.setLoad(0);
    await must(cluster, ['apply', '-f', join(DIST, `${name}.k8s.yaml`)]);
    await must(cluster, [
      ...['patch', 'hpa', name, '--namespace', NAMESPACE, '--type=merge'],
      ...['--patch', JSON.stringify(SHORTENED)],
    ]);
    await reach(name, minReplicas);
    const seen: number[] = [];
    // At each of these loads, only one number of pods is within the controller's tolerance of 10 %.
    for (const podsWorth of [4.7, 100, 6.8, 2.7, 0.1]) {
      metrics.setLoad(podsWorth * targetMillis);
      const expected = Math.min(maxReplicas, Math.max(minReplicas, Math.ceil(podsWorth)));
      await reach(name, expected);
      seen.push(expected);
      if (podsWorth === 4.7) expect(await explained(name)).toBe('5 pods, and the CPU use asks for 5');
    }
    expect(seen).toEqual([5, maxReplicas, 7, 3, minReplicas]);
  },
);

test('applying dist/ again keeps the replicas that the autoscalers chose', async () => {
  metrics.setLoad(0);
  await must(cluster, ['apply', '-f', DIST]);
  for (const { name, minReplicas } of HPA_VARIANTS) await reach(name, minReplicas);
  const [{ resources, targetCpuPercent }] = HPA_VARIANTS as [(typeof HPA_VARIANTS)[number]];
  const loadMillis = (4.7 * parseCpuMillis(resources.requests.cpu) * targetCpuPercent) / 100;
  metrics.setLoad(loadMillis);
  const chosen = HPA_VARIANTS.map((variant) => {
    const targetMillis = (parseCpuMillis(variant.resources.requests.cpu) * variant.targetCpuPercent) / 100;
    return { ...variant, replicas: Math.min(variant.maxReplicas, Math.ceil(loadMillis / targetMillis)) };
  });
  for (const { name, replicas } of chosen) await reach(name, replicas);
  const generations = () =>
    Promise.all(chosen.map(async ({ name }) => (await deployment(name)).metadata.generation as number));
  const before = await generations();

  await must(cluster, ['apply', '-f', DIST]);
  await must(cluster, ['apply', '-f', DIST]);
  expect(await generations()).toEqual(before);
  for (const { name, minReplicas, replicas } of chosen) {
    expect(replicas).toBeGreaterThan(minReplicas);
    expect((await deployment(name)).spec.replicas).toBe(replicas);
    expect(await readyPods(cluster, `app.kubernetes.io/instance=${name}`)).toHaveLength(replicas);
  }
});
