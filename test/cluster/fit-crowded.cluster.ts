/**
 * Compares what `fit --kubeconfig` predicts with what the real control plane does, on random clusters that others use too:
 * with nodes of two architectures, pods of several priorities, resizes in progress, quotas and limit ranges.
 */
import { App, Chart, Testing } from 'cdk8s';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';

import { type ClusterNode, clusterOf } from '../../infra/scheduler/cluster';
import { fitOf } from '../../infra/fit/fit';
import { IMAGE_ARCHITECTURES } from '../../infra/construct/deployment-defaults';
import { InferenceService } from '../../infra/construct/inference-service';
import type { Architecture } from '../../infra/construct/inference-service-props';
import { ARCHITECTURE_LABEL } from '../../infra/construct/node-affinity';
import { nodesFor, surroundingsFor } from '../../infra/fit/observed-cluster';
import { readCluster } from '../../infra/fit/read-cluster';
import type { Variant } from '../../infra/variants';
import { getJson, must } from '../../bench/lab/lab-cluster';
import { until } from '../../bench/lab/poll';
import { NAMESPACE, podsOf, removeAll, setNodes } from '../../bench/lab/simulated-nodes';
import { clusterOfTest } from './set-up';

const cluster = clusterOfTest();
/** Few, so that CI stays short; `CASES=60` compares more. */
const CASES = Number(process.env['CASES'] ?? 20);
const SEED = 20_261_128;
/** Only a wrong prediction waits so long. */
const SETTLED_TIMEOUT_MS = 60_000;
/** Image of our pods, which no node pulls. */
const OUR_IMAGE = 'tandem:test';
/** Namespace of the pods of others. */
const OTHERS = 'zz-others';
/** Priority classes of the pods of others; ours have priority 0. */
const PRIORITIES = { low: -10, lower: -20, high: 10 } as const;

interface OtherPod {
  readonly node: number;
  readonly cpuMillis: number;
  readonly memoryMebibytes: number;
  readonly priority: keyof typeof PRIORITIES;
  /** CPU in force while a resize to `cpuMillis` is in progress. */
  readonly inForceMillis: number | undefined;
}

interface Case {
  readonly nodes: readonly ClusterNode[];
  /** Of the first node; the others are amd64. */
  readonly architecture: Architecture;
  /** Those for which the image is built. */
  readonly architectures: readonly Architecture[];
  readonly others: readonly OtherPod[];
  readonly variant: Variant;
  readonly quota: Readonly<Record<string, string>> | undefined;
  readonly limitRange: Readonly<Record<string, object>> | undefined;
}

/** A value in one case of `oneIn`, else undefined. */
const maybe = <T>(oneIn: number, value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const nodes = fc
  .array(
    fc.record({ cpu: fc.integer({ min: 2000, max: 6000 }), gibibytes: fc.integer({ min: 4, max: 12 }) }),
    {
      minLength: 2,
      maxLength: 4,
    },
  )
  .map((sizes) =>
    sizes.map(({ cpu, gibibytes }, i) => {
      const [node] = clusterOf({
        nodes: 1,
        controlPlane: false,
        cpuAllocatableMillis: cpu,
        memoryAllocatableBytes: gibibytes * 1024 ** 3,
      });
      return { ...node!, name: `node-${i}` };
    }),
  );

const others = fc.array(
  fc.record({
    node: fc.nat({ max: 3 }),
    cpuMillis: fc.integer({ min: 100, max: 1500 }),
    memoryMebibytes: fc.integer({ min: 64, max: 2048 }),
    priority: fc.constantFrom<keyof typeof PRIORITIES>('low', 'lower', 'high'),
    inForceMillis: maybe(2, fc.integer({ min: 100, max: 2000 })),
  }),
  { maxLength: 6 },
);

const variant = fc
  .record({
    cpuMillis: fc.integer({ min: 200, max: 2000 }),
    memoryMebibytes: fc.integer({ min: 128, max: 3000 }),
    replicas: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ cpuMillis, memoryMebibytes, replicas }): Variant => {
    const memory = `${memoryMebibytes}Mi`;
    return {
      name: 'random',
      kind: 'max-size',
      model: 'accuracy',
      resources: {
        requests: { cpu: `${cpuMillis}m`, memory },
        limits: { cpu: `${2 * cpuMillis}m`, memory },
      },
      podsOnNode: 0,
      scaling: { kind: 'fixed', replicas },
      source: 'a test',
    };
  });

