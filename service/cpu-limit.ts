/**
 * Reads the CPU limit and the CPU throttling of this process from its cgroup, because Node's core count ignores a
 * container's limit.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 * @see https://docs.kernel.org/scheduler/sched-bwc.html (version 1's files)
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';

/** Reads a file's text; undefined when there is no such file. */
export type ReadText = (file: string) => string | undefined;

const readText: ReadText = (file) => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
};

/** A cgroup's path and its ancestors, innermost first; the root is ''. */
const upwards = (path: string): string[] =>
  path.startsWith('/') && path !== '/' ? [path, ...upwards(posix.dirname(path))] : [''];

/**
 * Folders of this process's cgroups, innermost first. In a container without a cgroup namespace, /proc shows the host's
 * path, but the container's own cgroup is mounted at the root.
 */
function cpuGroups(read: ReadText): string[] {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const folders = (mount: string, isMatch: (controllers: string[]) => boolean) => {
    const path = groups.find(([, controllers = '-']) => isMatch(controllers.split(',')))?.[2] ?? '';
    return upwards(path).map((group) => mount + group);
  };
  return [
    ...folders('/sys/fs/cgroup', ([controller]) => controller === ''),
    ...folders('/sys/fs/cgroup/cpu', (controllers) => controllers.includes('cpu')),
  ];
}

/** The limit of one cgroup, millicores; Infinity when it has none. */
function limitMillisOf(group: string, read: ReadText): number {
  const [quota, period] = read(`${group}/cpu.max`)?.split(' ') ?? [
    read(`${group}/cpu.cfs_quota_us`),
    read(`${group}/cpu.cfs_period_us`),
  ];
  const millis = Math.round((1000 * Number(quota)) / Number(period));
  return Number.isFinite(millis) && millis > 0 ? millis : Infinity;
}

/** CPU limit in millicores: the lowest of the cgroup and its ancestors; undefined when there is no limit. */
export function cgroupCpuLimitMillis(read: ReadText = readText): number | undefined {
  const limitMillis = Math.min(...cpuGroups(read).map((group) => limitMillisOf(group, read)));
  return limitMillis === Infinity ? undefined : limitMillis;
}

/** CPU throttling since the cgroup was created. */
export interface CpuThrottling {
  /** Periods, usually of 100 ms, in which the cgroup was runnable. */
  readonly periods: number;
  /** Periods in which the cgroup used up its quota. */
  readonly throttledPeriods: number;
  /** Total time that its threads were throttled. */
  readonly throttledSeconds: number;
}

/**
 * Throttling of the cgroup with the lowest limit, of several the innermost: a limit throttles the cgroup that has it, and
 * those inside count nothing. Undefined when no cgroup counts it.
 */
export function cgroupCpuThrottling(read: ReadText = readText): CpuThrottling | undefined {
  const groups = cpuGroups(read).map((group) => ({ group, limitMillis: limitMillisOf(group, read) }));
  // Stable: the innermost stays first. Not a difference, which is NaN for two without a limit.
  groups.sort(
    (one, other) => Number(one.limitMillis > other.limitMillis) - Number(one.limitMillis < other.limitMillis),
  );
  for (const { group } of groups) {
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

/** CPU limit in millicores: the cgroup's, else all cores. */
export const cpuLimitMillis = (): number => cgroupCpuLimitMillis() ?? 1000 * availableParallelism();

/** What this machine can give of a limit, millicores: a limit may be above its cores. */
export const usableMillis = (limitMillis: number): number =>
  Math.min(limitMillis, 1000 * availableParallelism());

/**
 * Threads per inference: the number of whole cores in the limit, at least 1. More threads would use up the quota early in
 * each period and then all be throttled.
 */
export const threadsFor = (limitMillis: number): number => Math.max(1, Math.floor(limitMillis / 1000));
