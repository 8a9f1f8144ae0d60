/**
 * A stand-in for metrics-server behind the aggregated API. It measures nothing: it divides a CPU load that the caller sets
 * among the ready pods of each autoscaler, so that the real HPA controller has figures to act on.
 */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';

import type { LabCluster } from './lab-cluster';
import { METRICS_API, registerMetricsApi } from './metrics-api';
import { readyPods } from './simulated-nodes';

export interface MetricsStandIn {
  /** Sets the total CPU use of each autoscaler's ready pods, millicores. */
  setLoad(cpuMillis: number): void;
  stop(): Promise<void>;
}

/** Use of one pod as the metrics API answers it: an item of a `PodMetricsList`. */
export interface ServedPodMetrics {
  readonly metadata: object;
  /** End of the window: ISO 8601. */
  readonly timestamp: string;
  /** A Go duration such as `15.003s`. */
  readonly window: string;
  readonly containers: readonly {
    readonly name: string;
    /** Kubernetes quantities. */
    readonly usage: { readonly cpu: string; readonly memory: string };
  }[];
}

/**
 * Serves the metrics API of pods and registers it.
 *
 * @param list called for each request with its label selector
 * @returns a function that stops it
 */
export async function serveMetricsApi(
  cluster: LabCluster,
  list: (labelSelector: string) => Promise<readonly ServedPodMetrics[]>,
): Promise<() => Promise<void>> {
  const certificates = `${cluster.folder}/certs/apiserver`;
  const answer = async ({ pathname, searchParams }: URL, response: ServerResponse) => {
    const send = (body: object, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (pathname === METRICS_API) {
      const verbs = ['get', 'list'];
      send({
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: 'metrics.k8s.io/v1beta1',
        resources: [{ name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs }],
      });
    } else if (/^\/apis\/metrics\.k8s\.io\/v1beta1\/namespaces\/[^/]+\/pods$/.test(pathname)) {
      const items = await list(searchParams.get('labelSelector') ?? '');
      send({ kind: 'PodMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', metadata: {}, items });
    } else {
      send({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }, 404);
    }
  };
  const tls = { cert: readFileSync(`${certificates}.crt`), key: readFileSync(`${certificates}.key`) };
  const server: Server = createServer(tls, (request, response) => {
    answer(new URL(request.url!, 'https://localhost'), response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(cluster.metricsPort, '127.0.0.1', resolve));
  await registerMetricsApi(cluster);
  return () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
}

/** Starts the stand-in and registers it as the metrics API. */
export async function startMetricsStandIn(cluster: LabCluster): Promise<MetricsStandIn> {
  let loadMillis = 0;
  const stop = await serveMetricsApi(cluster, async (labelSelector) => {
    const pods = await readyPods(cluster, labelSelector);
    const timestamp = new Date().toISOString();
    const cpu = `${Math.round(loadMillis / Math.max(1, pods.length))}m`;
    return pods.map(({ metadata: { name, namespace, labels }, spec }) => ({
      metadata: { name, namespace, labels, creationTimestamp: timestamp },
      timestamp,
      window: '1s',
      containers: [{ name: spec.containers[0].name, usage: { cpu, memory: '100Mi' } }],
    }));
  });
  return { setLoad: (cpuMillis) => (loadMillis = cpuMillis), stop };
}
