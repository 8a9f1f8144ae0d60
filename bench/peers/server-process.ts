/**
 * A server in a control group of its own, from its start to its end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { createCpuGroup } from '../experiments/cpu-group';

export type CpuGroup = ReturnType<typeof createCpuGroup>;

const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 10;
/** Longer than the slowest server's first answer. */
const ANSWER_TIMEOUT_MS = 20_000;
const END_TIMEOUT_MS = 10_000;
const LOG_CHARACTERS = 600;

/** A port that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Posts an image on a connection of its own; undefined without an answer of status 200. */
function post(url: string, image: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'image/jpeg', 'content-length': image.length };
    const sent = request(url, { method: 'POST', agent: false, headers, timeout: ANSWER_TIMEOUT_MS });
    const none = () => resolve(undefined);
    sent.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () =>
        response.statusCode === 200 ? resolve(Buffer.concat(chunks).toString()) : none(),
      );
      response.once('error', none);
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', none);
    sent.end(image);
  });
}

/** Ids of the processes in a group. */
export const processesOf = ({ folder }: Pick<CpuGroup, 'folder'>): number[] =>
  readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);

/** Memory of a group's processes, each with its share of what it shares, MiB. */
export function pssMebibytes(group: CpuGroup): number {
  const kibibytes = processesOf(group).map((id) => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0; // it ended meanwhile
    }
  });
  return kibibytes.reduce((sum, value) => sum + value, 0) / 1024;
}

/** Ends all processes of a group at once. */
export async function endAll(group: CpuGroup): Promise<void> {
  const endMs = performance.now() + END_TIMEOUT_MS;
  for (let left = processesOf(group); left.length > 0; left = processesOf(group)) {
    if (performance.now() > endMs) throw new Error(`these processes did not end: ${left.join(', ')}`);
    for (const id of left) {
      try {
        process.kill(id, 'SIGKILL');
      } catch {
        // it ended meanwhile
      }
    }
    await sleep(POLL_MS);
  }
}

/** A program to start in a group. */
export interface Program {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** File that receives what it prints. */
  readonly log: string;
}

/** Starts a program, which joins the group before anything else. */
export function startInGroup({ command, environment, log }: Program, group: CpuGroup): ChildProcess {
  const joins = group.folders.map((folder) => `echo $$ >'${folder}/cgroup.procs' && `).join('');
  const output = openSync(log, 'w');
  const child = spawn('sh', ['-c', `${joins}exec "$@"`, 'sh', ...command], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  return child;
}

/**
 * Starts a server and waits for its first right answer.
 *
 * @returns milliseconds from the start to that answer
 * @throws Error with the end of its log if it ends before, answers wrongly or takes too long
 */
export async function startServer(
  program: Program,
  group: CpuGroup,
  url: string,
  image: { readonly bytes: Buffer; readonly expectedClass: string },
  signal: AbortSignal,
): Promise<number> {
  const problem = (what: string) => {
    const printed = readFileSync(program.log, 'utf8').slice(-LOG_CHARACTERS).trim();
    return new Error(`the server ${what}: ${printed || 'it printed nothing'}`);
  };
  const startedMs = performance.now();
  const child = startInGroup(program, group);
  let ended: string | undefined;
  child.once('exit', (code, exitSignal) => (ended = `ended with ${code ?? exitSignal}`));
  child.once('error', (error) => (ended = `cannot start (${error.message})`));
  for (;;) {
    const answer = await post(url, image.bytes);
    if (answer !== undefined) {
      const { top } = JSON.parse(answer) as { top: { class: string }[] };
      if (top[0]?.class === image.expectedClass) return performance.now() - startedMs;
      throw problem(`must answer ${image.expectedClass}, received ${answer}`);
    }
    signal.throwIfAborted();
    if (ended !== undefined) throw problem(`${ended} before it was ready`);
    if (performance.now() - startedMs > READY_TIMEOUT_MS)
      throw problem(`was not ready in ${READY_TIMEOUT_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}
