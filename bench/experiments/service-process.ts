/**
 * Runs the service as the container image does: a process of its own, on a free port, with its model processes as children.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

import { ENV } from '../../service/contract';
import { MALLOC_ENV } from '../../service/inference/malloc';

const MAIN = join(__dirname, '../../service/main.ts');

export interface ServiceProcess {
  readonly url: string;
  readonly port: number;
  readonly processId: number;
  /** Its log so far, without the lines of requests. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** Process ids of the model processes. */
  workers(): number[];
  /** Sends a signal; resolves with the exit code, or with the signal that ended it. */
  end(signal?: NodeJS.Signals): Promise<number | string>;
}

/** Process ids of a process's children; Linux only. */
export function childrenOf(processId: number): number[] {
  return readdirSync(`/proc/${processId}/task`).flatMap((task) =>
    readFileSync(`/proc/${processId}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

const commandOf = (processId: number) => readFileSync(`/proc/${processId}/cmdline`, 'utf8');

/** Options of the start besides the variables. */
export interface StartOptions {
  /** Folders of the control groups that the process joins before anything else. @default those of this process */
  readonly cgroups?: readonly string[];
  /** @default service/main.ts */
  readonly entry?: string;
}

/** A model's first start exports its graph. */
const READY_TIMEOUT_MS = 300_000;

/**
 * Starts a service and waits until it is ready.
 *
 * @throws Error if it ends before, or is not ready in five minutes
 */
export async function startService(
  environment: Readonly<Record<string, string>>,
  { cgroups = [], entry = MAIN }: StartOptions = {},
): Promise<ServiceProcess> {
  const command = [process.execPath, '--import', pathToFileURL(require.resolve('tsx')).href, entry];
  const joins = cgroups.map((folder) => `echo $$ >'${folder}/cgroup.procs' && `).join('');
  const joined = ['sh', '-c', `${joins}exec "$@"`, 'sh', ...command];
  const child: ChildProcess = spawn(joined[0]!, joined.slice(1), {
    env: { ...MALLOC_ENV, ...process.env, [ENV.port]: '0', [ENV.logLevel]: 'info', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const log: Record<string, unknown>[] = [];
  let port = 0;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new Error(
          `the service was not ready in ${READY_TIMEOUT_MS / 1000} s: ${JSON.stringify(log.slice(-3))}`,
        ),
      );
    }, READY_TIMEOUT_MS);
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      // The lines of requests would fill the memory.
      if (entry['req'] !== undefined) return;
      log.push(entry);
      if (entry['msg'] === 'listening') port = Number(entry['port']);
      if (entry['msg'] === 'ready') resolve();
    });
    void ended.then((how) => reject(new Error(`the service ended (${how}) before it was ready`)));
  }).finally(() => {
    clearTimeout(timer);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    processId: child.pid!,
    log,
    // A TypeScript compiler may be another child.
    workers: () => childrenOf(child.pid!).filter((id) => commandOf(id).includes('worker.')),
    end: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}
