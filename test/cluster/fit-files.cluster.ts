/**
 * Compares what `fit --file` predicts with what the real scheduler does, for random Deployments: with init containers and
 * sidecars, node selectors and affinity, tolerations, topology spread, affinity between pods and ports of the node.
 */
import fc from 'fast-check';
import { stringify } from 'yaml';

import { getJson, must } from '../../bench/lab/lab-cluster';
import { until } from '../../bench/lab/poll';
import { NAMESPACE, podsOf, removeAll, setNodes } from '../../bench/lab/simulated-nodes';
import { type ClusterNode, clusterOf } from '../../infra/scheduler/cluster';
import { fitManifests } from '../../infra/fit/fit-files';
import { readCluster } from '../../infra/fit/read-cluster';
import { objectsIn } from '../../infra/fit/read-manifests';
import { manifestsOf } from '../../infra/fit/workloads';
import { clusterOfTest } from './set-up';

const cluster = clusterOfTest();
/** Few, so that CI stays short; `CASES=60` compares more. */
const CASES = Number(process.env['CASES'] ?? 10);
const SEED = 20_261_129;

const ZONE = 'topology.kubernetes.io/zone';
const HOSTNAME = 'kubernetes.io/hostname';
const TAINT = 'node-role.kubernetes.io/control-plane';

interface Case {
  readonly nodes: readonly (ClusterNode & { readonly labels: Readonly<Record<string, string>> })[];
  readonly deployments: readonly {
    readonly name: string;
    readonly replicas: number;
    readonly spec: object;
  }[];
}

/** A value in one case of `oneIn`, else undefined. */
const maybe = <T>(oneIn: number, value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const nodes = fc
  .array(
    fc.record({
      cpuAllocatableMillis: fc.integer({ min: 1500, max: 6000 }),
      gibibytes: fc.integer({ min: 3, max: 12 }),
      tainted: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
      zone: maybe(5, fc.constant('')).chain((none) =>
        none === undefined ? fc.constantFrom('a', 'b') : fc.constant(none),
      ),
      disk: fc.constantFrom('ssd', 'hdd'),
    }),
    { minLength: 2, maxLength: 5 },
  )
  .map((sizes) =>
    sizes.map(({ cpuAllocatableMillis, gibibytes, tainted, zone, disk }, i) => {
      const memoryAllocatableBytes = gibibytes * 1024 ** 3;
      const [node] = clusterOf({
        nodes: 1,
        controlPlane: false,
        cpuAllocatableMillis,
        memoryAllocatableBytes,
      });
      const labels = { disk, ...(zone === '' ? {} : { [ZONE]: zone }) };
      return { ...node!, name: `node-${i}`, tainted, labels };
    }),
  );

const topologyKey = fc.constantFrom(HOSTNAME, HOSTNAME, ZONE);
const resources = fc
  .record({
    cpu: maybe(8, fc.constant(0)),
    millis: fc.integer({ min: 100, max: 1500 }),
    mebibytes: fc.integer({ min: 64, max: 1500 }),
  })
  .map(({ cpu, millis, mebibytes }) => ({
    requests: { ...(cpu === undefined ? { cpu: `${millis}m` } : {}), memory: `${mebibytes}Mi` },
  }));
const labelSelector = fc.constantFrom('a', 'a', 'b').map((app) => ({ matchLabels: { app } }));
const podAffinityTerm = fc.record({ labelSelector, topologyKey });
const weight = fc.integer({ min: 1, max: 100 });
const preference = fc.constantFrom('ssd', 'hdd').map((disk) => ({
  matchExpressions: [{ key: 'disk', operator: 'In', values: [disk] }],
}));

/** Without the fields that are undefined, which YAML would write as null. */
const stated = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const spread = fc
  .record({
    maxSkew: fc.integer({ min: 1, max: 2 }),
    topologyKey,
    whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'ScheduleAnyway'),
    labelSelector,
    matchLabelKeys: maybe(3, fc.constant(['pod-template-hash'])),
    nodeTaintsPolicy: maybe(3, fc.constant('Honor')),
  })
  .map(stated);
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const nodeAffinity = fc.oneof(
  fc.record({ weight, preference }).map((each) => ({ [preferred]: [each] })),
  preference.map((term) => ({ [required]: { nodeSelectorTerms: [term] } })),
);
const podAntiAffinity = fc.oneof(
  podAffinityTerm.map((term) => ({ [required]: [term] })),
  fc.record({ weight, podAffinityTerm }).map((each) => ({ [preferred]: [each] })),
);
const podAffinity = fc.oneof(
  fc.record({ weight, podAffinityTerm }).map((each) => ({ [preferred]: [each] })),
  topologyKey.map((key) => ({
    [required]: [{ topologyKey: key, labelSelector: { matchLabels: { app: 'a' } } }],
  })),
);

