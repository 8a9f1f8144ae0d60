/**
 * A control group of our own, to see a CPU limit bite and to count CPU time. Version 1, as root.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { CPU_QUOTA_PERIOD_MS } from '../../infra/construct/deployment-defaults';
import { controlGroupCpuMs, controlGroupPeriods } from '../timeline/control-group';

const MOUNT = '/sys/fs/cgroup/cpu';
/** Another tree on machines that do not mount both controllers together. */
const ACCOUNTING_MOUNT = '/sys/fs/cgroup/cpuacct';
const PERIOD_MICROSECONDS = 1000 * CPU_QUOTA_PERIOD_MS;

/** Why a group cannot be created here; undefined if it can. */
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
  const name = `tandem-bench-${process.pid}-${limitMillis}${suffix}`;
  const folder = join(MOUNT, name);
  const accounting = join(ACCOUNTING_MOUNT, name);
  const folders = [folder, accounting];
  // The second is there already where both controllers share a tree.
  for (const each of folders) mkdirSync(each, { recursive: true });
  writeFileSync(join(folder, 'cpu.cfs_period_us'), String(PERIOD_MICROSECONDS));
  const setLimitMillis = (millis: number) =>
    writeFileSync(join(folder, 'cpu.cfs_quota_us'), String((millis * PERIOD_MICROSECONDS) / 1000));
  setLimitMillis(limitMillis);
  // A group with a limit always counts them.
  const throttling = () => controlGroupPeriods(folder)!;
  return {
    folder,
    setLimitMillis,
    /** Moves a running process with its threads into the group. */
    add: (processId: number) =>
      folders.forEach((each) => writeFileSync(join(each, 'cgroup.procs'), String(processId))),
    /** Weight of its processes beside others where the machine is full; Kubernetes has 1024 per requested CPU. */
    setShares: (shares: number) => writeFileSync(join(folder, 'cpu.shares'), String(shares)),
    /** All folders that a process must join for its CPU time to be counted too. */
    folders,
    /** CPU time of all processes that joined {@link folders}, those that ended included, in milliseconds. */
    cpuMs: () => controlGroupCpuMs(accounting),
    /** The quota's periods so far, without those in which the group did nothing, and those in which it ran out of it. */
    throttling,
    /** Share of the periods in which the group ran out of its quota. */
    throttledShare: () => {
      const { periods, throttledPeriods } = throttling();
      return throttledPeriods / Math.max(1, periods);
    },
    /** Removes the group once its processes have ended. */
    remove: async () => {
      for (let tries = 0; readFileSync(join(folder, 'cgroup.procs'), 'utf8') !== '' && tries < 100; tries++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      for (const each of folders.filter((path) => existsSync(path))) rmdirSync(each);
    },
  };
}
