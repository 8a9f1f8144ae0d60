/**
 * The services that faults are injected into: real processes with the demo model, in the control groups of a pod where
 * the machine has them.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ServiceProcess, startService } from '../../bench/experiments/service-process';
import { sumOf } from '../../bench/timeline/prometheus-text';
import { VARIANTS } from '../../infra/variants';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { ENV, PATHS } from '../../service/contract';
import { createGroup, type Group, groupsObstacle } from './groups';
import { type Stage, within } from './stage';

const MODEL = 'latency';
/** The variant with the smallest limits. */
const SMALLEST = VARIANTS.find(({ name }) => name === 'latency-hpa')!;
/** Memory limit of the smallest variant, bytes. */
export const POD_MEMORY_BYTES = Number(SMALLEST.resources.limits.memory);
/** Two whole cores give the model two processes. */
const CPU_LIMIT_MILLIS = { single: parseInt(SMALLEST.resources.limits.cpu, 10), pair: 2000 };
const READY_TIMEOUT_MS = 120_000;
const ANSWER_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 10_000;
const END_TIMEOUT_MS = 30_000;

/** An image that every load sends, and where. */
export const IMAGE_FILE = join(DEMO_MODELS_DIR, 'samples', 'zigzag.jpg');
export const CLASSIFY = `${PATHS.classify}?model=${MODEL}`;

/** A service's processes and its view from outside. */
export interface Pod extends ServiceProcess {
  /** Folder of the saved model, which the pod has for itself. */
  readonly modelDir: string;
  /** Where the machine has control groups. */
  readonly groups?: { readonly memory: Group; readonly pids: Group };
  /** HTTP status of a GET; 0 without an answer. */
  status(path: string): Promise<number>;
  /** HTTP status of the classification of a body; 0 without an answer. */
  classify(body: Buffer): Promise<number>;
  /** Sum of a metric's samples whose labels have a text. */
  metric(name: string, label?: string): Promise<number>;
  isReady(): Promise<boolean>;
  isAlive(): boolean;
}

const statusOf = (url: string, timeoutMs: number, init: RequestInit = {}): Promise<number> =>
  fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.status;
    },
    () => 0,
  );

/** The calls of a client of the service at a URL. */
export function clientOf(url: string) {
  return {
    status: (path: string) => statusOf(`${url}${path}`, PROBE_TIMEOUT_MS),
    classify: (body: Buffer) =>
      statusOf(`${url}${CLASSIFY}`, ANSWER_TIMEOUT_MS, { method: 'POST', body: new Uint8Array(body) }),
    metric: async (name: string, label = '') => {
      const text = await (await fetch(`${url}${PATHS.metrics}`)).text();
      const lines = text.split('\n').filter((line) => line.includes(label));
      return sumOf(lines.join('\n'), name);
    },
    isReady: async () => (await statusOf(`${url}${PATHS.ready}`, PROBE_TIMEOUT_MS)) === 200,
  };
}

/** Whether a process exists and is not just waiting to be reaped. */
export function isAlive(processId: number): boolean {
  if (!existsSync(`/proc/${processId}`)) return false;
  return stateOf(processId) !== 'Z';
}

/** The kernel's letter for a process's state, such as `T` for stopped; `Z` once it is gone. */
export function stateOf(processId: number): string {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${processId}/stat`, 'utf8'))![1]!;
  } catch {
    return 'Z';
  }
}

/** Resident memory of a process, MiB; 0 once it is gone. */
export function residentMib(processId: number): number {
  try {
    const status = readFileSync(`/proc/${processId}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** A folder of the pod's own with the demo model, since faults damage it. */
function copyOfModel(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-chaos-models-'));
  for (const name of [MODEL, 'samples'])
    cpSync(join(DEMO_MODELS_DIR, name), join(folder, name), { recursive: true });
  return folder;
}

const createGroups = () =>
  groupsObstacle() === undefined ? { memory: createGroup('memory'), pids: createGroup('pids') } : undefined;

/** Ends a service, with SIGKILL if it does not end by itself. */
async function endService(service: ServiceProcess): Promise<void> {
  if (!isAlive(service.processId)) return;
  void service.end('SIGINT');
  if (!(await within(END_TIMEOUT_MS, () => !isAlive(service.processId)))) await service.end('SIGKILL');
}

/** Exports the model's graph where the cache has none. A pod's memory is too small for that: its image ships the graph. */
async function exportGraph(): Promise<void> {
  const service = await startService({ [ENV.models]: MODEL, [ENV.modelsDir]: DEMO_MODELS_DIR });
  await service.end('SIGINT');
}
let exported: Promise<void> | undefined;

async function startPod(kind: keyof typeof CPU_LIMIT_MILLIS): Promise<Pod & { remove(): Promise<void> }> {
  await (exported ??= exportGraph());
  const modelsDir = copyOfModel();
  const groups = createGroups();
  const clean = async () => {
    rmSync(modelsDir, { recursive: true });
    await groups?.memory.remove();
    await groups?.pids.remove();
  };
  groups?.memory.write('memory.limit_in_bytes', POD_MEMORY_BYTES);
  const service = await startService(
    {
      [ENV.models]: MODEL,
      [ENV.modelsDir]: modelsDir,
      [ENV.cpuLimitMillis]: String(CPU_LIMIT_MILLIS[kind]),
    },
    { cgroups: groups === undefined ? [] : [groups.memory.folder, groups.pids.folder] },
  ).catch(async (error: unknown) => {
    await clean();
    throw error;
  });
  return {
    ...service,
    ...clientOf(service.url),
    ...(groups && { groups }),
    modelDir: join(modelsDir, MODEL),
    isAlive: () => isAlive(service.processId),
    remove: async () => {
      await endService(service);
      await clean();
    },
  };
}

/** Why a pod does not serve; undefined if it does. */
async function problemOf(pod: Pod): Promise<string | undefined> {
  await within(READY_TIMEOUT_MS, async () => !pod.isAlive() || (await pod.isReady()));
  if (!pod.isAlive()) return 'the server’s process has ended';
  const status = await pod.classify(readFileSync(IMAGE_FILE));
  return status === 200 ? undefined : `an image gets ${status} afterwards`;
}

/** Pods that several faults share; one that a fault has ended is started again. */
export function createPods() {
  const kept = new Map<keyof typeof CPU_LIMIT_MILLIS, ReturnType<typeof startPod>>();
  const get = (kind: keyof typeof CPU_LIMIT_MILLIS): Promise<Pod> => {
    const pod = kept.get(kind) ?? startPod(kind);
    kept.set(kind, pod);
    // The next fault tries again.
    pod.catch(() => kept.delete(kind));
    return pod;
  };
  return {
    /** The smallest variant's pod, with one model process. */
    single: () => get('single'),
    /** A pod with two model processes. */
    pair: () => get('pair'),
    /** Why a pod does not serve, if one does not; it is ended. */
    check: async (): Promise<string | undefined> => {
      let problem: string | undefined;
      for (const [kind, starting] of kept) {
        const pod = await starting;
        const found = await problemOf(pod);
        if (found === undefined) continue;
        problem = found;
        kept.delete(kind);
        await pod.remove();
      }
      return problem;
    },
    end: async () => {
      for (const pod of kept.values()) await (await pod).remove();
    },
  };
}

/** The shared pods. */
export type Pods = ReturnType<typeof createPods>;

/** Runs one fault. */
export type RunFault = (stage: Stage, pods: Pods) => Promise<void>;
