/** Containers of the image under test, run by podman with limits, as a kubelet would run them. */
import { execFileSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { ENV, PATHS } from '../../service/contract';

const READY_TIMEOUT_MS = 240_000;

export const imageOf = (engine: string) => `localhost/tandem-test:${engine}`;

/** runc, since crun refuses machines with both kinds of control groups; limits that need no privilege to set. */
const SANDBOX = ['--runtime', 'runc', '--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=4096:4096'];

/** Runs podman. */
export const podman = (...args: readonly string[]): string =>
  execFileSync('podman', args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

/** What a shell in a fresh container of the image prints. */
export const shell = (image: string, script: string): string =>
  podman('run', '--rm', ...SANDBOX, '--network', 'none', '--entrypoint', 'sh', image, '-c', script);

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

export interface Limits {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

export interface Container {
  readonly id: string;
  readonly url: string;
  /** From the start of the container until it answered that it is ready. */
  readonly startMs: number;
}

/** Starts a container with limits, a read-only root and nothing but /tmp to write to, and waits until it is ready. */
export async function startContainer(
  image: string,
  environment: Readonly<Record<string, string>>,
  { cpuMillis, memoryBytes }: Limits,
): Promise<Container> {
  const port = await freePort();
  const variables = Object.entries({ ...environment, [ENV.port]: String(port) });
  const started = performance.now();
  const id = podman(
    ...['run', '--detach', ...SANDBOX, '--network', 'host', '--read-only', '--cap-drop', 'all'],
    ...['--security-opt', 'no-new-privileges', '--tmpfs', '/tmp:size=64m'],
    ...[
      '--cpus',
      String(cpuMillis / 1000),
      '--memory',
      String(memoryBytes),
      '--memory-swap',
      String(memoryBytes),
    ],
    ...variables.flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    image,
  );
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const status = await fetch(`${url}${PATHS.ready}`).then(
      (response) => response.status,
      () => 0,
    );
    const startMs = performance.now() - started;
    if (status === 200) return { id, url, startMs };
    if (startMs > READY_TIMEOUT_MS || podman('inspect', '--format', '{{.State.Running}}', id) !== 'true') {
      const log = podman('logs', id);
      podman('rm', '--force', id);
      throw new Error(`${image} is not ready after ${Math.round(startMs)} ms (status ${status}): ${log}`);
    }
    await sleep(100);
  }
}