const podSpec = fc
  .record({
    app: resources,
    init: maybe(4, resources),
    sidecar: maybe(4, resources),
    hostPort: maybe(8, fc.constant(8080)),
    nodeSelector: maybe(5, fc.constant({ disk: 'ssd' })),
    tolerations: maybe(3, fc.constant([{ key: TAINT, operator: 'Exists' }])),
    nodeAffinity: maybe(4, nodeAffinity),
    podAntiAffinity: maybe(3, podAntiAffinity),
    podAffinity: maybe(5, podAffinity),
    topologySpreadConstraints: maybe(2, fc.array(spread, { minLength: 1, maxLength: 2 })),
  })
  .map(
    ({
      app,
      init,
      sidecar,
      hostPort,
      nodeAffinity: toNodes,
      podAntiAffinity: away,
      podAffinity: to,
      ...rest
    }) => {
      const affinity = stated({ nodeAffinity: toNodes, podAntiAffinity: away, podAffinity: to });
      const container = { name: 'app', image: 'app:test', resources: app };
      const ports = hostPort === undefined ? {} : { ports: [{ containerPort: hostPort, hostPort }] };
      // Kubernetes refuses two constraints with one topology key and one answer.
      const constraints = (rest.topologySpreadConstraints ?? []) as Record<string, unknown>[];
      const distinct = new Map(
        constraints.map((each) => [`${each['topologyKey']} ${each['whenUnsatisfiable']}`, each]),
      );
      return stated({
        ...rest,
        topologySpreadConstraints: constraints.length === 0 ? undefined : [...distinct.values()],
        affinity: Object.keys(affinity).length === 0 ? undefined : affinity,
        terminationGracePeriodSeconds: 0,
        initContainers: [
          ...(sidecar === undefined
            ? []
            : [{ name: 'sidecar', image: 'app:test', restartPolicy: 'Always', resources: sidecar }]),
          ...(init === undefined ? [] : [{ name: 'init', image: 'app:test', resources: init }]),
        ],
        containers: [{ ...container, ...ports }],
      });
    },
  );

const randomCase: fc.Arbitrary<Case> = fc.record({
  nodes,
  deployments: fc
    .array(fc.record({ replicas: fc.integer({ min: 1, max: 7 }), spec: podSpec }), {
      minLength: 1,
      maxLength: 2,
    })
    .map((found) => found.map((each, i) => ({ ...each, name: i === 0 ? 'a' : 'b' }))),
});
const cases = fc.sample(randomCase, { numRuns: CASES, seed: SEED });

/** The manifest of a Deployment; the label is that by which `removeAll` finds it. */
const manifest = ({ name, replicas, spec }: Case['deployments'][number]) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { 'app.kubernetes.io/part-of': 'tandem' } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec },
  },
});

const yaml = (documents: readonly object[]) =>
  documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n');

beforeAll(async () => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await must(cluster, ['apply', '-f', '-'], yaml([namespace]));
  await until('the default ServiceAccount of the namespace', async () =>
    (await getJson(cluster, `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`)).kind ===
    'ServiceAccount'
      ? true
      : undefined,
  );
});
afterEach(() => removeAll(cluster));

