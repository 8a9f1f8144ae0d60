/**
 * A real control plane: etcd, kube-apiserver, kube-controller-manager and kube-scheduler; on loopback with KWOK, which
 * plays the kubelets, or on an address that real kubelets reach. All of its state is in one temporary folder.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What tests need of it; it passes from Jest's set-up to the suites as JSON. */
export interface Cluster {
  readonly bin: string;
  readonly folder: string;
  readonly kubeconfig: string;
  /** Where the API server listens. */
  readonly address: string;
  readonly apiPort: number;
  readonly token: string;
  /** Port where the metrics API, or its stand-in, must listen. */
  readonly metricsPort: number;
}

/** A control plane for real kubelets. */
export interface RealNodes {
  /** Address that they reach the API server at; it must be this machine's already. */
  readonly address: string;
  /** Their users, and those of other programs on the nodes: each gets a kubeconfig in the folder. */
  readonly users: Readonly<Record<string, string>>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
/** Label of the nodes that KWOK plays. */
export const NODE_LABEL = { key: 'tandem.test/node', value: 'kwok' } as const;

const USERS = {
  admin: 'system:masters',
  'system:kube-controller-manager': '',
  'system:kube-scheduler': '',
} as const;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve((address as { port: number }).port));
    });
  });
}

/** Repeats until the condition gives something, and says what it waited for when it never does. */
export async function until<T>(
  what: string | (() => string),
  condition: () => Promise<T | undefined>,
  timeoutMs = 30_000,
) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await condition();
    if (found !== undefined) return found;
    if (Date.now() > deadline) {
      throw new Error(`${typeof what === 'string' ? what : what()}: not so after ${timeoutMs} ms`);
    }
    await sleep(50);
  }
}

/** Where a user's kubeconfig lies. */
export const kubeconfigOf = (folder: string, user: string): string =>
  `${folder}/${user.replace('system:', '').replaceAll(':', '-')}.kubeconfig`;

