/**
 * Faults under the commands that write files: their disk is full or read-only, or they are killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { PACKAGE_ROOT } from '../../files/package-root';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { PATHS } from '../../service/contract';
import { seededRandom } from '../../statistics/seeded-random';
import { type Breakage, FULL, READ_ONLY } from './broken-disk';
import type { RunFault } from './pods';
import { mountDisk, temporaryFolder } from './spawn-service';
import type { Stage } from './stage';

const MODEL = 'latency';

/** A command that writes files. */
interface Tool {
  /** Its arguments. @param url of a running service */
  readonly args: (out: string, url: string) => readonly string[];
  /** Puts older files where it writes. */
  readonly prepare: (out: string) => void;
  /** Whether a file is complete; by default, if it is what an undisturbed run writes. */
  readonly isWhole?: (file: Buffer, undisturbed: Buffer) => boolean;
}

const older = (name: string) => (out: string) => writeFileSync(join(out, name), 'older');

const TOOLS: Readonly<Record<string, Tool>> = {
  synth: {
    args: (out) => ['synth', '--out', out],
    prepare: (out) => cpSync(join(PACKAGE_ROOT, 'dist'), out, { recursive: true }),
  },
  pack: {
    args: (out) => ['pack', MODEL, '--out', out],
    prepare: (out) => cpSync(join(DEMO_MODELS_DIR, MODEL), join(out, MODEL), { recursive: true }),
  },
  'export, ONNX': {
    args: (out) => ['export', MODEL, '--precision', 'fp32', '--out', out],
    // It would not write again what is there.
    prepare: () => undefined,
  },
  'export, Keras': {
    args: (out) => ['export', MODEL, '--h5', join(out, 'weights.h5')],
    prepare: older('weights.h5'),
    // HDF5 stores the time in it.
    isWhole: (file, undisturbed) => file.length === undisturbed.length,
  },
  'bench load': {
    args: (out, url) => [
      ...['bench', 'load', '--url', `${url}${PATHS.live}`, '--load', 'constant:10:1s'],
      ...['--out', join(out, 'run.json')],
    ],
    prepare: older('run.json'),
    isWhole: (file) => file.toString().endsWith('}\n'),
  },
};

interface Ended {
  readonly code: number | null;
  /** On its standard error. */
  readonly said: string;
}

function start(stage: Stage, args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['bin/tandem.cjs', ...args], {
    cwd: PACKAGE_ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  stage.onEnd(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, said })));
  return { child, ended };
}

type Files = ReadonlyMap<string, Buffer>;

/** Contents of the files in a folder by their paths. */
const filesIn = (folder: string): Files =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [relative(folder, file), readFileSync(file)]),
  );

const isSame = (one: Files, other: Files) =>
  one.size === other.size && [...one].every(([name, bytes]) => other.get(name)?.equals(bytes));

const onBrokenDisk =
  ({ breakDisk, isBroken }: Breakage): RunFault =>
  async (stage, pods) => {
    const { url } = await pods.single();
    const disk = join(temporaryFolder(stage), 'disk');
    mountDisk(stage, disk, 'size=64m');
    const outs = Object.entries(TOOLS).map(([name, tool], at) => ({
      name,
      tool,
      out: join(disk, String(at)),
    }));
    for (const { tool, out } of outs) {
      mkdirSync(out);
      tool.prepare(out);
    }
    await stage.inject(() => breakDisk(disk));
    await stage.seen(() => isBroken(disk), 0);
    let [refused, changed] = [0, 0];
    for (const { name, tool, out } of outs) {
      const before = filesIn(out);
      const { code, said } = await start(stage, tool.args(out, url)).ended;
      const isRefused = code === 1 && /^error: /m.test(said) && !/^ +at /m.test(said);
      stage.claim(
        `${name} ends with 1 and an error without a stack: ${code}, ${said.slice(-500)}`,
        isRefused,
      );
      if (isRefused) refused++;
      if (isSame(before, filesIn(out))) continue;
      changed++;
      stage.claim(`${name} changes no file and leaves none`, false);
    }
    for (const [figure, value] of Object.entries({ tools: outs.length, refused, changed }))
      stage.figure(figure, value);
  };

export const toolsDiskFull = onBrokenDisk(FULL);
export const toolsReadOnly = onBrokenDisk(READ_ONLY);

const SEED = 17;
/** About what writing takes. */
const MAX_WRITING_MS = 50;

const isTemporary = (file: string) => file.split('/').some((part) => part.endsWith('.tmp'));
const isOver = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

/** Kills a command at a random time at which it may do anything, or while it writes, which is a small part of that. */
async function killAtRandom(
  stage: Stage,
  { child, ended }: ReturnType<typeof start>,
  out: string,
  random: { uniform: () => number },
  longestMs: number | undefined,
): Promise<void> {
  if (longestMs === undefined) {
    while (!isOver(child) && readdirSync(out).length === 0) await sleep(1);
    await sleep(MAX_WRITING_MS * random.uniform());
  } else await sleep(longestMs * random.uniform());
  if (isOver(child)) return;
  await stage.inject(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  // It may have ended by itself just before the signal: then nothing was killed.
  if (child.exitCode === null) await stage.seen(() => child.signalCode === 'SIGKILL');
}

export const toolsKilled: RunFault = async (stage, pods) => {
  const { url } = await pods.single();
  const folder = temporaryFolder(stage);
  const random = seededRandom(SEED, 'tools-killed');
  let [runs, kills, writing, damaged] = [0, 0, 0, 0];
  const makeOut = () => {
    const out = join(folder, String(++runs));
    mkdirSync(out);
    return out;
  };
  for (const [name, tool] of Object.entries(TOOLS)) {
    const isWhole = tool.isWhole ?? ((file: Buffer, undisturbed: Buffer) => file.equals(undisturbed));
    const reference = makeOut();
    const startedMs = performance.now();
    // The self-check kills nothing, so it compares nothing.
    await stage.inject(async () => {
      const { code, said } = await start(stage, tool.args(reference, url)).ended;
      if (code !== 0) throw new Error(`${name} ends with ${code} without a kill: ${said.slice(-500)}`);
    });
    const tookMs = performance.now() - startedMs;
    const undisturbed = filesIn(reference);
    const least = kills + stage.choose(2, 20);
    for (let run = 0; kills < least && run < 3 * least; run++) {
      const out = makeOut();
      const started = start(stage, tool.args(out, url));
      await killAtRandom(stage, started, out, random, run % 2 === 0 ? tookMs : undefined);
      await started.ended;
      if (started.child.signalCode === 'SIGKILL') kills++;
      const files = [...filesIn(out)];
      if (files.some(([file]) => isTemporary(file))) writing++;
      for (const [file, bytes] of files.filter(([file]) => !isTemporary(file))) {
        const whole = undisturbed.get(file);
        if (whole !== undefined && isWhole(bytes, whole)) continue;
        damaged++;
        stage.claim(`${file} of ${name} is whole`, false);
      }
    }
    stage.claim(
      `${name} is killed often enough: ${kills} kills of all commands, at least ${least}`,
      kills >= least,
    );
  }
  for (const [figure, value] of Object.entries({ tools: Object.keys(TOOLS).length, kills, writing, damaged }))
    stage.figure(figure, value);
};
