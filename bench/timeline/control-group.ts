/** Reads what a control group counts, of version 1 or 2. */
import { readFileSync } from 'node:fs';

import type { CounterSample } from './timeline-document';

/** Undefined where there is no such file. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The same group under another controller of version 1. Both controllers of CPU are often one tree, under either name. */
const underController = (folder: string, controller: 'cpu' | 'memory'): string =>
  folder.replace(/\/(cpu|cpuacct|cpu,cpuacct|cpuacct,cpu)(?=\/|$)/, `/${controller}`);

const statOf = (text: string, name: string): number | undefined => {
  const count = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
};

/** CPU time of a control group in milliseconds. */
export function controlGroupCpuMs(folder: string): number {
  const nanoseconds = textOf(`${folder}/cpuacct.usage`);
  if (nanoseconds !== undefined) return Number(nanoseconds) / 1e6;
  const microseconds = statOf(readFileSync(`${folder}/cpu.stat`, 'utf8'), 'usage_usec');
  if (microseconds === undefined) {
    throw new Error(
      `${folder} must have cpuacct.usage, or usage_usec in cpu.stat: name its folder of the controller cpuacct`,
    );
  }
  return microseconds / 1000;
}

/** Memory of a control group, the page cache included. */
export const controlGroupMemoryBytes = (folder: string): number =>
  Number(
    textOf(`${underController(folder, 'memory')}/memory.usage_in_bytes`) ??
      readFileSync(`${folder}/memory.current`, 'utf8'),
  );

/** CPU quota periods of a control group; undefined where it counts none. */
export function controlGroupPeriods(
  folder: string,
): Required<Pick<CounterSample, 'periods' | 'throttledPeriods'>> | undefined {
  const text = textOf(`${folder}/cpu.stat`) ?? textOf(`${underController(folder, 'cpu')}/cpu.stat`) ?? '';
  const [periods, throttledPeriods] = [statOf(text, 'nr_periods'), statOf(text, 'nr_throttled')];
  return periods === undefined || throttledPeriods === undefined ? undefined : { periods, throttledPeriods };
}
