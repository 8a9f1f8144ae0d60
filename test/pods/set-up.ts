/** Jest's global set-up: a control plane, three real nodes with the image, and metrics-server, for all suites. */
import { execFileSync, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';

import { type Cluster, end, must, startControlPlane } from '../cluster/control-plane';
import { registerMetricsApi } from '../cluster/metrics-stand-in';
import {
  BRIDGE,
  BRIDGE_ADDRESS,
  KUBE_PROXY_USER,
  kubeletUser,
  nodeAddress,
  type RealNode,
  SERVICE_CIDR,
  startNode,
} from './real-node';

export const NODES = 3;

/** metrics-server asks without a user where the API server has no certificate to vouch for one. */
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

const required = (name: string) => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run npm run test:pods`);
  return value;
};

async function startMetricsServer(cluster: Cluster): Promise<() => Promise<void>> {
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
      // Its shortest; the kubelets sign their own certificates.
      '--metric-resolution=10s',
      '--kubelet-request-timeout=5s',
      '--kubelet-insecure-tls',
      '--kubelet-preferred-address-types=InternalIP',
      '--kubelet-use-node-status-port',
    ],
    { stdio: ['ignore', log, log] },
  );
  await registerMetricsApi(cluster);
  return () => end(child);
}

export default async function setUp(): Promise<void> {
  const started = Date.now();
  const seconds = () => ((Date.now() - started) / 1000).toFixed(1);
  const bin = required('KUBERNETES_BIN');
  const archives = [required('PAUSE_ARCHIVE'), required('IMAGE_ARCHIVE')];
  const ip = (...args: string[]) => execFileSync('ip', args);
  ip('link', 'add', BRIDGE, 'type', 'bridge');
  ip('addr', 'add', `${BRIDGE_ADDRESS}/24`, 'dev', BRIDGE);
  ip('link', 'set', BRIDGE, 'up');
  // Services are reached through the first node's kube-proxy.
  ip('route', 'add', SERVICE_CIDR, 'via', nodeAddress(0));
  const indices = Array.from({ length: NODES }, (_, index) => index);
  const users = Object.fromEntries(indices.map((index) => [kubeletUser(index), 'system:nodes']));
  const plane = await startControlPlane(bin, {
    address: BRIDGE_ADDRESS,
    users: { ...users, [KUBE_PROXY_USER]: '' },
  });
  const { cluster } = plane;
  console.log(`\ncontrol plane up after ${seconds()} s`);
  const nodes: RealNode[] = [];
  let stopMetrics: (() => Promise<void>) | undefined;
  const stop = async () => {
    await stopMetrics?.();
    for (const node of nodes) await node.stop();
    await plane.stop();
  };
  (globalThis as { stopPods?: () => Promise<void> }).stopPods = stop;
  try {
    for (const index of indices) nodes.push(await startNode(cluster, { index, nodes: NODES, archives }));
    console.log(`${NODES} nodes ready after ${seconds()} s`);
    stopMetrics = await startMetricsServer(cluster);
    console.log(`metrics-server answers after ${seconds()} s`);
  } catch (error) {
    await stop();
    throw error;
  }
  process.env['TANDEM_CLUSTER'] = JSON.stringify(cluster);
  process.env['TANDEM_CGROUPS'] = JSON.stringify(nodes.map(({ cgroup }) => cgroup));
}
