/** The service in pods on real nodes: CPU limits and the autoscaler. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { getJson } from '../../bench/lab/lab-cluster';
import { until } from '../../bench/lab/poll';
import { NAMESPACE, readyPods } from '../../bench/lab/simulated-nodes';
import { expectHeldBack } from '../support/held-back';
import {
  apply,
  cluster,
  CPU_LIMIT_MILLIS,
  deploy,
  load,
  objects,
  remove,
  REPLICAS,
  REQUESTS_PER_SECOND,
  stopLoads,
  uidsOf,
  VARIANT,
} from './variant';

/** CPU that a load asks of all pods, millicores. The rates follow from the CPU time of an image on this machine. */
const ASKED_MILLIS = {
  /** Above what two pods have within their limits. */
  overload: 1000,
  /** Above what three pods use at the target utilization, below the limits of two. */
  scaleUp: 270,
};
const MEASURED_MS = 5_000;
const HPA_TIMEOUT_MS = 240_000;

const cgroups = JSON.parse(process.env['TANDEM_TEST_CGROUPS']!) as string[];

let host: string;
/** CPU time of an image on this machine, ms. */
let cpuMs: number;
beforeAll(async () => {
  host = await deploy();
  cpuMs = await cpuMsPerImage(uidsOf(await readyPods(cluster)));
});
afterEach(stopLoads);
afterAll(remove);

/** Reads a file of a pod's control group, on whichever node the pod runs. */
function cgroupFile(uid: string, controller: string, file: string): string {
  for (const cgroup of cgroups) {
    const root = join('/sys/fs/cgroup', controller, cgroup, 'kubepods');
    const folder = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((path) =>
      path.endsWith(`/pod${uid}`),
    );
    if (folder !== undefined) return readFileSync(join(root, folder, file), 'utf8');
  }
  throw new Error(`no node has a control group of pod ${uid}`);
}

const throttledPeriods = (uid: string) =>
  Number(/^nr_throttled (\d+)$/m.exec(cgroupFile(uid, 'cpu', 'cpu.stat'))![1]);
/** CPU time that a pod has used, ms. */
const usedMs = (uid: string) => Number(cgroupFile(uid, 'cpuacct', 'cpuacct.usage')) / 1e6;

/** CPU use of all pods over {@link MEASURED_MS}, millicores. */
async function usedMillis(uids: readonly string[]): Promise<number> {
  const total = () => uids.reduce((sum, uid) => sum + usedMs(uid), 0);
  const [started, before] = [performance.now(), total()];
  await sleep(MEASURED_MS);
  return (1000 * (total() - before)) / (performance.now() - started);
}

/** CPU time of an image, ms: what a light load adds to the use of the pods, divided by its rate. */
async function cpuMsPerImage(uids: readonly string[]): Promise<number> {
  const idleMillis = await usedMillis(uids);
  const stop = load(host, REQUESTS_PER_SECOND);
  const busyMillis = await usedMillis(uids);
  await stop();
  return (busyMillis - idleMillis) / REQUESTS_PER_SECOND;
}

test('the pods run on different nodes, each in a control group with its CPU limit', async () => {
  const pods = await readyPods(cluster);
  expect(new Set(pods.map(({ spec }) => spec.nodeName)).size).toBe(REPLICAS.min);
  for (const uid of uidsOf(pods)) {
    const read = (file: string) => Number(cgroupFile(uid, 'cpu', file));
    expect((1000 * read('cpu.cfs_quota_us')) / read('cpu.cfs_period_us')).toBe(CPU_LIMIT_MILLIS);
  }
});

test('under overload, pods are throttled and use no more CPU than their limit', async () => {
  const pods = await readyPods(cluster);
  const before = uidsOf(pods).map((uid) => ({ uid, periods: throttledPeriods(uid), ms: usedMs(uid) }));
  const started = performance.now();
  const stop = load(host, Math.round(ASKED_MILLIS.overload / cpuMs));
  await sleep(10_000);
  const measured = before.map(({ uid, periods, ms }) => ({
    limitMillis: CPU_LIMIT_MILLIS,
    throttledPeriods: throttledPeriods(uid) - periods,
    usedMillis: (1000 * (usedMs(uid) - ms)) / (performance.now() - started),
  }));
  // The service refuses the excess with 503; this test does not check that.
  await stop();
  console.log(`an image takes ${cpuMs.toFixed(1)} ms of CPU; under overload: ${JSON.stringify(measured)}`);
  measured.forEach(expectHeldBack);
});

test('the autoscaler with metrics-server adds pods under load and removes them afterwards', async () => {
  const started = performance.now();
  const timeline: string[] = [];
  let last = '';
  const reach = (replicas: number) =>
    until(
      () => `${VARIANT} has ${replicas} ready pods; seen: ${timeline.join(', ')}`,
      async () => {
        const path = `/apis/autoscaling/v2/namespaces/${NAMESPACE}/horizontalpodautoscalers/${VARIANT}`;
        const { status } = await getJson(cluster, path);
        const percent = status?.currentMetrics?.[0]?.resource?.current?.averageUtilization ?? '?';
        const ready = (await readyPods(cluster)).length;
        const seen = `${ready} pods at ${percent} %`;
        if (seen !== last) timeline.push(`${((performance.now() - started) / 1000).toFixed(0)} s: ${seen}`);
        last = seen;
        await sleep(500);
        return ready === replicas && status?.desiredReplicas === replicas ? true : undefined;
      },
      HPA_TIMEOUT_MS,
    );
  await apply(objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler'));
  await reach(REPLICAS.min);
  const stop = load(host, Math.round(ASKED_MILLIS.scaleUp / cpuMs));
  await reach(REPLICAS.max);
  const { sent, answered, failures } = await stop();
  await reach(REPLICAS.min);
  console.log(`autoscaler: ${timeline.join(', ')}; ${answered} of ${sent} answered`);
  expect({ failures, answered }).toEqual({ failures: {}, answered: sent });
});
