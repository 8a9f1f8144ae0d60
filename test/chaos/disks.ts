/**
 * Faults of disks and of the log: full, read-only, not read.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { DRAIN_DELAY_MS, ENV, PATHS, REQUEST_TIMEOUT_MS } from '../../service/contract';
import { fill, isFull, isReadOnly, writeAll } from './broken-disk';
import { IMAGE_FILE, type RunFault } from './pods';
import { mountDisk, spawnService, temporaryFolder } from './spawn-service';
import type { Stage } from './stage';
import { claimNoneFailed, steadyLoad } from './steady-load';

/** Starts a service with a graph cache that cannot be written, and claims that it serves all the same. */
async function claimServes(stage: Stage, cacheDir: string): Promise<void> {
  const started = performance.now();
  const service = await spawnService(stage, { [ENV.onnxCacheDir]: cacheDir });
  const isReady = await service.becomesReady();
  stage.figure('readyMs', performance.now() - started);
  stage.claim('the service becomes ready', isReady);
  if (!isReady) return;
  const status = await service.classify(readFileSync(IMAGE_FILE));
  stage.claim(`it classifies: ${status}`, status === 200);
}

export const cacheDiskFull: RunFault = async (stage) => {
  const folder = temporaryFolder(stage);
  await stage.inject(() => {
    mountDisk(stage, folder, 'size=1m');
    fill(folder);
  });
  await stage.seen(() => isFull(folder), 0);
  await claimServes(stage, folder);
  const temporaries = readdirSync(folder).filter((name) => name.endsWith('.tmp')).length;
  stage.figure('temporaries', temporaries);
  stage.claim(`no temporary file is left: ${temporaries}`, temporaries === 0);
};

export const cacheReadOnly: RunFault = async (stage) => {
  const folder = temporaryFolder(stage);
  await stage.inject(() => mountDisk(stage, folder, 'size=1m,ro'));
  await stage.seen(() => isReadOnly(folder), 0);
  await claimServes(stage, join(folder, 'onnx'));
};

/** More lines than fit into what the log still holds in memory, and well above the least requests of a steady load. */
const BESIDE_FAULT_MS = 6_000;
/** Of the pod, less the time that the manifests reserve. */
const GRACE_MS = DRAIN_DELAY_MS + REQUEST_TIMEOUT_MS;

/** Serves while the log cannot be written, then ends. */
async function claimEnds(
  stage: Stage,
  output: number,
  fault: { inject: () => void; isSeen: () => boolean },
): Promise<void> {
  const service = await spawnService(stage, { [ENV.logLevel]: 'info' }, output);
  if (!(await service.becomesReady())) throw new Error('the service does not become ready before the fault');
  const stop = await steadyLoad(stage, service.url);
  await stage.inject(fault.inject);
  await stage.seen(fault.isSeen);
  await sleep(stage.choose(BESIDE_FAULT_MS, 10 * BESIDE_FAULT_MS));
  claimNoneFailed(stage, await stop());
  const live = await service.status(PATHS.live);
  stage.claim(`liveness answers: ${live}`, live === 200);
  const { exit, endedMs } = await service.terminate();
  stage.figure('exit', exit);
  stage.figure('endedSeconds', endedMs / 1000);
  stage.claim(`SIGTERM ends the service with 0: ${exit}`, exit === 0);
  stage.claimTime(`within ${GRACE_MS} ms: ${endedMs}`, endedMs <= GRACE_MS);
}

export const logDiskFull: RunFault = async (stage) => {
  const folder = temporaryFolder(stage);
  mountDisk(stage, folder, 'size=1m');
  const output = openSync(join(folder, 'log'), 'a');
  stage.onEnd(() => closeSync(output));
  await claimEnds(stage, output, { inject: () => fill(folder), isSeen: () => isFull(folder) });
};

/** Writes until a pipe takes no more. */
function fillPipe(pipe: string): void {
  const end = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  writeAll(end);
  closeSync(end);
}

/** Whether a pipe takes no byte. */
function isPipeFull(pipe: string): boolean {
  const end = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    writeSync(end, Buffer.alloc(1));
    return false;
  } catch {
    return true;
  } finally {
    closeSync(end);
  }
}

export const logUnread: RunFault = async (stage) => {
  const pipe = join(temporaryFolder(stage), 'log');
  spawnSync('mkfifo', [pipe]);
  // Open for both, so that opening waits for nobody; nothing is ever read.
  const output = openSync(pipe, 'r+');
  stage.onEnd(() => closeSync(output));
  await claimEnds(stage, output, {
    inject: () => fillPipe(pipe),
    isSeen: () => isPipeFull(pipe),
  });
};
