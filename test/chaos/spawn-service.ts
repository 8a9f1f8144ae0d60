/**
 * Starts the service with a standard output and a clock that a fault has in its hands.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ENV } from '../../service/contract';
import { MALLOC_ENV } from '../../service/inference/malloc';
import { clientOf } from './pods';
import { type Stage, within } from './stage';

const MAIN = join(__dirname, '../../service/main.ts');
const READY_TIMEOUT_MS = 180_000;
/** What SIGTERM may take before the process is killed: more than the pod's grace period on a busy machine. */
const END_TIMEOUT_MS = 60_000;

/** A folder of the run's own. */
export function temporaryFolder(stage: Stage): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-chaos-'));
  stage.onEnd(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Mounts a small disk in memory for the rest of the run. */
export function mountDisk(stage: Stage, folder: string, options: string): void {
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  if (status !== 0) throw new Error(`a disk cannot be mounted at ${folder}: ${stderr.toString()}`);
  // Lazily: model processes of a killed service may still hold their log.
  stage.onEnd(() => spawnSync('umount', ['-l', folder]));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts the service.
 *
 * @param output its standard output: a descriptor
 */
export async function spawnService(
  stage: Stage,
  environment: Readonly<Record<string, string>>,
  output: number | 'ignore' = 'ignore',
) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ['--import', pathToFileURL(require.resolve('tsx')).href, MAIN], {
    env: {
      ...MALLOC_ENV,
      ...process.env,
      [ENV.port]: String(port),
      [ENV.models]: 'latency',
      [ENV.cpuLimitMillis]: '1000',
      ...environment,
    },
    stdio: ['ignore', output, 'ignore'],
  });
  let exit: number | undefined;
  const ended = new Promise<void>((resolve) =>
    child.once('exit', (code) => {
      exit = code ?? -1;
      resolve();
    }),
  );
  stage.onEnd(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const client = clientOf(url);
  return {
    url,
    ...client,
    /** Waits for readiness; false if it does not come. */
    becomesReady: () =>
      within(READY_TIMEOUT_MS, async () => exit !== undefined || (await client.isReady())).then(
        () => exit === undefined && client.isReady(),
      ),
    /** Sends SIGTERM; the exit code, -1 for a signal, and the time of the end. */
    terminate: async (): Promise<{ exit: number; endedMs: number }> => {
      const started = performance.now();
      child.kill('SIGTERM');
      await within(END_TIMEOUT_MS, () => exit !== undefined);
      return { exit: exit ?? -1, endedMs: performance.now() - started };
    },
  };
}
