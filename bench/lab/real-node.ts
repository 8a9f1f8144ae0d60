/**
 * A real node on this machine: containerd, kubelet and kube-proxy in a network namespace of their own. A bridge joins the
 * nodes; the CNI plugins give pods their addresses.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { getJson, type LabCluster } from './lab-cluster';
import { kubeletUser, nodeAddress, nodeName } from './node-addresses';
import { cniConfig, containerdConfig, kubeletConfig, kubeProxyConfig } from './node-config';
import { addCgroup, addNetwork, ip, mountsBelow, removeCgroup, shimsOf } from './node-resources';
import { endProcess, until } from './poll';
import { kubeconfigOf } from './users';

const run = promisify(execFile);

/** Three nodes start at once, and a machine's disk may be slow. */
const READY_TIMEOUT_MS = 300_000;
const RESTART_DELAY_MS = 2_000;
/** What an error shows of each program's log. */
const LOG_LINES = 8;
const MAX_LINE_LENGTH = 400;

export interface RealNode {
  readonly name: string;
  /** Path of its root control group in each controller's tree. */
  readonly cgroup: string;
  /** Stops the node's programs and pods, and frees its kernel resources. */
  stop(): Promise<void>;
}

export interface NodeOptions {
  readonly index: number;
  readonly nodes: number;
  /** Archives of the images that the node imports. */
  readonly archives: readonly string[];
  /** As in `ControlPlaneOptions`. @default false */
  readonly detached?: boolean;
}

/**
 * Starts node `index` of `nodes`, imports the image archives and waits until the node is ready.
 *
 * @throws Error with the last problems in each program's log
 */
export async function startNode(
  cluster: LabCluster,
  { index, nodes, archives, detached = false }: NodeOptions,
): Promise<RealNode> {
  const name = nodeName(index);
  const namespace = `${basename(cluster.folder)}-${index}`;
  const folder = join(cluster.folder, name);
  const cgroup = `/${namespace}`;
  const socket = `${folder}/containerd.sock`;
  const started: { child: ChildProcess }[] = [];
  let stopping = false;
  const start = (program: string, ...args: string[]) => {
    const log = openSync(join(folder, `${basename(program)}.log`), 'a');
    const launch = () => {
      // "ip netns exec" would mount /sys anew and hide the control groups.
      const child = spawn('nsenter', [`--net=/run/netns/${namespace}`, program, ...args], {
        stdio: ['ignore', log, log],
        cwd: folder,
        detached,
      });
      // As a node's systemd does with a program that ends.
      child.once('exit', () => {
        if (!stopping) setTimeout(relaunch, RESTART_DELAY_MS).unref();
      });
      return child;
    };
    const entry = { child: launch() };
    const relaunch = () => {
      if (!stopping) entry.child = launch();
    };
    started.push(entry);
  };
  const ctrArguments = ['--address', socket, '--namespace', 'k8s.io'];
  const ctr = (...args: string[]) =>
    execFileSync('ctr', [...ctrArguments, ...args], { encoding: 'utf8', stdio: 'pipe' });

  const stop = async () => {
    stopping = true;
    for (const { child } of started.splice(1).reverse()) await endProcess(child);
    // The kubelet leaves its pods running.
    const tasks = existsSync(socket) ? ctr('tasks', 'ls', '--quiet').split('\n').filter(Boolean) : [];
    for (const task of tasks) ctr('tasks', 'rm', '--force', task);
    for (const { child } of started) await endProcess(child);
    for (const pid of shimsOf(socket)) process.kill(pid, 'SIGKILL');
    for (const mount of mountsBelow(folder)) execFileSync('umount', ['--lazy', mount]);
    removeCgroup(cgroup);
    ip('netns', 'delete', namespace);
  };
  try {
    mkdirSync(`${folder}/cni`, { recursive: true });
    addNetwork(namespace, index, nodes);
    addCgroup(cgroup);
    writeFileSync(`${folder}/containerd.toml`, containerdConfig(folder, index));
    writeFileSync(`${folder}/cni/tandem.conflist`, JSON.stringify(cniConfig(folder, index)));
    writeFileSync(`${folder}/kubelet.json`, JSON.stringify(kubeletConfig(folder, cgroup, index)));
    writeFileSync(`${folder}/kube-proxy.json`, JSON.stringify(kubeProxyConfig(cluster, index)));
    start('containerd', '--config', `${folder}/containerd.toml`);
    await until(
      `containerd of ${name} answers`,
      () => Promise.resolve(existsSync(socket) && succeeds(() => ctr('version')) ? true : undefined),
      READY_TIMEOUT_MS,
    );
    // Not synchronous: the nodes import at the same time.
    for (const archive of archives) await run('ctr', [...ctrArguments, 'images', 'import', archive]);
    start(
      join(cluster.bin, 'kubelet'),
      `--config=${folder}/kubelet.json`,
      `--kubeconfig=${kubeconfigOf(cluster.folder, kubeletUser(index))}`,
      `--hostname-override=${name}`,
      `--node-ip=${nodeAddress(index)}`,
      `--root-dir=${folder}/kubelet`,
      `--cert-dir=${folder}/kubelet-certificates`,
    );
    start(join(cluster.bin, 'kube-proxy'), `--config=${folder}/kube-proxy.json`);
    await until(
      `${name} is ready`,
      async () => {
        const { status } = await getJson(cluster, `/api/v1/nodes/${name}`);
        const ready = status?.conditions?.find(({ type }: { type: string }) => type === 'Ready');
        return ready?.status === 'True' ? true : undefined;
      },
      READY_TIMEOUT_MS,
    );
    return { name, cgroup, stop };
  } catch (error) {
    // The kubelet last: its log names most causes, and what shows an error may cut its beginning.
    const logs = ['containerd', 'kube-proxy', 'kubelet']
      .map((program) => join(folder, `${program}.log`))
      .filter(existsSync)
      .map((file) => `${file}:\n${problemsIn(readFileSync(file, 'utf8'))}`);
    await stop();
    throw new Error(`${(error as Error).message}\n${logs.join('\n')}`, { cause: error });
  }
}

/** The last warnings and errors of a log, in klog's or containerd's form; its last lines if it has none. */
function problemsIn(log: string): string {
  const lines = log.trimEnd().split('\n');
  const problems = lines.filter((line) => /^[EFW]\d{4} |level=(?:warning|error|fatal)/.test(line));
  return (problems.length > 0 ? problems : lines)
    .slice(-LOG_LINES)
    .map((line) => line.slice(0, MAX_LINE_LENGTH))
    .join('\n');
}

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
