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
import { parseArgs } from 'node:util';

import { hasTfjsNode } from '../../models/engines/tfjs';
import { largeBodies } from './bodies';
import { clock } from './clock';
import { cacheDiskFull, cacheReadOnly, logDiskFull, logUnread } from './disks';
import { type Fault, type FaultId, FAULTS, type Need } from './faults';
import { groupsObstacle } from './groups';
import { decoderBombs, descriptors, memoryLimit, processes } from './limits';
import { modelFlipped, modelMissing, modelTruncated } from './models';
import { createPods, type Pods, type RunFault } from './pods';
import { type Entry, fill, recordEntries } from './recorded';
import { soakFor } from './soak';
import { type Form, NotHappened, play, type Played } from './stage';
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
const NOTICED = 'nothing was injected, and the fault was seen';

/** Runs one fault and says in one line what became of it; undefined if it was not injected. */
async function runFault(
  id: FaultId,
  run: RunFault,
  form: Form,
  pods: Pods,
  interrupt: AbortSignal,
): Promise<Played | undefined> {
  const { name, measured }: Fault = FAULTS[id];
  const say = (isOk: boolean, text: string) => {
    console.log(`${isOk ? 'ok' : 'FAILED'} ${id}: ${name}: ${text}`);
    if (!isOk) process.exitCode = 1;
  };
  try {
    const played = await play(form, (stage) => run(stage, pods), interrupt);
    const problem = await pods.check();
    if (problem !== undefined) played.broken.push(problem);
    if (form === 'self-check') say(false, NOTICED);
    else if (played.broken.length > 0) say(false, played.broken.join('; '));
    else say(true, fill(measured, played.figures));
    return played;
  } catch (error) {
    const isLeftOut = form === 'self-check' && error instanceof NotHappened;
    say(isLeftOut, isLeftOut ? 'not seen without the injection' : (error as Error).message);
    await pods.check();
    return undefined;
  }
}

/** Ids of faults as they were typed, or all. */
function selected(names: readonly string[]): readonly FaultId[] {
  const known = Object.keys(FAULTS) as FaultId[];
  const unknown = names.find((name) => !known.includes(name as FaultId));
  if (unknown !== undefined)
    throw new RangeError(`a fault must be one of ${known.join(', ')}, received ${unknown}`);
  return names.length === 0 ? known : known.filter((id) => names.includes(id));
}

/** Minutes as they were typed. */
function minutesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const minutes = Number(text);
  if (!(minutes > 0)) throw new RangeError(`--soak-minutes must be a number above 0, received ${text}`);
  return minutes;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      long: { type: 'boolean', default: false },
      'self-check': { type: 'boolean', default: false },
      'soak-minutes': { type: 'string' },
      out: { type: 'string' },
    },
  });
  const form: Form = values['self-check'] ? 'self-check' : values.long ? 'long' : 'short';
  const soakMinutes = minutesOf(values['soak-minutes']);
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
  const ids = selected(positionals);
  for (const id of ids) {
    const { name, needs }: Fault = FAULTS[id];
    const obstacle = needs.map((need) => OBSTACLES[need]()).find((why) => why !== undefined);
    if (obstacle !== undefined) {
      console.log(`SKIPPED ${id}: ${name}: ${obstacle}`);
      continue;
    }
    const played = await runFault(id, runs[id], form, pods, interrupt.signal);
    if (played === undefined || values.out === undefined) continue;
    const entry: Entry = { ...played, form, at: new Date().toISOString(), machine: machine() };
    recordEntries(values.out, { [id]: entry });
  }
  await pods.end();
  process.exit();
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
