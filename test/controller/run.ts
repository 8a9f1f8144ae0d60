/**
 * Lets a real kube-controller-manager with Kubernetes' own constants decide for many HPAs at once, and `bench/autoscaler/`
 * from what it saw in each sync: `npm run validate:controller`. Exits with 1 if they do not agree.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { Command, InvalidArgumentError } from 'commander';

import { startControlPlane } from '../../bench/lab/control-plane';
import { type LabCluster, must } from '../../bench/lab/lab-cluster';
import { serveMetricsApi } from '../../bench/lab/metrics-stand-in';
import { NAMESPACE, podsOf, readyPods, setNodes } from '../../bench/lab/simulated-nodes';
import { until } from '../../bench/lab/poll';
import { PACKAGE_ROOT } from '../../files/package-root';
import { CLUSTER, clusterOf } from '../../infra/scheduler/cluster';
import type { Scenario } from '../autoscaler/compare';
import { pipeline, type PlantPod } from './pipeline';
import { recorder, seenPod } from './record';
import { drawSubjects, type Subject } from './subjects';
import { type Tally, tallyOf } from './tally';

const GOLDENS = join(PACKAGE_ROOT, 'test/fixtures/autoscaler/controller.jsonl.gz');
/** How many HPAs `npm test` replays. */
const GOLDEN_COUNT = 8;
const TICK_MS = 1_000;
/** Goals: mean absolute error of the replicas, and differing decisions in a row. */
const MAX_MEAN_ERROR = 0.1;
const MAX_LONGEST = 1;
/** Time for the start of everything and for its end; a run that takes longer stops itself. */
const MARGIN_MS = 240_000;

interface Options {
  readonly minutes: number;
  readonly autoscalers: number;
  readonly seed: number;
  readonly writeGoldens?: true;
}

const objectsOf = ({ name, cpuRequestMillis, startReplicas, spec }: Subject): object[] => [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: startReplicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'subject',
              image: 'subject:test',
              resources: { requests: { cpu: `${cpuRequestMillis}m` } },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace: NAMESPACE },
    spec: { ...spec, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name } },
  },
];

const apply = (cluster: LabCluster, items: readonly object[]) =>
  must(cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

async function plantPods(cluster: LabCluster): Promise<PlantPod[]> {
  return (await podsOf(cluster)).flatMap((pod) => {
    const { name, deleting, startedAtMs, ready } = seenPod(pod);
    if (startedAtMs === undefined || deleting) return [];
    return [{ name, app: pod.metadata.labels.app, startedAtMs, isReady: ready?.status === 'True' }];
  });
}

/** Runs the cluster for some minutes and returns what its controller saw and wrote. */
async function record(cluster: LabCluster, { minutes, autoscalers, seed }: Options): Promise<Scenario[]> {
  const subjects = drawSubjects(autoscalers, 60 * minutes, seed);
  await apply(cluster, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
  const { memoryAllocatableBytes } = CLUSTER[0]!;
  const size = { nodes: 6, cpuAllocatableMillis: 512_000, memoryAllocatableBytes, controlPlane: false };
  await setNodes(
    cluster,
    clusterOf(size).map((node) => ({ ...node, podsFree: 100 })),
  );
  await until('the default ServiceAccount', async () =>
    (await must(cluster, ['get', 'serviceaccounts', '--namespace', NAMESPACE, '--output=name'])) === ''
      ? undefined
      : true,
  );
  const objects = subjects.map(objectsOf);
  await apply(
    cluster,
    objects.flatMap(([deployment]) => deployment!),
  );
  const expected = subjects.reduce((sum, { startReplicas }) => sum + startReplicas, 0);
  await until(`${expected} pods are ready`, async () =>
    (await readyPods(cluster)).length === expected ? true : undefined,
  );
  const startMs = Date.now();
  const plant = pipeline(subjects, startMs, seed);
  const { answer, scenarios } = recorder(cluster, subjects, plant);
  const stop = await serveMetricsApi(cluster, answer);
  try {
    await apply(
      cluster,
      objects.flatMap(([, hpa]) => hpa!),
    );
    while (Date.now() < startMs + 60_000 * minutes) {
      plant.advance(Date.now(), await plantPods(cluster));
      await sleep(TICK_MS);
    }
  } finally {
    await stop();
  }
  return scenarios(seed);
}

function print({ decisions, changes, differing, longest, meanError, otherStatus, rules }: Tally): boolean {
  const isGood = decisions > 0 && meanError <= MAX_MEAN_ERROR && longest <= MAX_LONGEST;
  console.log(
    `${decisions} decisions, ${changes} of them changed the replicas: ${differing} differ, at most ${longest} in a row; ` +
      `mean absolute error ${meanError.toFixed(4)} replicas (goal: ${MAX_MEAN_ERROR}, ${MAX_LONGEST} in a row)`,
  );
  console.log(`${otherStatus} have the same replicas and another utilization or reason`);
  console.log(`rules that came up: ${rules.join(', ')}`);
  return isGood;
}

async function main(options: Options): Promise<void> {
  const bin = process.env['KUBERNETES_BIN'];
  if (bin === undefined) throw new Error('KUBERNETES_BIN is not set: run npm run validate:controller');
  const plane = await startControlPlane({ bin, autoscalerTiming: 'kubernetes', detached: true });
  const give = (reason: string) => {
    console.error(`${reason}: stopping the control plane`);
    void plane.stop().finally(() => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => give(signal));
  const deadline = setTimeout(() => give('out of time'), 60_000 * options.minutes + MARGIN_MS);
  try {
    console.log(`${options.autoscalers} HPAs for ${options.minutes} minutes, seed ${options.seed}`);
    const scenarios = await record(plane.cluster, options);
    if (!print(tallyOf(scenarios))) process.exitCode = 1;
    if (options.writeGoldens) {
      const lines = scenarios.slice(0, GOLDEN_COUNT).map((scenario) => `${JSON.stringify(scenario)}\n`);
      writeFileSync(GOLDENS, gzipSync(lines.join(''), { level: 9 }));
    }
  } finally {
    clearTimeout(deadline);
    await plane.stop();
  }
}

function count(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('it must be a whole number from 1.');
  return Number(text);
}

void new Command('npm run validate:controller --')
  .option('--minutes <count>', 'how long the controller runs', count, 20)
  .option('--autoscalers <count>', 'HPAs at once, each with a Deployment and a load of its own', count, 30)
  .option('--seed <number>', 'of loads, settings and the metrics pipeline', count, 1)
  .option('--write-goldens', 'also record what npm test replays')
  .action(main)
  .parseAsync();
