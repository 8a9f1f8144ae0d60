/** Samples of service processes on this machine, for runs without a cluster: the same series as for a Deployment. */
import { readFileSync } from 'node:fs';

import { PATHS } from '../../service/contract';
import { countersIn } from './prometheus-text';
import type { Source } from './recorder';

export interface WatchedProcess {
  /** Recorded in place of a pod's name. */
  readonly name: string;
  /** URL of the service, without a path. */
  readonly url: string;
  /** Folder of its control group, of version 1 (controller cpuacct) or 2, to read its CPU use. @default none */
  readonly cgroup?: string;
}

const TIMEOUT_MS = 2_000;

const answer = async (url: string): Promise<string> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return response.text();
};

/** CPU time of a control group in milliseconds. */
function cgroupCpuMs(folder: string): number {
  try {
    return Number(readFileSync(`${folder}/cpuacct.usage`, 'utf8')) / 1e6;
  } catch {
    const text = readFileSync(`${folder}/cpu.stat`, 'utf8');
    return Number(/^usage_usec (\d+)$/m.exec(text)?.[1] ?? NaN) / 1000;
  }
}

function cgroupMemoryBytes(folder: string): number {
  try {
    return Number(readFileSync(`${folder.replace('/cpuacct/', '/memory/')}/memory.usage_in_bytes`, 'utf8'));
  } catch {
    return Number(readFileSync(`${folder}/memory.current`, 'utf8'));
  }
}

/** Watches processes; each counts as one replica, which is ready when its readiness endpoint answers 200. */
export function processSource(processes: readonly WatchedProcess[]): Source {
  const lastCpu = new Map<string, { readonly atMs: number; readonly cpuMs: number }>();
  return async (atMs, series, failed) => {
    const ready = await Promise.all(
      processes.map(async ({ name, url, cgroup }) => {
        if (cgroup !== undefined) {
          try {
            const cpuMs = cgroupCpuMs(cgroup);
            const last = lastCpu.get(name);
            lastCpu.set(name, { atMs, cpuMs });
            if (last !== undefined) {
              series.podMetrics.push({
                pod: name,
                timestamp: new Date().toISOString(),
                windowMs: atMs - last.atMs,
                cpuMillis: Math.ceil((1000 * (cpuMs - last.cpuMs)) / (atMs - last.atMs)),
                memoryBytes: cgroupMemoryBytes(cgroup),
              });
            }
          } catch (error) {
            failed(`control group of ${name}`, error);
          }
        }
        await answer(url + PATHS.metrics)
          .then((text) => series.counters.push({ atMs, pod: name, ...countersIn(text) }))
          .catch((error: unknown) => failed(`metrics of ${name}`, error));
        return answer(url + PATHS.ready).then(
          () => true,
          () => false,
        );
      }),
    );
    series.replicas.push({
      atMs,
      desired: processes.length,
      current: processes.length,
      ready: ready.filter(Boolean).length,
    });
  };
}
