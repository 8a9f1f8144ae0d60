/** Samples of service processes on this machine, for runs without a cluster: the same series as for a Deployment. */
import { PATHS } from '../../service/contract';
import { controlGroupCpuMs, controlGroupMemoryBytes, controlGroupPeriods } from './control-group';
import { countersIn } from './prometheus-text';
import type { Source } from './recorder';

export interface WatchedProcess {
  /** Recorded in place of a pod's name. */
  readonly name: string;
  /** URL of the service, without a path. */
  readonly url: string;
  /** Folder of its control group, of version 1 (controller cpuacct) or 2, for its CPU, memory and throttling. @default none */
  readonly cgroup?: string;
}

const TIMEOUT_MS = 2_000;

const answer = async (url: string): Promise<string> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return response.text();
};

/** Whether a process is ready; undefined where it has no readiness endpoint. */
async function readinessOf(url: string): Promise<boolean | undefined> {
  try {
    const response = await fetch(url + PATHS.ready, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.text();
    return response.status === 404 ? undefined : response.ok;
  } catch {
    return false;
  }
}

/** Watches processes; each counts as one replica, which is ready when its readiness endpoint answers 200. */
export function processSource(processes: readonly WatchedProcess[]): Source {
  const lastCpu = new Map<string, { readonly atMs: number; readonly cpuMs: number }>();
  return async (atMs, series, failed) => {
    const readiness = await Promise.all(
      processes.map(async ({ name, url, cgroup }) => {
        if (cgroup !== undefined) {
          try {
            const cpuMs = controlGroupCpuMs(cgroup);
            const last = lastCpu.get(name);
            lastCpu.set(name, { atMs, cpuMs });
            if (last !== undefined) {
              series.podMetrics.push({
                pod: name,
                timestamp: new Date().toISOString(),
                windowMs: atMs - last.atMs,
                cpuMillis: Math.ceil((1000 * (cpuMs - last.cpuMs)) / (atMs - last.atMs)),
                memoryBytes: controlGroupMemoryBytes(cgroup),
              });
            }
          } catch (error) {
            failed(`control group of ${name}`, error);
          }
        }
        const ofGroup = cgroup === undefined ? undefined : controlGroupPeriods(cgroup);
        const own = await answer(url + PATHS.metrics)
          .then(countersIn)
          .catch((error: unknown) => {
            failed(`metrics of ${name}`, error);
            return undefined;
          });
        // The service counts the periods of the group that has the limit, which may be one around the named group.
        if (own ?? ofGroup) series.counters.push({ atMs, pod: name, ...ofGroup, ...own });
        return readinessOf(url);
      }),
    );
    const known = readiness.filter((isReady) => isReady !== undefined);
    series.replicas.push({
      ...{ atMs, desired: processes.length, current: processes.length },
      ...(known.length === processes.length && { ready: known.filter(Boolean).length }),
    });
  };
}
