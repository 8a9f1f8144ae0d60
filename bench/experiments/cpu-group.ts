/**
 * A control group of our own, to see a CPU limit bite. Version 1, as root.
 */
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MOUNT = '/sys/fs/cgroup/cpu';
const PERIOD_MICROSECONDS = 100_000;

/** Why no group can be made here; nothing where one can. */
export function cgroupObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  try {
    accessSync(join(MOUNT, 'cpu.cfs_quota_us'), constants.W_OK);
    return undefined;
  } catch {
    return `it needs control groups of version 1, writable at ${MOUNT}`;
  }
}

/**
 * Makes a group with a CPU limit.
 *
 * @param suffix tells groups of one process and one limit apart
 */
export function createCpuGroup(limitMillis: number, suffix = '') {
  const folder = join(MOUNT, `tandem-bench-${process.pid}-${limitMillis}${suffix}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'cpu.cfs_period_us'), String(PERIOD_MICROSECONDS));
  writeFileSync(join(folder, 'cpu.cfs_quota_us'), String((limitMillis * PERIOD_MICROSECONDS) / 1000));
  return {
    folder,
    /** Share of the periods in which the group ran out of its quota. */
    throttledShare: () => {
      const stat = readFileSync(join(folder, 'cpu.stat'), 'utf8');
      const value = (name: string) => Number(new RegExp(`${name} (\\d+)`).exec(stat)?.[1]);
      return value('nr_throttled') / Math.max(1, value('nr_periods'));
    },
    /** Removes it, once its processes have ended. */
    remove: async () => {
      for (let tries = 0; readFileSync(join(folder, 'cgroup.procs'), 'utf8') !== '' && tries < 100; tries++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      rmdirSync(folder);
    },
  };
}
