/** What the PodDisruptionBudgets allow a drain to do. */
import { stringify } from 'yaml';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { CLUSTER, clusterOf } from '../../infra/scheduler/cluster';
import { synthesize } from '../../infra/main';
import { minReplicasOf } from '../../infra/construct/replicas';
import { VARIANTS } from '../../infra/variants';
import { getJson, kubectl, must } from '../../bench/lab/lab-cluster';
import { NAMESPACE, podsOf, readyPods, removeAll, setNodes, settled } from '../../bench/lab/simulated-nodes';
import { clusterOfTest } from './set-up';

const cluster = clusterOfTest();
const folder = mkdtempSync(join(tmpdir(), 'tandem-drain-'));
/** More and larger workers than the reference's, so that all pods of a variant fit on one. */
const ROOMY = clusterOf({
  nodes: 4,
  cpuAllocatableMillis: 2 * CLUSTER[0]!.cpuAllocatableMillis,
  memoryAllocatableBytes: 2 * CLUSTER[0]!.memoryAllocatableBytes,
  controlPlane: true,
});

const drain = (node: string, ...options: string[]) =>
  kubectl(cluster, [
    ...['drain', node, '--delete-emptydir-data', `--pod-selector=app.kubernetes.io/part-of=tandem`],
    ...options,
  ]);

beforeAll(async () => {
  const warnings = jest.spyOn(console, 'error').mockImplementation();
  synthesize(folder, { TANDEM_BASIS: 'node' });
  warnings.mockRestore();
  await must(cluster, ['apply', '-f', join(folder, '00-namespace.k8s.yaml')]);
});
afterEach(() => removeAll(cluster));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The variants with a budget, each with its minimum of replicas. */
const BUDGETED = VARIANTS.flatMap(({ name, kind, scaling }) => {
  return kind === 'single-pod' ? [] : [[name, minReplicasOf(scaling)] as const];
});

/** Applies a variant so that all of its pods are on one worker. */
async function applyOnOneWorker(name: string, replicas: number): Promise<void> {
  await setNodes(cluster, ROOMY);
  await must(cluster, ['cordon', 'worker-2', 'worker-3']);
  await must(cluster, ['apply', '-f', join(folder, `${name}.k8s.yaml`)]);
  await settled(cluster, replicas);
  const nodes = (await podsOf(cluster)).map(({ spec }) => spec.nodeName as string);
  expect(new Set(nodes)).toEqual(new Set(['worker-1']));
}

test.each(BUDGETED)(
  'draining the node with all pods of %s moves them one at a time: of %i, at most one is missing',
  async (name, replicas) => {
    await applyOnOneWorker(name, replicas);
    await must(cluster, ['uncordon', 'worker-2', 'worker-3']);
    let minReady = replicas;
    const drained = new AbortController();
    const watching = (async () => {
      while (!drained.signal.aborted) {
        minReady = Math.min(minReady, (await readyPods(cluster)).length);
        await sleep(10);
      }
    })();
    const { code, stderr } = await drain('worker-1', '--timeout=60s');
    drained.abort();
    await watching;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    await settled(cluster, replicas);
    const after = (await podsOf(cluster)).map(({ spec }) => spec.nodeName as string);
    expect(after).not.toContain('worker-1');
    expect(minReady).toBeGreaterThanOrEqual(replicas - 1);
  },
);

test.each(BUDGETED)(
  '%s with %i pods: the second is not evicted while the first is missing',
  async (name, replicas) => {
    await applyOnOneWorker(name, replicas);
    // The first pod must not be replaced meanwhile.
    await must(cluster, ['cordon', 'worker-1']);
    const evict = (pod: string) => {
      const eviction = {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: pod, namespace: NAMESPACE },
      };
      const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod}/eviction`;
      return kubectl(cluster, ['create', '--raw', path, '-f', '-'], JSON.stringify(eviction));
    };
    const [first, second] = (await podsOf(cluster)).map(({ metadata }) => metadata.name as string);
    expect((await evict(first!)).code).toBe(0);
    const refused = await evict(second!);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("would violate the pod's disruption budget");
    expect(await readyPods(cluster)).toHaveLength(replicas - 1);
  },
);

test('a pod that is not ready does not block a drain', async () => {
  await setNodes(cluster, CLUSTER);
  await must(cluster, ['apply', '-f', join(folder, 'latency-max-size.k8s.yaml')]);
  await settled(cluster, 2);
  const unready = (await podsOf(cluster)).find(({ spec }) => spec.nodeName === 'worker-1');
  const status = { conditions: [{ type: 'Ready', status: 'False' }] };
  await must(cluster, [
    ...['patch', 'pod', unready.metadata.name, '--namespace', NAMESPACE, '--subresource=status'],
    ...['--type=strategic', '--patch', stringify({ status })],
  ]);
  const healthy = (await readyPods(cluster)).map(({ metadata }) => metadata.name);
  expect(healthy).not.toContain(unready.metadata.name);
  const budget = await getJson(
    cluster,
    `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets/latency-max-size`,
  );
  expect(budget.spec.unhealthyPodEvictionPolicy).toBe('AlwaysAllow');
  expect((await drain('worker-1', '--timeout=60s')).code).toBe(0);
  expect((await readyPods(cluster)).map(({ metadata }) => metadata.name)).toEqual(
    expect.arrayContaining(healthy),
  );
});