function kwokArguments(bin: string, kubeconfig: string): string[] {
  const stage = (path: string) => `--config=${bin}/kwok-kustomize/stage/${path}.yaml`;
  return [
    `--kubeconfig=${kubeconfig}`,
    `--manage-nodes-with-label-selector=${NODE_LABEL.key}=${NODE_LABEL.value}`,
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

/** Starts it all; the returned function stops what was started and removes the folder. */
export async function startControlPlane(
  bin: string,
  real?: RealNodes,
): Promise<{ cluster: Cluster; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-cluster-'));
  const address = real?.address ?? '127.0.0.1';
  const users = { ...USERS, ...real?.users };
  const started: ChildProcess[] = [];
  const stop = async () => {
    for (const child of started.reverse()) await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const start = (name: string, ...args: string[]) => {
    const log = openSync(join(folder, `${name}.log`), 'w');
    started.push(spawn(join(bin, name), args, { stdio: ['ignore', log, log], cwd: folder }));
  };
  try {
    const [etcdPort, peerPort, apiPort, managerPort, schedulerPort, metricsPort] = (await Promise.all(
      Array.from({ length: 6 }, freePort),
    )) as [number, number, number, number, number, number];
    const etcd = `http://127.0.0.1:${etcdPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    start(
      'etcd',
      `--data-dir=${folder}/etcd`,
      '--unsafe-no-fsync',
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    );

    const tokens = Object.entries(users).map(([user, group]) => ({ user, group, token: randomUUID() }));
    const lines = tokens.map(({ user, group, token }) => `${token},${user},${user},"${group}"`);
    writeFileSync(`${folder}/tokens.csv`, `${lines.join('\n')}\n`, { mode: 0o600 });
    const keys = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    writeFileSync(`${folder}/accounts.pub`, keys.publicKey);
    writeFileSync(`${folder}/accounts.key`, keys.privateKey, { mode: 0o600 });
    mkdirSync(`${folder}/certs`);
    start(
      'kube-apiserver',
      `--etcd-servers=${etcd}`,
      `--secure-port=${apiPort}`,
      `--bind-address=${address}`,
      `--advertise-address=${address}`,
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.96.0.0/16',
      `--cert-dir=${folder}/certs`,
      '--authorization-mode=Node,RBAC',
      `--token-auth-file=${folder}/tokens.csv`,
      `--service-account-key-file=${folder}/accounts.pub`,
      `--service-account-signing-key-file=${folder}/accounts.key`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--profiling=false',
    );

    const certificate = `${folder}/certs/apiserver.crt`;
    const kubeconfigs = tokens.map(({ user, token }) => {
      const file = kubeconfigOf(folder, user);
      writeFileSync(
        file,
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [
            {
              name: 'test',
              cluster: { server: `https://${address}:${apiPort}`, 'certificate-authority': certificate },
            },
          ],
          users: [{ name: user, user: { token } }],
          contexts: [{ name: 'test', context: { cluster: 'test', user } }],
          'current-context': 'test',
        }),
        { mode: 0o600 },
      );
      return file;
    });
    const [admin, manager, scheduler] = kubeconfigs as [string, string, string];
    const cluster = {
      bin,
      folder,
      kubeconfig: admin,
      address,
      apiPort,
      token: tokens[0]!.token,
      metricsPort,
    };
    await until('the API server is ready', () => readyz(cluster), START_TIMEOUT_MS);

    const asUser = (file: string) => [
      `--kubeconfig=${file}`,
      `--authentication-kubeconfig=${file}`,
      `--authorization-kubeconfig=${file}`,
      '--bind-address=127.0.0.1',
      '--leader-elect=false',
    ];
    start(
      'kube-controller-manager',
      ...asUser(manager),
      `--secure-port=${managerPort}`,
      `--service-account-private-key-file=${folder}/accounts.key`,
      '--use-service-account-credentials=true',
      // The controller's own periods, which no manifest can set, shortened for the test.
      '--horizontal-pod-autoscaler-sync-period=1s',
      '--horizontal-pod-autoscaler-cpu-initialization-period=1s',
      '--horizontal-pod-autoscaler-initial-readiness-delay=1s',
    );
    start('kube-scheduler', ...asUser(scheduler), `--secure-port=${schedulerPort}`);
    if (real === undefined) start('kwok', ...kwokArguments(bin, admin));
    await until('the controllers made the default ServiceAccount', async () =>
      (await getJson(cluster, '/api/v1/namespaces/default/serviceaccounts/default')).kind === 'ServiceAccount'
        ? true
        : undefined,
    );
    return { cluster, stop };
  } catch (error) {
    const tails = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok']
      .filter((name) => existsSync(join(folder, `${name}.log`)))
      .map((name) => `${name}: ${readFileSync(join(folder, `${name}.log`), 'utf8').slice(-600)}`);
    await stop();
    throw new Error(`${(error as Error).message}\n${tails.join('\n')}`, { cause: error });
  }
}

/** Ends a process, forcibly where it does not heed. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(killer);
}

const readyz = (cluster: Cluster) =>
  send(cluster, '/readyz').then(
    ({ status }) => (status === 200 ? true : undefined),
    () => undefined,
  );

function send(cluster: Cluster, path: string): Promise<{ status: number; body: string }> {
  const { address, apiPort, token, folder } = cluster;
  return new Promise((resolve, reject) => {
    const options = {
      host: address,
      port: apiPort,
      path,
      ca: existsSync(`${folder}/certs/apiserver.crt`)
        ? readFileSync(`${folder}/certs/apiserver.crt`)
        : undefined,
      headers: { authorization: `Bearer ${token}` },
    };
    request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    })
      .once('error', reject)
      .end();
  });
}

/** What the API server answers at a path. */
export async function getJson(cluster: Cluster, path: string): Promise<any> {
  return JSON.parse((await send(cluster, path)).body);
}

/** Runs kubectl as the administrator. */
export function kubectl(
  { bin, kubeconfig }: Cluster,
  args: readonly string[],
  input?: string,
): Promise<{ stdout: string; stderr: string; code: number }> {
  return new Promise((resolve) => {
    const child = execFile(
      join(bin, 'kubectl'),
      ['--kubeconfig', kubeconfig, ...args],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : 1;
        resolve({ stdout, stderr, code });
      },
    );
    child.stdin!.end(input);
  });
}

/** Runs kubectl, and throws with its own words where it fails. */
export async function must(cluster: Cluster, args: readonly string[], input?: string): Promise<string> {
  const { stdout, stderr, code } = await kubectl(cluster, args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
