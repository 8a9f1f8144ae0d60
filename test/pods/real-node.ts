/**
 * A real node on this machine: containerd, kubelet and kube-proxy in a network namespace of their own, joined by a
 * bridge. Pods get addresses of the node's range from the CNI plugins.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { type Cluster, end, getJson, kubeconfigOf, until } from '../cluster/control-plane';

export const BRIDGE = 'tandem0';
/** The bridge's own address, at which nodes reach the API server. */
export const BRIDGE_ADDRESS = '10.200.0.1';
export const POD_CIDR = '10.244.0.0/16';
export const SERVICE_CIDR = '10.96.0.0/16';
export const PAUSE_IMAGE = 'tandem-test-pause:1';
const CGROUPS = '/sys/fs/cgroup';
const CONTROLLERS = [
  'cpu',
  'cpuacct',
  'memory',
  'pids',
  'freezer',
  'devices',
  'blkio',
  'cpuset',
  'systemd',
  'hugetlb',
];

export const nodeName = (index: number) => `node-${index}`;
export const nodeAddress = (index: number) => `10.200.0.1${index}`;
const podCidr = (index: number) => `10.244.${index}.0/24`;
export const KUBE_PROXY_USER = 'system:kube-proxy';
export const kubeletUser = (index: number) => `system:node:${nodeName(index)}`;

export interface RealNode {
  readonly name: string;
  /** Its part of the control groups' trees, as a path below each controller. */
  readonly cgroup: string;
  stop(): Promise<void>;
}

const ip = (...args: readonly string[]) => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });

/** Makes a node's network namespace, with a way to the bridge and to the other nodes' pods. */
function addNetwork(namespace: string, index: number, nodes: number): void {
  ip('netns', 'add', namespace);
  const inside = (...args: string[]) => ip('-n', namespace, ...args);
  inside('link', 'set', 'lo', 'up');
  ip('link', 'add', `tandem-n${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  ip('link', 'set', `tandem-n${index}`, 'master', BRIDGE, 'up');
  inside('addr', 'add', `${nodeAddress(index)}/24`, 'dev', 'eth0');
  inside('link', 'set', 'eth0', 'up');
  inside('route', 'add', 'default', 'via', BRIDGE_ADDRESS);
  ip('route', 'replace', podCidr(index), 'via', nodeAddress(index));
  for (let other = 0; other < nodes; other++) {
    if (other !== index) inside('route', 'add', podCidr(other), 'via', nodeAddress(other));
  }
  execFileSync('nsenter', [`--net=/run/netns/${namespace}`, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
}

const containerdConfig = (folder: string, index: number) => `version = 2
root = "${folder}/containerd"
state = "${folder}/state"
oom_score = 0
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "/run/tandem-runc-${basename(folder)}-${index}"
`;

const cniConfig = (folder: string, index: number) => ({
  cniVersion: '0.4.0',
  name: 'tandem',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: `${folder}/addresses`,
        ranges: [[{ subnet: podCidr(index) }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
});

const kubeletConfig = (folder: string, cgroup: string, index: number) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: nodeAddress(index),
  healthzPort: 0,
  authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
  authorization: { mode: 'Webhook' },
  containerRuntimeEndpoint: `unix://${folder}/containerd.sock`,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: cgroup,
  failCgroupV1: false,
  failSwapOn: false,
  // The machine's sandbox may not lower it.
  oomScoreAdj: 0,
  clusterDNS: [],
  resolvConf: '',
  imageGCHighThresholdPercent: 100,
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  nodeStatusUpdateFrequency: '5s',
  maxPods: 30,
  volumePluginDir: `${folder}/volume-plugins`,
  podLogsDir: `${folder}/logs`,
  makeIPTablesUtilChains: false,
  localStorageCapacityIsolation: false,
});

const kubeProxyConfig = (cluster: Cluster, index: number) => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  hostnameOverride: nodeName(index),
  clusterCIDR: POD_CIDR,
  clientConnection: { kubeconfig: kubeconfigOf(cluster.folder, KUBE_PROXY_USER) },
  oomScoreAdj: 0,
  conntrack: { maxPerCore: 0, min: 0 },
});

/** Makes a node's root in each controller's tree of control groups. */
function addCgroup(cgroup: string): void {
  for (const controller of CONTROLLERS.filter((name) => existsSync(join(CGROUPS, name)))) {
    mkdirSync(join(CGROUPS, controller, cgroup), { recursive: true });
  }
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    writeFileSync(join(CGROUPS, 'cpuset', cgroup, file), readFileSync(join(CGROUPS, 'cpuset', file)));
  }
}

function removeCgroup(cgroup: string): void {
  for (const controller of CONTROLLERS) {
    const root = join(CGROUPS, controller, cgroup);
    if (existsSync(root)) execFileSync('find', [root, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
  }
}

/** Starts a node of several, with images from archives, and waits until it is ready. */
export async function startNode(
  cluster: Cluster,
  { index, nodes, archives }: { index: number; nodes: number; archives: readonly string[] },
): Promise<RealNode> {
  const name = nodeName(index);
  const namespace = `${basename(cluster.folder)}-${index}`;
  const folder = join(cluster.folder, name);
  const cgroup = `/${namespace}`;
  const socket = `${folder}/containerd.sock`;
  const started: ChildProcess[] = [];
  const start = (program: string, ...args: string[]) => {
    const log = openSync(join(folder, `${basename(program)}.log`), 'w');
    // Not "ip netns exec", which mounts /sys anew and hides the control groups.
    started.push(
      spawn('nsenter', [`--net=/run/netns/${namespace}`, program, ...args], {
        stdio: ['ignore', log, log],
        cwd: folder,
      }),
    );
  };
  const ctr = (...args: string[]) =>
    execFileSync('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    });

  const stop = async () => {
    for (const child of started.splice(1).reverse()) await end(child);
    // What the kubelet left running, where pods were still there.
    const tasks = existsSync(socket) ? ctr('tasks', 'ls', '--quiet').split('\n').filter(Boolean) : [];
    for (const task of tasks) ctr('tasks', 'rm', '--force', task);
    for (const child of started) await end(child);
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
    await until(`containerd of ${name} answers`, () =>
      Promise.resolve(existsSync(socket) && succeeds(() => ctr('version')) ? true : undefined),
    );
    for (const archive of archives) ctr('images', 'import', archive);
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
      120_000,
    );
    return { name, cgroup, stop };
  } catch (error) {
    const logs = ['containerd', 'kubelet', 'kube-proxy']
      .map((program) => join(folder, `${program}.log`))
      .filter(existsSync)
      .map((file) => `${file}: ${readFileSync(file, 'utf8').slice(-1500)}`);
    await stop();
    throw new Error(`${(error as Error).message}\n${logs.join('\n')}`, { cause: error });
  }
}

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

/** Processes of containerd's shims of a node: a containerd that stops leaves them. */
function shimsOf(socket: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || !existsSync(`/proc/${pid}/cmdline`)) return [];
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return program.includes('containerd-shim') && args.includes(socket) ? [Number(pid)] : [];
  });
}

function mountsBelow(folder: string): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const places = mounts.map((line) => line.split(' ')[1] ?? '');
  return places.filter((place) => place.startsWith(`${folder}/`)).reverse();
}
