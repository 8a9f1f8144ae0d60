/**
 * A control plane on this machine: etcd, kube-apiserver, kube-controller-manager and kube-scheduler. It runs on loopback
 * with KWOK, which simulates the nodes, or on an address that real kubelets reach. All state is in one temporary folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { get, getJson, type LabCluster } from './lab-cluster';
import { endProcess, until } from './poll';
import { addUsers, kubeconfigOf } from './users';

/** How a control plane serves real nodes. */
export interface RealNodes {
  /** Address at which nodes reach the API server; an interface of this machine must have it. */
  readonly address: string;
  /** Additional users and their groups: kubelets and other programs on the nodes. */
  readonly users: Readonly<Record<string, string>>;
}

export interface ControlPlaneOptions {
  /** Folder of the Kubernetes programs; `bench/lab/build-kubernetes.sh` prints it. */
  readonly bin: string;
  /** @default none: KWOK simulates the nodes */
  readonly real?: RealNodes;
  /** Periods of the HPA controller: Kubernetes' defaults, or one second each. */
  readonly autoscalerTiming: keyof typeof AUTOSCALER_FLAGS;
  /**
   * Starts the programs in sessions of their own, so that a terminal's Ctrl-C reaches only the caller, which can then
   * delete and stop everything in order. @default false
   */
  readonly detached?: boolean;
}

const START_TIMEOUT_MS = 60_000;
/** Address range of the Services (CIDR). */
export const SERVICE_CIDR = '10.96.0.0/16';
/** Label of the nodes that KWOK simulates. */
export const SIMULATED_NODE_LABEL = { key: 'tandem.test/node', value: 'kwok' } as const;

/** Flags for periods that a manifest cannot set. */
const AUTOSCALER_FLAGS = {
  kubernetes: [],
  shortened: [
    '--horizontal-pod-autoscaler-sync-period=1s',
    '--horizontal-pod-autoscaler-cpu-initialization-period=1s',
    '--horizontal-pod-autoscaler-initial-readiness-delay=1s',
  ],
} as const;

const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve((address as { port: number }).port));
    });
  });
}

/** Writes the key pair of service account tokens. */
function writeAccountKeys(folder: string): void {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  writeFileSync(`${folder}/accounts.pub`, keys.publicKey);
  writeFileSync(`${folder}/accounts.key`, keys.privateKey, { mode: 0o600 });
}

const etcdArguments = (folder: string, client: string, peer: string) => [
  `--data-dir=${folder}/etcd`,
  '--unsafe-no-fsync',
  `--listen-client-urls=${client}`,
  `--advertise-client-urls=${client}`,
  `--listen-peer-urls=${peer}`,
  `--initial-advertise-peer-urls=${peer}`,
  `--initial-cluster=default=${peer}`,
];

const apiServerArguments = (folder: string, etcd: string, address: string, port: number, tokens: string) => [
  `--etcd-servers=${etcd}`,
  `--secure-port=${port}`,
  `--bind-address=${address}`,
  `--advertise-address=${address}`,
  '--endpoint-reconciler-type=none',
  // No DNS server knows the nodes' names; `kubectl logs` needs their addresses.
  '--kubelet-preferred-address-types=InternalIP',
  `--service-cluster-ip-range=${SERVICE_CIDR}`,
  `--cert-dir=${folder}/certs`,
  '--authorization-mode=Node,RBAC',
  `--token-auth-file=${tokens}`,
  `--service-account-key-file=${folder}/accounts.pub`,
  `--service-account-signing-key-file=${folder}/accounts.key`,
  '--service-account-issuer=https://kubernetes.default.svc',
  '--profiling=false',
];

function controllerArguments(folder: string, user: string, port: number): string[] {
  const kubeconfig = kubeconfigOf(folder, user);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    `--secure-port=${port}`,
  ];
}

