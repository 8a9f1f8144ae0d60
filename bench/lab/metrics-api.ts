/** The metrics API of a lab cluster: its registration with the API server, and metrics-server itself. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { getJson, type LabCluster, must } from './lab-cluster';
import { endProcess, until } from './poll';

/** Path of the metrics API. */
export const METRICS_API = '/apis/metrics.k8s.io/v1beta1';

/** Lets requests without a user read metrics: the aggregator has no client certificate to vouch for one. */
const METRICS_READERS = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'metrics-reader' },
      rules: [
        { apiGroups: ['metrics.k8s.io'], resources: ['*'], verbs: ['get', 'list'] },
        { nonResourceURLs: ['/apis', '/apis/*', '/openapi/*'], verbs: ['get'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'metrics-reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'metrics-reader' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:unauthenticated' }],
    },
  ],
};

/** Registers the program on the cluster's metrics port as the metrics API, and waits until the API server reaches it. */
export async function registerMetricsApi(cluster: LabCluster): Promise<void> {
  // An Endpoints object may not name a loopback address, so the aggregator resolves a host name.
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
    const { kind } = await getJson(cluster, METRICS_API).catch(() => ({ kind: '' }));
    return kind === 'APIResourceList' ? true : undefined;
  });
}

/**
 * Starts metrics-server, registers it, and returns a function that stops it.
 *
 * @param resolutionSeconds period of its scrapes: Kubernetes' manifest has 15, the shortest that it takes is 10
 * @param detached as in `ControlPlaneOptions`
 */
export async function startMetricsServer(
  cluster: LabCluster,
  resolutionSeconds: number,
  detached = false,
): Promise<() => Promise<void>> {
  await must(cluster, ['apply', '-f', '-'], JSON.stringify(METRICS_READERS));
  const log = openSync(join(cluster.folder, 'metrics-server.log'), 'w');
  const child = spawn(
    join(cluster.bin, 'metrics-server'),
    [
      ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map(
        (option) => `--${option}=${cluster.kubeconfig}`,
      ),
      '--bind-address=127.0.0.1',
      `--secure-port=${cluster.metricsPort}`,
      `--cert-dir=${cluster.folder}/metrics-server`,
      `--metric-resolution=${resolutionSeconds}s`,
      // metrics-server refuses a timeout as long as its resolution.
      '--kubelet-request-timeout=5s',
      // The kubelets sign their own certificates.
      '--kubelet-insecure-tls',
      '--kubelet-preferred-address-types=InternalIP',
      '--kubelet-use-node-status-port',
    ],
    { stdio: ['ignore', log, log], detached },
  );
  const stop = () => endProcess(child);
  try {
    await registerMetricsApi(cluster);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
