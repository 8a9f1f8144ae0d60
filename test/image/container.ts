/** Runs containers of the image under test with podman, with limits as a kubelet sets them. */
import { execFileSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { ENV, PATHS } from '../../service/contract';

const READY_TIMEOUT_MS = 240_000;

export const imageOf = (engine: string) => `localhost/tandem-test:${engine}`;

/** runc, because crun refuses machines with both versions of control groups; limits that need no privilege. */
const SANDBOX = ['--runtime', 'runc', '--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=4096:4096'];

/** Runs podman; returns its output. */
export const podman = (...args: readonly string[]): string =>
  execFileSync('podman', args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

/** Runs a script in a new container of the image; returns its output. */
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
  /** Milliseconds from the start of the container until it is ready. */
  readonly startMs: number;
}

/** Starts a container with limits and a read-only root (only /tmp is writable), and waits until it is ready. */
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