const quota = fc.oneof(
  fc.integer({ min: 1, max: 6 }).map((pods) => ({ pods: String(pods), services: '5' })),
  fc.integer({ min: 500, max: 8000 }).map((millis) => ({ 'requests.cpu': `${millis}m`, pods: '20' })),
  fc.integer({ min: 500, max: 9000 }).map((mebibytes) => ({ 'limits.memory': `${mebibytes}Mi` })),
);
const limitRange = fc.oneof(
  fc.integer({ min: 1000, max: 4000 }).map((millis) => ({ max: { cpu: `${millis}m` } })),
  fc.constantFrom('1500m', '2', '3').map((ratio) => ({ maxLimitRequestRatio: { cpu: ratio } })),
);

const randomCase: fc.Arbitrary<Case> = fc.record({
  nodes,
  architecture: fc.constantFrom<Architecture>('amd64', 'arm64', 's390x'),
  architectures: fc.constantFrom<readonly Architecture[]>(IMAGE_ARCHITECTURES, ['amd64']),
  others,
  variant,
  quota: maybe(2, quota),
  limitRange: maybe(4, limitRange),
});
const cases = fc.sample(randomCase, { numRuns: CASES, seed: SEED });

const yaml = (documents: readonly object[]) =>
  documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n');
const namespaced = (kind: string, name: string, spec: object, apiVersion = 'v1') => ({
  apiVersion,
  kind,
  metadata: { name, namespace: NAMESPACE },
  spec,
});

beforeAll(async () => {
  const namespaces = [NAMESPACE, OTHERS].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }));
  const classes = Object.entries(PRIORITIES).map(([name, value]) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
  }));
  await must(cluster, ['apply', '-f', '-'], yaml([...namespaces, ...classes]));
  await until('the default ServiceAccount of the others', async () =>
    (await getJson(cluster, `/api/v1/namespaces/${OTHERS}/serviceaccounts/default`)).kind === 'ServiceAccount'
      ? true
      : undefined,
  );
});

const othersNow = async (): Promise<any[]> =>
  (await getJson(cluster, `/api/v1/namespaces/${OTHERS}/pods`)).items as any[];

/** Adds the pods of others, with their resizes in progress. */
async function addOthers({ nodes: on, others: pods }: Case): Promise<void> {
  const objects = pods.map(({ node, cpuMillis, memoryMebibytes, priority }, i) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `other-${i}`, namespace: OTHERS },
    spec: {
      nodeName: on[node % on.length]!.name,
      priorityClassName: priority,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'app',
          image: 'other:test',
          resources: { requests: { cpu: `${cpuMillis}m`, memory: `${memoryMebibytes}Mi` } },
        },
      ],
    },
  }));
  if (objects.length === 0) return;
  await must(cluster, ['apply', '-f', '-'], yaml(objects));
  await until('the others’ pods run', async () =>
    (await othersNow()).filter(({ status }) => status.phase === 'Running').length === pods.length
      ? true
      : undefined,
  );
  for (const [i, { inForceMillis, memoryMebibytes }] of pods.entries()) {
    if (inForceMillis === undefined) continue;
    const inForce = { cpu: `${inForceMillis}m`, memory: `${memoryMebibytes}Mi` };
    const { status } = (await othersNow()).find(({ metadata }) => metadata.name === `other-${i}`);
    const [container] = status.containerStatuses;
    const containerStatuses = [
      { ...container, allocatedResources: inForce, resources: { requests: inForce } },
    ];
    await must(cluster, [
      ...['patch', 'pod', `other-${i}`, '--namespace', OTHERS, '--subresource=status', '--type=merge'],
      ...['--patch', JSON.stringify({ status: { containerStatuses } })],
    ]);
  }
}

/** Bounds the namespace and waits until the quota is in force. */
async function addBounds({ quota: hard, limitRange: limits }: Case): Promise<void> {
  const objects = [
    ...(hard === undefined ? [] : [namespaced('ResourceQuota', 'team', { hard })]),
    ...(limits === undefined
      ? []
      : [namespaced('LimitRange', 'team', { limits: [{ type: 'Container', ...limits }] })]),
  ];
  if (objects.length > 0) await must(cluster, ['apply', '-f', '-'], yaml(objects));
  if (hard === undefined) return;
  await until('the quota is counted', async () => {
    const { status } = await getJson(cluster, `/api/v1/namespaces/${NAMESPACE}/resourcequotas/team`);
    return status?.hard === undefined ? undefined : true;
  });
}

afterEach(async () => {
  await removeAll(cluster);
  await must(cluster, ['delete', 'resourcequotas,limitranges', '--all', '--namespace', NAMESPACE]);
  await must(cluster, ['delete', 'pods', '--all', '--namespace', OTHERS, '--force', '--grace-period=0']);
  await until('the others’ pods are gone', async () => ((await othersNow()).length === 0 ? true : undefined));
});

