/**
 * How much CPU this process may use, and how often it was made to wait for it. Node's own count knows nothing of a
 * container's limit.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 * @see https://docs.kernel.org/scheduler/sched-bwc.html (version 1's files)
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';

/** Reads a file's text, or nothing where there is none. */
export type ReadText = (file: string) => string | undefined;

const readText: ReadText = (file) => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
};

/** A group's path and those around it, innermost first; the root is ''. */
const upwards = (path: string): string[] =>
  path.startsWith('/') && path !== '/' ? [path, ...upwards(posix.dirname(path))] : [''];

/**
 * Folders of this process' control groups, innermost first. A container that sees its host's names finds its own group
 * at the root; outside of containers the group is below.
 */
function cpuGroups(read: ReadText): string[] {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const folders = (mount: string, isOurs: (controllers: string[]) => boolean) => {
    const path = groups.find(([, controllers = '-']) => isOurs(controllers.split(',')))?.[2] ?? '';
    return upwards(path).map((group) => mount + group);
  };
  return [
    ...folders('/sys/fs/cgroup', ([controller]) => controller === ''),
    ...folders('/sys/fs/cgroup/cpu', (controllers) => controllers.includes('cpu')),
  ];
}

/** CPU limit of the control group, millicores: the tightest of its own and those around it; nothing where none is. */
export function cgroupCpuLimitMillis(read: ReadText = readText): number | undefined {
  const limits = cpuGroups(read).flatMap((group) => {
    const [quota, period] = read(`${group}/cpu.max`)?.split(' ') ?? [
      read(`${group}/cpu.cfs_quota_us`),
      read(`${group}/cpu.cfs_period_us`),
    ];
    const millis = Math.round((1000 * Number(quota)) / Number(period));
    return Number.isFinite(millis) && millis > 0 ? [millis] : [];
  });
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** How a CPU limit bit: counts since the control group was made. */
export interface CpuThrottling {
  /** Periods, of 100 ms mostly, in which the group wanted to run. */
  readonly periods: number;
  /** Those in which it used its quota up and had to stand still. */
  readonly throttledPeriods: number;
  /** Time that its threads stood still, together. */
  readonly throttledSeconds: number;
}

/** Reads the innermost control group that counts them; nothing where no group does. */
export function cgroupCpuThrottling(read: ReadText = readText): CpuThrottling | undefined {
  for (const group of cpuGroups(read)) {
    const stat = new Map(
      (read(`${group}/cpu.stat`) ?? '').split('\n').map((line) => {
        const [name = '', value] = line.split(' ');
        return [name, Number(value)];
      }),
    );
    const periods = stat.get('nr_periods');
    if (periods === undefined) continue;
    const nanoseconds = stat.get('throttled_time');
    return {
      periods,
      throttledPeriods: stat.get('nr_throttled') ?? 0,
      throttledSeconds:
        nanoseconds === undefined ? (stat.get('throttled_usec') ?? 0) / 1e6 : nanoseconds / 1e9,
    };
  }
  return undefined;
}

/** CPU limit in millicores: the control group's, else all of the machine's. */
export const cpuLimitMillis = (): number => cgroupCpuLimitMillis() ?? 1000 * availableParallelism();

/**
 * Threads for one inference: as many as the limit feeds. More would spend the quota early in each period and then all
 * stand still.
 */
export const threadsFor = (limitMillis: number): number => Math.max(1, Math.floor(limitMillis / 1000));
