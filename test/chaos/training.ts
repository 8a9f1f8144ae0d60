/**
 * Faults of the disk that a training writes to. `npm run test:native` kills a training at random points.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../../files/package-root';
import { CHECKPOINT_NAME } from '../../models/training/checkpoint';
import { differentFiles, drawImages, EPOCHS, trainCommand } from '../support/small-training';
import { type Breakage, FULL, READ_ONLY } from './broken-disk';
import type { RunFault } from './pods';
import { mountDisk, temporaryFolder } from './spawn-service';
import type { Stage } from './stage';

/** The finished model, its checkpoint and a temporary file of each. */
const DISK = 'size=96m';
const TIMEOUT_MS = 300_000;

interface Training {
  readonly child: ChildProcess;
  said: string;
}

const hasEnded = ({ child }: Training) => child.exitCode !== null || child.signalCode !== null;

/** Starts the real command. */
function start(stage: Stage, folder: string, ...more: string[]): Training {
  const child = spawn(process.execPath, trainCommand(join(folder, 'images'), ...more), {
    cwd: PACKAGE_ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ONNX_CACHE_DIR: join(folder, 'onnx') },
  });
  const training: Training = { child, said: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (training.said += text));
  stage.onEnd(() => child.kill('SIGKILL'));
  return training;
}

async function finish(stage: Stage, folder: string, ...more: string[]): Promise<Training> {
  const training = start(stage, folder, ...more);
  await stage.waitFor('the training ends', () => hasEnded(training), TIMEOUT_MS);
  const { exitCode } = training.child;
  stage.claim(`a training ends with 0: ${exitCode}, ${training.said.slice(-500)}`, exitCode === 0);
  return training;
}

/** Epochs that a resumed training did not repeat; 0 if it started over. */
function epochsKept({ said }: Training): number {
  const [, done, stage] = /resumed after (\d+) of \d+ epochs? of ([\w-]+)/.exec(said) ?? [];
  return done === undefined ? 0 : Number(done) + (stage === 'head' ? 0 : EPOCHS);
}

const onBrokenDisk =
  ({ breakDisk, isBroken, repair }: Breakage): RunFault =>
  async (stage) => {
    const folder = temporaryFolder(stage);
    await drawImages(join(folder, 'images'));
    const disk = join(folder, 'disk');
    mountDisk(stage, disk, DISK);
    const out = join(disk, 'model');
    const training = start(stage, folder, '--out', out);
    const isSaved = () => existsSync(join(out, CHECKPOINT_NAME));
    await stage.waitFor('the first epoch is saved', () => isSaved() || hasEnded(training), TIMEOUT_MS);
    if (!isSaved()) throw new Error(`the training ends before the fault: ${training.said.slice(-500)}`);
    await stage.inject(() => breakDisk(disk));
    await stage.seen(() => isBroken(disk), 0);
    await stage.waitFor('the training ends', () => hasEnded(training), TIMEOUT_MS);
    const { exitCode } = training.child;
    stage.figure('exit', exitCode ?? -1);
    stage.claim(`the training ends with 1: ${exitCode}`, exitCode === 1);
    const last = training.said.trimEnd().split('\n').at(-1)!;
    stage.claim(`its last line is an error: ${last}`, last.startsWith('error: '));
    repair(disk);
    const resumed = await finish(stage, folder, '--out', out, '--resume');
    // As deep as the other: the manifest has the path from there to the base.
    const whole = join(folder, 'undisturbed', 'model');
    await finish(stage, folder, '--out', whole);
    stage.figure('kept', epochsKept(resumed));
    stage.figure('epochs', 2 * EPOCHS);
    stage.claim('the last checkpoint loads', epochsKept(resumed) > 0);
    const different = differentFiles(whole, out);
    stage.figure('different', different.length);
    stage.claim(
      `the resumed training ends with the same weights: ${different.join(', ')}`,
      different.length === 0,
    );
    const left = readdirSync(out).filter((name) => name.endsWith('.tmp')).length;
    stage.claim(`nothing half written is left: ${left} files`, left === 0);
  };

export const trainDiskFull = onBrokenDisk(FULL);
export const trainReadOnly = onBrokenDisk(READ_ONLY);