function predictionFor({ variant: asked, architectures }: Case) {
  const path = process.env['PATH'];
  process.env['PATH'] = `${cluster.bin}:${path}`;
  try {
    const observed = readCluster(cluster.kubeconfig, NAMESPACE);
    const { name, model } = asked;
    const own = { name, model, image: OUR_IMAGE, namespace: NAMESPACE, architectures };
    const surroundings = surroundingsFor(own, observed);
    const fit = fitOf(asked, 'container', nodesFor(own, observed), surroundings);
    return { ...fit.placements[0]!, unread: observed.unread };
  } finally {
    process.env['PATH'] = path;
  }
}

/** What the control plane made of a Deployment: pods that run, pods that wait, and why some do not exist. */
async function outcome() {
  const pods = await podsOf(cluster);
  const running = pods.filter(({ status }) => status.phase === 'Running').length;
  const { status } = await getJson(cluster, `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/random`);
  const failure = (status?.conditions ?? []).find(({ type }: { type: string }) => type === 'ReplicaFailure');
  const preempted = (await othersNow()).length;
  return {
    running,
    pending: pods.length - running,
    refusal: (failure?.message ?? '') as string,
    others: preempted,
  };
}

/** Cases that ran, and those in which pods of others give way or pods of ours are refused. */
const happened = { ran: 0, preempted: 0, refused: 0 };

test.each(cases.map((each, i) => [i, each] as const))(
  'case %i: as many pods are created, run and stay Pending as fit predicts, and as many of others give way',
  async (_, each) => {
    const first = each.nodes[0]!.name;
    await setNodes(cluster, each.nodes, (name) =>
      name === first ? { [ARCHITECTURE_LABEL]: each.architecture } : {},
    );
    await addOthers(each);
    await addBounds(each);
    const predicted = predictionFor(each);
    happened.ran++;
    if (predicted.preempted.length > 0) happened.preempted++;
    if (predicted.notCreated > 0) happened.refused++;
    expect(predicted.unread).toEqual([]);
    const chart = new Chart(new App(), 'random', { disableResourceNameHashes: true });
    const { name, model, resources, scaling } = each.variant;
    new InferenceService(chart, name, {
      name,
      namespace: NAMESPACE,
      model,
      image: OUR_IMAGE,
      resources,
      scaling,
      architectures: each.architectures,
    });
    await must(cluster, ['apply', '-f', '-'], yaml(Testing.synth(chart) as object[]));

    const expected = {
      running: predicted.replicas - predicted.notCreated - predicted.pending,
      pending: predicted.pending,
      others: each.others.length - predicted.preempted.length,
    };
    let last: Awaited<ReturnType<typeof outcome>> | undefined;
    const settled = async () => {
      last = await outcome();
      const isRefused = last.refusal !== '';
      const same = (Object.keys(expected) as (keyof typeof expected)[]).every(
        (key) => last![key] === expected[key],
      );
      return same && isRefused === predicted.notCreated > 0 ? true : undefined;
    };
    await until('the control plane does as predicted', settled, SETTLED_TIMEOUT_MS).catch(() => undefined);
    // A preemption takes some cycles: what is true now must stay true.
    await sleep(500);
    await settled();
    expect(last).toMatchObject(expected);
    if (predicted.notCreated > 0) expect(last!.refusal).toContain(predicted.refusal);
    else expect(last!.refusal).toBe('');
  },
);

test('of the cases, some preempt and some are refused', () => {
  // With a choice of single cases there is nothing to say about all of them.
  if (happened.ran < CASES) return;
  expect(happened.preempted).toBeGreaterThan(0);
  expect(happened.refused).toBeGreaterThan(0);
});

test('of the cases, some have pods of lower priority, some resizes, some bounds and some a node of another architecture', () => {
  const share = (is: (each: Case) => boolean) => cases.filter(is).length / cases.length;
  expect(share(({ architecture, architectures }) => !architectures.includes(architecture))).toBeGreaterThan(
    0.3,
  );
  expect(share(({ others: pods }) => pods.some(({ priority }) => priority !== 'high'))).toBeGreaterThan(0.3);
  expect(
    share(({ others: pods }) => pods.some(({ inForceMillis }) => inForceMillis !== undefined)),
  ).toBeGreaterThan(0.3);
  expect(share(({ quota: hard }) => hard !== undefined)).toBeGreaterThan(0.3);
  expect(share(({ limitRange: limits }) => limits !== undefined)).toBeGreaterThan(0.05);
});
