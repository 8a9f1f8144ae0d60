/**
 * What the suites of pods deploy: the latency HPA variant of `dist/`, with figures scaled down to two cores that three nodes
 * share. All other fields are unchanged.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';

import { type LabCluster, getJson, must } from '../../bench/lab/lab-cluster';
import { NAMESPACE } from '../../bench/lab/simulated-nodes';
import { IMAGE, PATHS } from '../../service/contract';
import { type LoadResult, startLoad } from './load';

const ROOT = join(__dirname, '../..');
export const VARIANT = 'latency-hpa';
export const CPU_LIMIT_MILLIS = 300;
const SCALED = {
  requests: { cpu: '100m', memory: '256Mi' },
  limits: { cpu: `${CPU_LIMIT_MILLIS}m`, memory: '1Gi' },
};
export const REPLICAS = { min: 2, max: 4 };
/** What two pods serve within their limits: a request takes 4 to 11 ms of CPU. */
export const REQUESTS_PER_SECOND = 25;

export const cluster = JSON.parse(process.env['TANDEM_TEST_CLUSTER']!) as LabCluster;
const IMAGE_FILE = join(ROOT, 'models/demo/samples/weave.jpg');
const CLASSIFY = `${PATHS.classify}?model=latency`;

/** The variant's objects. */
export const objects: readonly any[] = (() => {
  const documents = parseAllDocuments(readFileSync(join(ROOT, `dist/${VARIANT}.k8s.yaml`), 'utf8'));
  const all = documents.map((document) => document.toJS());
  const of = (kind: string) => all.find((object) => object.kind === kind).spec;
  const [container] = of('Deployment').template.spec.containers;
  expect(container.image).toBe(IMAGE);
  container.image = process.env['IMAGE_NAME'];
  container.resources = SCALED;
  const autoscaler = of('HorizontalPodAutoscaler');
  [autoscaler.minReplicas, autoscaler.maxReplicas] = [REPLICAS.min, REPLICAS.max];
  // Longer than between two readings of the metrics, so that one low reading removes no pod.
  autoscaler.behavior.scaleDown.stabilizationWindowSeconds = 15;
  return all;
})();

export const apply = (some: readonly object[]) =>
  must(cluster, ['apply', '-f', '-'], some.map((object) => stringify(object)).join('---\n'));

export const rolledOut = () =>
  must(cluster, [
    ...['rollout', 'status', `deployment/${VARIANT}`, '--namespace', NAMESPACE, '--timeout=240s'],
  ]);

/** Sets the number of pods and waits until they are ready. */
export async function scale(replicas: number): Promise<void> {
  await must(cluster, [
    ...['scale', `deployment/${VARIANT}`, '--namespace', NAMESPACE, `--replicas=${replicas}`],
  ]);
  await rolledOut();
}

/** Deploys everything but the autoscaler. @returns the URL of the Service */
export async function deploy(): Promise<string> {
  await must(cluster, ['apply', '-f', join(ROOT, 'dist/00-namespace.k8s.yaml')]);
  await apply(objects.filter(({ kind }) => kind !== 'HorizontalPodAutoscaler'));
  await scale(REPLICAS.min);
  const { spec } = await getJson(cluster, `/api/v1/namespaces/${NAMESPACE}/services/${VARIANT}`);
  return `http://${spec.clusterIP}`;
}

export const remove = () => must(cluster, ['delete', 'namespace', NAMESPACE, '--timeout=120s']);

export const uidsOf = (pods: readonly any[]): string[] => pods.map(({ metadata }) => metadata.uid);

/** Loads that a failed test left running. */
const stops: (() => Promise<LoadResult>)[] = [];

/** Starts a load. @param host its URL up to the path */
export function load(host: string, perSecond: number): () => Promise<LoadResult> {
  const stop = startLoad(`${host}${CLASSIFY}`, IMAGE_FILE, perSecond);
  stops.push(stop);
  return stop;
}

export async function stopLoads(): Promise<void> {
  for (const stop of stops.splice(0)) await stop();
}
