/**
 * A stand-in for metrics-server behind the aggregated API. It measures nothing: a load that the test sets is shared
 * among the ready pods that an autoscaler asks for, so that the real HPA controller has figures to act on.
 */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { stringify } from 'yaml';

import { type Cluster, getJson, must, until } from './control-plane';
import { readyPods } from './nodes';

const API = '/apis/metrics.k8s.io/v1beta1';

export interface MetricsStandIn {
  /** Sets the CPU that the ready pods of each autoscaler use together, in millicores. */
  setLoad(cpuMillis: number): void;
  stop(): Promise<void>;
}

/** Listens, and registers itself as the metrics API. */
export async function startMetricsStandIn(cluster: Cluster): Promise<MetricsStandIn> {
  let loadMillis = 0;
  const certificates = `${cluster.folder}/certs/apiserver`;
  const answer = async ({ pathname, searchParams }: URL, response: ServerResponse) => {
    const send = (body: object, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (pathname === API) {
      const verbs = ['get', 'list'];
      send({
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: 'metrics.k8s.io/v1beta1',
        resources: [{ name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs }],
      });
    } else if (/^\/apis\/metrics\.k8s\.io\/v1beta1\/namespaces\/[^/]+\/pods$/.test(pathname)) {
      const pods = await readyPods(cluster, searchParams.get('labelSelector') ?? '');
      const timestamp = new Date().toISOString();
      const cpu = `${Math.round(loadMillis / Math.max(1, pods.length))}m`;
      const items = pods.map(({ metadata: { name, namespace, labels }, spec }) => ({
        metadata: { name, namespace, labels, creationTimestamp: timestamp },
        timestamp,
        window: '1s',
        containers: [{ name: spec.containers[0].name, usage: { cpu, memory: '100Mi' } }],
      }));
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
  return {
    setLoad: (cpuMillis) => (loadMillis = cpuMillis),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Makes what listens on the cluster's metrics port its metrics API, and waits until that answers. */
export async function registerMetricsApi(cluster: Cluster): Promise<void> {
  // Endpoints may not be on loopback, so the aggregator finds it by a name.
  const metadata = { name: 'metrics-server', namespace: 'kube-system' };
  const port = cluster.metricsPort;
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ name: 'https', port }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { ...metadata, port },
      },
    },
  ];
  await must(cluster, ['apply', '-f', '-'], objects.map((object) => stringify(object)).join('---\n'));
  await until('the metrics API is available', async () => {
    const { kind } = await getJson(cluster, API).catch(() => ({ kind: '' }));
    return kind === 'APIResourceList' ? true : undefined;
  });
}
