/**
 * What clients see while the cluster changes: pods replaced, nodes drained, a node lost. `PODS_REQUESTS=10000 npm run
 * test:pods` repeats the planned changes until so many requests were sent.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { getJson, must } from '../../bench/lab/lab-cluster';
import { nodeName } from '../../bench/lab/node-addresses';
import { ip } from '../../bench/lab/node-resources';
import { until } from '../../bench/lab/poll';
import { NAMESPACE, podsOf, readyPods } from '../../bench/lab/simulated-nodes';
import {
  cluster,
  deploy,
  load,
  objects,
  remove,
  REPLICAS,
  REQUESTS_PER_SECOND,
  scale,
  stopLoads,
  uidsOf,
  VARIANT,
} from './variant';

const REQUESTS = Number(process.env['PODS_REQUESTS'] ?? 0);
const ROUND_TIMEOUT_MS = 600_000;
const CHANGE_TIMEOUT_MS = 240_000;
/** The node controller waits 50 s for a node, the pods' tolerations wait 30 s, and then a pod starts. */
const LOST_TIMEOUT_MS = 240_000;
/** What one surviving pod serves beside its share of everything else on this machine. */
const SURVIVOR_PER_SECOND = 5;
/** From the endpoints to the rules of kube-proxy. */
const PROXY_MS = 3_000;

let host: string;
beforeAll(async () => {
  host = await deploy();
});
afterEach(stopLoads);
afterAll(remove);

const gone = (uids: readonly string[]) =>
  until(
    'the old pods are gone',
    async () => (uidsOf(await podsOf(cluster)).some((uid) => uids.includes(uid)) ? undefined : true),
    CHANGE_TIMEOUT_MS,
  );

async function restart(): Promise<void> {
  const before = uidsOf(await podsOf(cluster));
  await must(cluster, ['rollout', 'restart', `deployment/${VARIANT}`, '--namespace', NAMESPACE]);
  await gone(before);
}

/** Drains the node of one pod. */
async function drain(): Promise<void> {
  const [pod] = await readyPods(cluster);
  const node: string = pod.spec.nodeName;
  await must(cluster, [
    ...['drain', node, '--delete-emptydir-data', '--pod-selector=app.kubernetes.io/part-of=tandem'],
    '--timeout=240s',
  ]);
  await gone(uidsOf([pod]));
  await must(cluster, ['uncordon', node]);
}

/** Removes a pod. */
async function scaleIn(): Promise<void> {
  await scale(REPLICAS.min);
  await until(
    `${REPLICAS.min} pods are left`,
    async () => ((await podsOf(cluster)).length === REPLICAS.min ? true : undefined),
    CHANGE_TIMEOUT_MS,
  );
}

test(
  'a rollout restart, a drain and scaling in, in turn under load, fail no request',
  async () => {
    const stop = load(host, REQUESTS_PER_SECOND);
    const started = performance.now();
    const sent = () => (REQUESTS_PER_SECOND * (performance.now() - started)) / 1000;
    let rounds = 0;
    for (; rounds === 0 || sent() < REQUESTS; rounds++) {
      // One more pod than the autoscaler's least, so that those that are left can serve the load.
      await scale(REPLICAS.min + 1);
      await restart();
      await drain();
      await scaleIn();
    }
    // Keep sending until after the last old pod is gone.
    await sleep(PROXY_MS);
    const result = await stop();
    console.log(
      `${rounds} rounds of restart, drain and scaling in: ${result.answered} of ${result.sent} answered, median ${result.medianMs.toFixed(0)} ms`,
    );
    expect({ failures: result.failures, unanswered: result.sent - result.answered }).toEqual({
      failures: {},
      unanswered: 0,
    });
    expect(result.sent).toBeGreaterThan(Math.max(20, 0.99 * REQUESTS));
  },
  ROUND_TIMEOUT_MS + (2_000 * REQUESTS) / REQUESTS_PER_SECOND,
);

/** Whether a node's kubelet reports; the node controller decides. */
async function isReady(node: string): Promise<boolean> {
  const { status } = await getJson(cluster, `/api/v1/nodes/${node}`);
  return status.conditions.some((c: any) => c.type === 'Ready' && c.status === 'True');
}

/** Addresses that the Service sends requests to. */
async function endpoints(): Promise<string[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices?labelSelector=kubernetes.io/service-name=${VARIANT}`;
  const { items } = await getJson(cluster, path);
  const all = (items as any[]).flatMap((slice) => slice.endpoints ?? []);
  return all.filter(({ conditions }) => conditions.ready === true).flatMap(({ addresses }) => addresses);
}

test(
  'a node that is lost takes its own pod with it and no other, and the pod is replaced',
  async () => {
    await scaleIn();
    const pods = await readyPods(cluster);
    // This machine's requests to the Service go through the first node.
    const lost = pods.find(({ spec }) => spec.nodeName !== nodeName(0));
    const survivor = pods.find((pod) => pod !== lost);
    const node: string = lost.spec.nodeName;
    expect(survivor.spec.nodeName).not.toBe(node);
    const link = `tandem-n${/\d+$/.exec(node)![0]}`;
    const [{ containerPort }] = objects.find(({ kind }) => kind === 'Deployment').spec.template.spec
      .containers[0].ports;
    const stopDirect = load(`http://${survivor.status.podIP}:${containerPort}`, SURVIVOR_PER_SECOND);
    const started = performance.now();
    const seconds = () => Math.round((performance.now() - started) / 1000);
    ip('link', 'set', link, 'down');
    try {
      const isLost = async () => ((await isReady(node)) ? undefined : true);
      await until(`${node} is lost`, isLost, LOST_TIMEOUT_MS);
      const hasDropped = async () => ((await endpoints()).includes(lost.status.podIP) ? undefined : true);
      await until('the Service leaves the lost pod out', hasDropped, LOST_TIMEOUT_MS);
      await sleep(PROXY_MS);
      const droppedSeconds = seconds();
      const stopService = load(host, SURVIVOR_PER_SECOND);
      const isFull = async () => {
        const ready = await readyPods(cluster);
        return ready.filter(({ spec }) => spec.nodeName !== node).length === REPLICAS.min ? true : undefined;
      };
      await until('there are as many ready pods as before', isFull, LOST_TIMEOUT_MS);
      const fullSeconds = seconds();
      await sleep(PROXY_MS);
      const [direct, service] = [await stopDirect(), await stopService()];
      console.log(
        `a node was lost: the Service left its pod out after ${droppedSeconds} s, as many pods as before after ${fullSeconds} s; ` +
          `${direct.answered} of ${direct.sent} answered by the survivor, ${service.answered} of ${service.sent} by the Service without the lost pod`,
      );
      for (const { failures, sent, answered } of [direct, service])
        expect({ failures, answered }).toEqual({ failures: {}, answered: sent });
      const kept = (await readyPods(cluster)).find(({ metadata }) => metadata.uid === survivor.metadata.uid);
      expect(kept.status.containerStatuses[0].restartCount).toBe(0);
    } finally {
      ip('link', 'set', link, 'up');
      const isBack = async () => ((await isReady(node)) ? true : undefined);
      await until(`${node} is back`, isBack, LOST_TIMEOUT_MS);
    }
  },
  4 * LOST_TIMEOUT_MS,
);
