/**
 * Control groups of version 1 for what a pod's limit bounds beside the CPU: memory and processes. As root.
 */
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MOUNT = '/sys/fs/cgroup';
const CONTROLLERS = ['memory', 'pids'] as const;
type Controller = (typeof CONTROLLERS)[number];

/** Why groups cannot be made here; undefined if they can. */
export function groupsObstacle(): string | undefined {
  try {
    for (const controller of CONTROLLERS) accessSync(join(MOUNT, controller, 'cgroup.procs'), constants.W_OK);
    return undefined;
  } catch {
    return `it needs control groups of version 1, writable at ${MOUNT}`;
  }
}

/** A group of processes. */
export interface Group {
  readonly folder: string;
  read(file: string): string;
  write(file: string, value: number | 'max'): void;
  /** Removes the group once its processes have ended. */
  remove(): Promise<void>;
}

let made = 0;

/** Makes a group of one controller. */
export function createGroup(controller: Controller): Group {
  const folder = join(MOUNT, controller, `tandem-chaos-${process.pid}-${++made}`);
  mkdirSync(folder);
  const read = (file: string) => readFileSync(join(folder, file), 'utf8').trim();
  return {
    folder,
    read,
    write: (file, value) => writeFileSync(join(folder, file), String(value)),
    remove: async () => {
      for (let tries = 0; read('cgroup.procs') !== '' && tries < 100; tries++) await sleep(50);
      rmdirSync(folder);
    },
  };
}

/** Processes of a memory group that the kernel has killed because its limit was reached. */
export const killedIn = (memory: Group): number =>
  Number(/^oom_kill (\d+)$/m.exec(memory.read('memory.oom_control'))?.[1] ?? 0);
