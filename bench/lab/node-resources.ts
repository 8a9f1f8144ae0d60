/** Kernel resources of a real node: a network namespace, control groups, mounts and shims. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { BRIDGE, BRIDGE_ADDRESS, nodeAddress, podCidr } from './node-addresses';

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

/** Runs `ip`. */
export const ip = (...args: readonly string[]) =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });

/** Creates a node's network namespace, with routes to the bridge and to the other nodes' pods. */
export function addNetwork(namespace: string, index: number, nodes: number): void {
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

/** Weight of a node beside a single process, which has 1024: a node's pods must not wait for whatever else this machine does. */
const NODE_CPU_SHARES = 16_384;

/** Makes a node's root control group in each controller's tree. */
export function addCgroup(cgroup: string): void {
  for (const controller of CONTROLLERS.filter((name) => existsSync(join(CGROUPS, name)))) {
    mkdirSync(join(CGROUPS, controller, cgroup), { recursive: true });
  }
  writeFileSync(join(CGROUPS, 'cpu', cgroup, 'cpu.shares'), String(NODE_CPU_SHARES));
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    writeFileSync(join(CGROUPS, 'cpuset', cgroup, file), readFileSync(join(CGROUPS, 'cpuset', file)));
  }
}

/** Removes a node's control groups from each controller's tree. */
export function removeCgroup(cgroup: string): void {
  for (const controller of CONTROLLERS) {
    const root = join(CGROUPS, controller, cgroup);
    if (existsSync(root)) execFileSync('find', [root, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
  }
}

/** Process ids of a node's containerd shims, which outlive containerd. */
export function shimsOf(socket: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || !existsSync(`/proc/${pid}/cmdline`)) return [];
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return program.includes('containerd-shim') && args.includes(socket) ? [Number(pid)] : [];
  });
}

/** Mount points below a folder, deepest first. */
export function mountsBelow(folder: string): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const places = mounts.map((line) => line.split(' ')[1] ?? '');
  return places.filter((place) => place.startsWith(`${folder}/`)).reverse();
}