function kwokArguments(bin: string, kubeconfig: string): string[] {
  const stage = (path: string) => `--config=${bin}/kwok-kustomize/stage/${path}.yaml`;
  return [
    `--kubeconfig=${kubeconfig}`,
    `--manage-nodes-with-label-selector=${SIMULATED_NODE_LABEL.key}=${SIMULATED_NODE_LABEL.value}`,
    '--cidr=10.245.0.0/16',
    '--node-ip=127.0.0.1',
    '--node-lease-duration-seconds=40',
    stage('node/fast/node-initialize'),
    stage('node/heartbeat-with-lease/node-heartbeat-with-lease'),
    stage('pod/fast/pod-ready'),
    stage('pod/fast/pod-complete'),
    stage('pod/fast/pod-delete'),
  ];
}

/** The last lines of each program's log. */
const logTails = (folder: string): string[] =>
  PROGRAMS.map((name) => ({ name, file: join(folder, `${name}.log`) }))
    .filter(({ file }) => existsSync(file))
    .map(({ name, file }) => `${name}: ${readFileSync(file, 'utf8').slice(-600)}`);

/**
 * Starts a control plane and waits until its API server and controllers work.
 *
 * @returns the cluster, and a function that stops every program and removes the folder
 * @throws Error with the end of each program's log
 */
export async function startControlPlane({
  bin,
  real,
  autoscalerTiming,
  detached = false,
}: ControlPlaneOptions): Promise<{ cluster: LabCluster; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-cluster-'));
  const started: ChildProcess[] = [];
  const stop = async () => {
    for (const child of started.reverse()) await endProcess(child);
    // Asynchronous, so that several files go at a time: three nodes' images took two minutes on a disk that discards.
    await rm(folder, { recursive: true, force: true });
  };
  const start = (name: (typeof PROGRAMS)[number], ...args: string[]) => {
    const log = openSync(join(folder, `${name}.log`), 'w');
    started.push(spawn(join(bin, name), args, { stdio: ['ignore', log, log], cwd: folder, detached }));
  };
  try {
    const [etcdPort, peerPort, apiPort, managerPort, schedulerPort, metricsPort] = (await Promise.all(
      Array.from({ length: 6 }, freePort),
    )) as [number, number, number, number, number, number];
    const etcd = `http://127.0.0.1:${etcdPort}`;
    start('etcd', ...etcdArguments(folder, etcd, `http://127.0.0.1:${peerPort}`));

    const address = real?.address ?? '127.0.0.1';
    const { tokenFile, adminToken } = addUsers(folder, `https://${address}:${apiPort}`, real?.users);
    writeAccountKeys(folder);
    mkdirSync(`${folder}/certs`);
    start('kube-apiserver', ...apiServerArguments(folder, etcd, address, apiPort, tokenFile));
    const kubeconfig = kubeconfigOf(folder, 'admin');
    const cluster = { bin, folder, kubeconfig, address, apiPort, token: adminToken, metricsPort };
    await until('the API server is ready', () => isReady(cluster), START_TIMEOUT_MS);

    start(
      'kube-controller-manager',
      ...controllerArguments(folder, 'system:kube-controller-manager', managerPort),
      `--service-account-private-key-file=${folder}/accounts.key`,
      '--use-service-account-credentials=true',
      ...AUTOSCALER_FLAGS[autoscalerTiming],
    );
    start('kube-scheduler', ...controllerArguments(folder, 'system:kube-scheduler', schedulerPort));
    if (real === undefined) start('kwok', ...kwokArguments(bin, kubeconfig));
    await until('the controllers create the default ServiceAccount', async () =>
      (await getJson(cluster, '/api/v1/namespaces/default/serviceaccounts/default')).kind === 'ServiceAccount'
        ? true
        : undefined,
    );
    return { cluster, stop };
  } catch (error) {
    const tails = logTails(folder);
    await stop();
    throw new Error(`${(error as Error).message}\n${tails.join('\n')}`, { cause: error });
  }
}

const isReady = (cluster: LabCluster) =>
  get(cluster, '/readyz').then(
    ({ status }) => (status === 200 ? true : undefined),
    () => undefined,
  );
