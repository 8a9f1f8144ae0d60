/** Compares what `fit` predicts with what the real scheduler does, for random variants and clusters. */
import { App, Chart, Testing } from 'cdk8s';
import fc from 'fast-check';
import { stringify } from 'yaml';

import { type ClusterNode, clusterOf } from '../../infra/scheduler/cluster';
import { InferenceService } from '../../infra/construct/inference-service';
import { nodesFor } from '../../infra/fit/observed-cluster';
import { readCluster } from '../../infra/fit/read-cluster';
import { minReplicasOf } from '../../infra/construct/replicas';
import { place } from '../../infra/scheduler/scheduling';
import type { Resources, Scaling } from '../../infra/variants';
import { must } from '../../bench/lab/lab-cluster';
import { NAMESPACE, podsOf, setNodes, settled } from '../../bench/lab/simulated-nodes';
import { clusterOfTest } from './set-up';

const cluster = clusterOfTest();
const CASES = 40;
const SEED = 20_261_124;

interface Case {
  readonly nodes: readonly ClusterNode[];
  readonly resources: Resources;
  readonly scaling: Scaling;
}

const MEBIBYTE = 1024 ** 2;

/** Nodes of unequal size, some tainted, some with few free pods; requests in both notations; both kinds of scaling. */
const randomCase: fc.Arbitrary<Case> = fc.record({
  nodes: fc
    .array(
      fc.record({
        cpuAllocatableMillis: fc.integer({ min: 900, max: 8000 }),
        memoryMebibytes: fc.integer({ min: 1024, max: 16_384 }),
        podsFree: fc.oneof({ weight: 4, arbitrary: fc.constant(109) }, fc.integer({ min: 0, max: 3 })),
        tainted: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
        cordoned: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
        taintsPreferNoSchedule: fc.oneof(
          { weight: 4, arbitrary: fc.constant(0) },
          fc.integer({ min: 1, max: 2 }),
        ),
      }),
      { minLength: 2, maxLength: 6 },
    )
    .map((sizes) =>
      sizes.map(({ memoryMebibytes, ...size }, i) => {
        const memoryAllocatableBytes = memoryMebibytes * MEBIBYTE;
        const [node] = clusterOf({ nodes: 1, controlPlane: false, memoryAllocatableBytes, ...size });
        return { ...node!, ...size, name: `node-${i}` };
      }),
    ),
  resources: fc
    .tuple(fc.integer({ min: 50, max: 2000 }), fc.integer({ min: 64, max: 4000 }), fc.boolean())
    .map(([millis, mebibytes, binary]) => {
      const memory = binary ? `${mebibytes}Mi` : String(mebibytes * MEBIBYTE + 1);
      const amounts = { cpu: `${millis}m`, memory };
      return { requests: amounts, limits: amounts };
    }),
  scaling: fc.oneof(
    fc.record({ kind: fc.constant('fixed' as const), replicas: fc.integer({ min: 1, max: 12 }) }),
    fc.record({
      kind: fc.constant('hpa' as const),
      minReplicas: fc.integer({ min: 1, max: 6 }),
      maxReplicas: fc.constant(8),
      targetCpuPercent: fc.constant(60),
    }),
  ),
});

const cases = fc.sample(randomCase, { numRuns: CASES, seed: SEED });

beforeAll(() =>
  must(
    cluster,
    ['apply', '-f', '-'],
    stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }),
  ),
);

test(`of the ${CASES} cases, some run all pods, some none and some a part, and many have no tie`, () => {
  const kinds = cases.map(({ nodes, resources, scaling }) => {
    const replicas = minReplicasOf(scaling);
    const { pending } = place(replicas, resources, nodes);
    return pending === 0 ? 'none' : pending === replicas ? 'all' : 'some';
  });
  const spread = cases.filter(({ nodes, resources, scaling }) => {
    const replicas = minReplicasOf(scaling);
    const { placed, tied } = place(replicas, resources, nodes);
    return !tied && placed.filter(({ pods }) => pods > 0).length > 1;
  });
  expect(spread.length).toBeGreaterThanOrEqual(CASES / 4);
  for (const kind of ['none', 'some', 'all']) {
    expect(kinds.filter((each) => each === kind).length).toBeGreaterThanOrEqual(3);
  }
});

test.each(cases.map((each, i) => [i, each] as const))(
  'case %i: the scheduler places the pods as fit predicts, with the same number Pending for the same reason',
  async (_, { nodes, resources, scaling }) => {
    await setNodes(cluster, nodes);
    const chart = new Chart(new App(), 'random', { disableResourceNameHashes: true });
    const variant = { name: 'random', namespace: NAMESPACE, model: 'accuracy', image: 'tandem:test' };
    new InferenceService(chart, 'random', {
      ...variant,
      resources,
      scaling,
    });
    const manifests = (Testing.synth(chart) as object[]).map((each) => stringify(each)).join('---\n');
    await must(cluster, ['apply', '-f', '-'], manifests);
    const replicas = minReplicasOf(scaling);
    const { running, pending, reason } = await settled(cluster, replicas);

    const predicted = place(replicas, resources, nodes);
    expect({ running, pending }).toEqual({
      running: replicas - predicted.pending,
      pending: predicted.pending,
    });
    expect(reason.startsWith(predicted.reason)).toBe(true);
    const pods = await podsOf(cluster);
    const found = nodes.map(({ name }) => pods.filter(({ spec }) => spec.nodeName === name).length);
    if (!predicted.tied) expect(found).toEqual(predicted.placed.map((on) => on.pods));
    const path = process.env['PATH'];
    process.env['PATH'] = `${cluster.bin}:${path}`;
    const observed = nodesFor(variant, readCluster(cluster.kubeconfig, NAMESPACE));
    process.env['PATH'] = path;
    expect(place(replicas, resources, observed).pending).toBe(pending);
  },
);
