/** What the PodDisruptionBudgets let a drain do. */
import { stringify } from 'yaml';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { CLUSTER, clusterOf } from '../../infra/cluster';
import { synthesize } from '../../infra/main';
import { getJson, kubectl, must } from './control-plane';
import { NAMESPACE, podsOf, readyPods, removeAll, setNodes, settled } from './nodes';
import { clusterOfTest } from './set-up';

const cluster = clusterOfTest();
const folder = mkdtempSync(join(tmpdir(), 'tandem-drain-'));
/** More and larger workers than the reference has, so that all pods have a place on the one that is left. */
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

test.each([
  ['accuracy-max-size', 4],
  ['latency-max-size', 2],
  ['accuracy-hpa', 2],
  ['latency-hpa', 2],
])(
  'a drain of two nodes in turn moves the pods of %s, one at a time, never below its floor of %i less 1',
  async (name, replicas) => {
    await setNodes(cluster, ROOMY);
    await must(cluster, ['apply', '-f', join(folder, `${name}.k8s.yaml`)]);
    await settled(cluster, replicas);
    let fewest = replicas;
    const drained = new AbortController();
    const watching = (async () => {
      while (!drained.signal.aborted) {
        fewest = Math.min(fewest, (await readyPods(cluster)).length);
        await sleep(10);
      }
    })();
    for (const node of ['worker-1', 'worker-2']) {
      const { code, stderr } = await drain(node, '--timeout=60s');
      expect({
        code,
        stderr: stderr.replace(/^(error when evicting|Warning:).*$/gm, '').trim(),
      }).toMatchObject({
        code: 0,
      });
    }
    drained.abort();
    await watching;
    await settled(cluster, replicas);
    const after = await podsOf(cluster);
    expect(new Set(after.map(({ spec }) => spec.nodeName))).toEqual(new Set(['worker-3']));
    expect(fewest).toBeGreaterThanOrEqual(replicas - 1);
  },
);

test('two pods of one budget are not evicted at once: the second eviction is refused', async () => {
  await setNodes(cluster, CLUSTER);
  await must(cluster, ['apply', '-f', join(folder, 'latency-max-size.k8s.yaml')]);
  await settled(cluster, 2);
  // Nothing may come back while the first is gone.
  await must(cluster, ['cordon', 'worker-1', 'worker-2']);
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
  expect((await readyPods(cluster)).map(({ metadata }) => metadata.name)).toEqual([second]);
});

test('a pod that never became ready does not hold up a drain', async () => {
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
  expect((await drain('worker-1', '--timeout=20s')).code).toBe(0);
  expect((await readyPods(cluster)).map(({ metadata }) => metadata.name)).toEqual(
    expect.arrayContaining(healthy),
  );
});