function predictionFor({ deployments }: Case) {
  const path = process.env['PATH'];
  process.env['PATH'] = `${cluster.bin}:${path}`;
  try {
    const observed = readCluster(cluster.kubeconfig, NAMESPACE);
    const objects = objectsIn(new Map([['random.yaml', yaml(deployments.map(manifest))]]), NAMESPACE);
    return fitManifests(manifestsOf(objects), { clusterOf: () => observed, isDescribed: false }).fits;
  } finally {
    process.env['PATH'] = path;
  }
}

/** Waits until each pod of a Deployment has a node or the scheduler's word that there is none. */
const decided = (name: string, replicas: number) =>
  until(`${replicas} pods of ${name} are placed or unschedulable`, async () => {
    const pods = await podsOf(cluster, `app=${name}`);
    const placed = pods.filter(({ spec }) => spec.nodeName !== undefined);
    const words = pods.flatMap(({ status }) =>
      (status.conditions ?? []).filter(
        (each: any) => each.type === 'PodScheduled' && each.reason === 'Unschedulable',
      ),
    );
    if (pods.length !== replicas || placed.length + words.length !== replicas) return undefined;
    return {
      nodeNames: placed.map(({ spec }) => spec.nodeName as string),
      words: words.map(({ message }) => message),
    };
  });

const HARD = ['join', 'avoid', 'repelled'];
let [ran, compared, leftPending] = [0, 0, 0];

test.each(cases.map((each, i) => [i, each] as const))(
  'case %i: the scheduler places the pods of each Deployment as fit predicts, or leaves them Pending for the same reason',
  async (_, each) => {
    await setNodes(cluster, each.nodes, (name) => each.nodes.find((node) => node.name === name)!.labels);
    const predictions = predictionFor(each);
    ran++;
    for (const [i, deployment] of each.deployments.entries()) {
      const { demand, placements, notCounted } = predictions[i]!;
      const { placed, pending, reason, tied } = placements[0]!;
      await must(cluster, ['apply', '--namespace', NAMESPACE, '-f', '-'], yaml([manifest(deployment)]));
      const found = await decided(deployment.name, deployment.replicas);
      // A tie decides by chance where a pod goes, and with a hard rule also how many find a place.
      const isHard = demand.rules!.some(
        (rule) => HARD.includes(rule.kind) || ('isHard' in rule && rule.isHard),
      );
      if (notCounted.length > 0 || (tied && isHard)) break;
      expect(found.words).toHaveLength(pending);
      if (pending > 0) leftPending++;
      if (tied) break;
      compared++;
      for (const word of found.words) expect(word.slice(0, reason.length)).toBe(reason);
      const pods = placed.map(({ node }) => found.nodeNames.filter((name) => name === node.name).length);
      expect(pods).toEqual(placed.map((on) => on.pods));
    }
  },
);

test('of the Deployments, at least a third are decided without a tie, so that every place is compared', () => {
  // With a choice of single cases there is nothing to say about all of them.
  if (ran === CASES) expect(compared).toBeGreaterThanOrEqual(CASES / 3);
});

test('of the Deployments, some leave pods Pending', () => {
  if (ran === CASES) expect(leftPending).toBeGreaterThan(0);
});

test('of the cases, at least a tenth have each of the rules', () => {
  const first = (is: (spec: any) => boolean) =>
    cases.filter(({ deployments }) => is(deployments[0]!.spec)).length;
  const least = Math.floor(CASES / 10);
  expect(first(({ affinity }) => affinity?.podAntiAffinity !== undefined)).toBeGreaterThanOrEqual(least);
  expect(first(({ affinity }) => affinity?.podAffinity !== undefined)).toBeGreaterThanOrEqual(least);
  expect(first(({ affinity }) => affinity?.nodeAffinity !== undefined)).toBeGreaterThanOrEqual(least);
  expect(
    first(({ topologySpreadConstraints: all = [] }) =>
      all.some(({ whenUnsatisfiable }: any) => whenUnsatisfiable === 'DoNotSchedule'),
    ),
  ).toBeGreaterThanOrEqual(least);
  expect(first(({ initContainers }) => initContainers.length > 0)).toBeGreaterThanOrEqual(least);
});
