/**
 * Reads the Kubernetes API through `kubectl proxy`, which supports every sign-in method of a kubeconfig. The proxy listens
 * on a socket in a folder that only this user can enter; one process serves all reads.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Reads the body at a path; rejects unless the status is 200. */
export type ReadApi = (path: string) => Promise<string>;

const TIMEOUT_MS = 5_000;
const START_TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** A reader of a plain HTTP server; `close` ends its connections. */
export function readerOf(address: { readonly socketPath: string } | { readonly port: number }): {
  readonly read: ReadApi;
  readonly close: () => void;
} {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const read: ReadApi = (path) =>
    new Promise((resolve, reject) => {
      const options = { ...address, path, agent, timeout: TIMEOUT_MS, headers: { host: 'localhost' } };
      const sent = request(options, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
          if (body.length > MAX_BODY_BYTES) sent.destroy(new Error(`more than ${MAX_BODY_BYTES} bytes`));
        });
        response.once('error', reject);
        response.once('end', () => {
          if (response.statusCode === 200) resolve(body);
          else reject(new Error(`status ${response.statusCode}: ${body.slice(0, 300)}`));
        });
      });
      sent.once('timeout', () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
      sent.once('error', reject);
      sent.end();
    });
  return { read, close: () => agent.destroy() };
}

/** What to do without kubectl. */
export const noProgram = (program: string, cause: unknown): Error =>
  new Error(`--kubeconfig needs ${program} on the PATH; install it`, { cause });

/**
 * Starts `kubectl proxy` and returns a reader of its cluster.
 *
 * @param kubectl the program and its first arguments, such as `--kubeconfig`
 * @throws Error with kubectl's own message
 */
export async function openApi(
  kubectl: readonly [string, ...string[]],
): Promise<{ readonly read: ReadApi; readonly close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-api-'));
  const socketPath = join(folder, 'socket');
  const [program, ...args] = kubectl;
  const child = spawn(program, [...args, 'proxy', '--unix-socket', socketPath], {
    env: process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const reader = readerOf({ socketPath });
  const close = async () => {
    reader.close();
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  let output = '';
  const started = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), START_TIMEOUT_MS);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        if (output.includes('Starting to serve')) settle(resolve);
      });
    }
    child.once('error', (error) => settle(() => reject(error)));
    child.once('close', (code) => settle(() => reject(new Error(`it ended with ${code}`))));
  });
  try {
    await started;
  } catch (error) {
    await close();
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noProgram(program, error);
    throw new Error(`kubectl proxy: ${(error as Error).message} ${output.trim()}`.trim(), { cause: error });
  }
  return { read: reader.read, close };
}
