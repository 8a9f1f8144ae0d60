/**
 * Injects faults into the running service: `npm run test:chaos`. Prints one line per fault; fails if a fault was not
 * survived, or if it did not happen.
 *
 * npm run test:chaos -- [--long] [--soak-minutes N] [--out FILE.json] [--self-check] [FAULT...]
 *
 * `--long` takes more than an hour and judges times too, so it wants a quiet machine. `--self-check` injects nothing, and fails if
 * a fault is seen all the same.
 */
import { cpus } from 'node:os';

import { answerHelp } from '../../bench/experiments/program-arguments';
import { hasTfjsNode } from '../../models/engines/tfjs';
import { readArguments } from './arguments';
import { largeBodies } from './bodies';
import { clock } from './clock';
import { cacheDiskFull, cacheReadOnly, logDiskFull, logUnread } from './disks';
import { type Fault, type FaultId, FAULTS, type Need } from './faults';
import { groupsObstacle } from './groups';
import { decoderBombs, descriptors, memoryLimit, processes } from './limits';
import { modelFlipped, modelMissing, modelTruncated } from './models';
import { createPods, type RunFault } from './pods';
import { type Entry, recordEntries } from './recorded';
import { runFault } from './run-fault';
import { soakFor } from './soak';
import type { Form } from './stage';
import { toolsDiskFull, toolsKilled, toolsReadOnly } from './tools';
import { clientsLeave, overload, slowClients } from './traffic';
import { trainDiskFull, trainReadOnly } from './training';
import { oneWorkerEnds, workerEnds, workerStops } from './workers';
import { writeKilled } from './writes';

const RUN: Readonly<Record<FaultId, RunFault>> = {
  overload,
  'clients-leave': clientsLeave,
  'slow-clients': slowClients,
  'large-bodies': largeBodies,
  'decoder-bombs': decoderBombs,
  'worker-ends': workerEnds,
  'one-worker-ends': oneWorkerEnds,
  'worker-stops': workerStops,
  'memory-limit': memoryLimit,
  descriptors,
  processes,
  'model-missing': modelMissing,
  'model-flipped': modelFlipped,
  'model-truncated': modelTruncated,
  'cache-disk-full': cacheDiskFull,
  'cache-read-only': cacheReadOnly,
  'log-disk-full': logDiskFull,
  'log-unread': logUnread,
  'write-killed': writeKilled,
  'tools-killed': toolsKilled,
  'tools-disk-full': toolsDiskFull,
  'tools-read-only': toolsReadOnly,
  'train-disk-full': trainDiskFull,
  'train-read-only': trainReadOnly,
  clock,
  soak: soakFor(),
};

const OBSTACLES: Readonly<Record<Need, () => string | undefined>> = {
  root: () => (process.getuid?.() === 0 ? undefined : 'it needs root'),
  'control groups': groupsObstacle,
  'tfjs-node': () =>
    hasTfjsNode() ? undefined : 'the native part of tfjs-node is not built; run `npm run build:tfjs-node`',
};

const machine = () => `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`;

/** A shell's exit code for a program that Ctrl-C ended. */
const INTERRUPTED = 130;
/** A run that hangs must not hold up CI. */
const LIMIT_MS: Readonly<Record<Form, number>> = {
  'self-check': 600_000,
  short: 1_200_000,
  long: 4 * 3_600_000,
};
/** For what a run undoes after its time: mounts, control groups, processes. */
const UNDO_LIMIT_MS = 30_000;

async function main(): Promise<void> {
  answerHelp(__filename, `FAULT is one of ${Object.keys(FAULTS).join(', ')}.`);
  const { form, ids, soakMinutes, out } = readArguments(process.argv.slice(2));
  const runs = soakMinutes === undefined ? RUN : { ...RUN, soak: soakFor(60 * soakMinutes) };
  const limitMs = LIMIT_MS[form] + 60_000 * (soakMinutes ?? 0);
  const pods = createPods();
  const interrupt = new AbortController();
  const stop = (exitCode: number) => {
    interrupt.abort();
    void pods.end().finally(() => process.exit(exitCode));
  };
  setTimeout(() => {
    console.log(`FAILED: it must be done after ${limitMs / 60_000} minutes`);
    stop(1);
    setTimeout(() => process.exit(1), UNDO_LIMIT_MS).unref();
  }, limitMs).unref();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop(INTERRUPTED));
  for (const id of ids) {
    const { name, needs }: Fault = FAULTS[id];
    const obstacle = needs.map((need) => OBSTACLES[need]()).find((why) => why !== undefined);
    if (obstacle !== undefined) {
      console.log(`SKIPPED ${id}: ${name}: ${obstacle}`);
      continue;
    }
    const { isOk, text, played } = await runFault(id, runs[id], form, pods, interrupt.signal);
    console.log(`${isOk ? 'ok' : 'FAILED'} ${id}: ${name}: ${text}`);
    if (!isOk) process.exitCode = 1;
    // An interrupted run breaks what it started: that says nothing about the fault.
    if (out === undefined || interrupt.signal.aborted) continue;
    const entry: Entry = { ...played, form, at: new Date().toISOString(), machine: machine() };
    recordEntries(out, { [id]: entry });
  }
  await pods.end();
  process.exit();
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
