/**
 * How much CPU this process may use. Node's own count knows nothing of a container's limit.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Reads a file's text, or nothing where there is none. */
export type ReadText = (file: string) => string | undefined;

const readText: ReadText = (file) => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
};

/** CPU limit of the control group, millicores; nothing where there is none. */
export function cgroupCpuLimitMillis(read: ReadText = readText): number | undefined {
  const [quota, period] = read('/sys/fs/cgroup/cpu.max')?.split(' ') ?? [
    read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'),
    read('/sys/fs/cgroup/cpu/cpu.cfs_period_us'),
  ];
  const millis = Math.round((1000 * Number(quota)) / Number(period));
  return Number.isFinite(millis) && millis > 0 ? millis : undefined;
}

/** CPU limit in millicores: the control group's, else all of the machine's. */
export const cpuLimitMillis = (): number => cgroupCpuLimitMillis() ?? 1000 * availableParallelism();

/**
 * Threads for one inference: as many as the limit feeds. More would spend the quota early in each period and then all
 * stand still.
 */
export const threadsFor = (limitMillis: number): number => Math.max(1, Math.floor(limitMillis / 1000));
