/**
 * Kills `tandem train` ten times, interrupts it once, and compares the result with an undisturbed training: `npm run
 * test:native`. Not a Jest test, since Jest and tfjs-node disagree about typed arrays (tensorflow/tfjs#7175). `--kills N`
 * kills it N times; other arguments are passed to `train`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { hasTfjsNode } from '../../models/engines/tfjs';
import { HISTORY_NAME, readHistory } from '../../models/training/history';
import { PACKAGE_ROOT } from '../../files/package-root';
import { seededRandom } from '../../statistics/seeded-random';
import { CHECKPOINT_NAME } from '../../models/training/checkpoint';
import { readOrEnd, wholeNumber } from '../support/arguments';
import { differentFiles, drawImages, EPOCHS, OUTCOME_FILES, trainCommand } from '../support/small-training';

const MAX_KILLS = 10_000;
const trainArguments = process.argv.slice(2);
const killsAt = trainArguments.indexOf('--kills');
const KILLS = readOrEnd(() =>
  killsAt < 0 ? 10 : wholeNumber('--kills', trainArguments.splice(killsAt, 2)[1], 1, MAX_KILLS),
);
/** Seed of the times of the kills. */
const SEED = 5;
/** Longest time until a killed process group is gone. */
const GONE_MS = 5000;
/** The whole script took 70 to 90 s on two busy cores with ten kills. */
const LIMIT_MS = Math.max(1, KILLS / 10) * 10 * 60_000;
const STOPPED = 'stopped; continue with the same command and --resume, or end with it and --finish best';

const root = mkdtempSync(join(tmpdir(), 'tandem-resume-'));
const data = join(root, 'images');
const COMMAND = trainCommand(data, ...trainArguments);

/**
 * Marks of a run's progress, in order: texts on stderr, any of which sets the mark. The first mark is the start, without a
 * text.
 */
const MARKS: readonly (readonly string[])[] = [
  [''],
  ['images to train'],
  ...['head', 'fine-tuning'].flatMap((stage) =>
    Array.from({ length: EPOCHS }, (_, done) => [
      `Epoch ${done + 1}/${EPOCHS} (${stage})`,
      `resumed after ${done + 1} of ${EPOCHS} epochs of ${stage}`,
    ]),
  ),
  ['measuring on val'],
];

interface Run {
  readonly child: ChildProcess;
  /** Its stderr so far. */
  said: string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

const running = new Set<Run>();

/** Starts the real command as the leader of a process group of its own. */
function start(out: string, ...more: string[]): Run {
  const child = spawn(process.execPath, [...COMMAND, '--out', out, ...more], {
    cwd: PACKAGE_ROOT,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ONNX_CACHE_DIR: join(root, 'onnx') },
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(run);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  const run: Run = { child, said: '', ended };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.said += text;
  });
  running.add(run);
  return run;
}

/** Sends a signal to a run's process group, as a terminal does. @returns false if the group is gone */
function signalGroup({ child }: Run, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-child.pid!, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Waits until a run has ended and all its processes are gone. */
async function end(run: Run) {
  const result = await run.ended;
  const until = performance.now() + GONE_MS;
  while (signalGroup(run, 0)) {
    if (performance.now() > until) throw new Error(`process group ${run.child.pid} must be gone, is there`);
    await sleep(20);
  }
  return result;
}

const isOver = ({ child }: Run) => child.exitCode !== null || child.signalCode !== null;

/** Waits until a run has reached a mark or a later one, or has ended. */
async function reach(run: Run, mark: number): Promise<void> {
  const texts = MARKS.slice(mark).flat();
  while (!isOver(run) && !texts.some((text) => run.said.includes(text))) await sleep(10);
}

/** Trains to the end. @returns the time of each mark and of the end, ms after the start */
async function train(out: string, ...more: string[]): Promise<number[]> {
  const started = performance.now();
  const run = start(out, ...more);
  const times: number[] = [];
  for (const mark of MARKS.keys()) {
    await reach(run, mark);
    times.push(performance.now() - started);
  }
  const { code, signal } = await end(run);
  if (code !== 0)
    throw new Error(`train must end with code 0, received ${code ?? signal}: ${run.said.slice(-2000)}`);
  return [...times, performance.now() - started];
}

function report(isOk: boolean, sentence: string): void {
  console.log(`${isOk ? 'ok' : 'FAILED'} ${sentence}`);
  if (!isOk) process.exitCode = 1;
}

function compare(whole: string, out: string, how: string): void {
  const different = differentFiles(whole, out);
  const names = OUTCOME_FILES.join(', ');
  report(
    different.length === 0,
    `${how}: the same ${names} as trained at once${different.length === 0 ? '' : `, but not ${different.join(', ')}`}`,
  );
  const left = readdirSync(out).filter((name) => name.endsWith('.tmp'));
  report(
    left.length === 0,
    `${how}: nothing half written is left${left.map((name) => `, but ${name}`).join('')}`,
  );
}

/**
 * Starts or resumes a training, and kills its process group between two marks.
 *
 * @param share of the time from the mark to the next, which takes `gapMs`
 */
async function kill(out: string, mark: number, share: number, gapMs: number): Promise<void> {
  // A run that ended before it could be killed is resumed and killed sooner.
  for (let delayMs = share * gapMs; ; delayMs /= 2) {
    const isBegun = existsSync(join(out, HISTORY_NAME));
    const run = start(out, ...(isBegun ? ['--resume'] : []));
    await reach(run, mark);
    await sleep(delayMs);
    signalGroup(run, 'SIGKILL');
    const { code, signal } = await end(run);
    if (signal === 'SIGKILL') {
      console.log(`   killed ${Math.round(delayMs)} ms after ${JSON.stringify(MARKS[mark]![0])}`);
      return;
    }
    if (code !== 0)
      throw new Error(`train must be killed or end with code 0, received ${code}: ${run.said.slice(-2000)}`);
  }
}

/** Leftovers of kills at moments too short to hit: after a line of the history, and while a file is written. */
function leaveTraces(out: string, whole: string): void {
  mkdirSync(out, { recursive: true });
  const [line] = readFileSync(join(whole, HISTORY_NAME), 'utf8').split('\n');
  writeFileSync(join(out, HISTORY_NAME), `${line}\n`);
  writeFileSync(join(out, `${CHECKPOINT_NAME}.1.tmp`), 'half');
}

async function killOften(whole: string, times: readonly number[]): Promise<void> {
  const out = join(root, 'killed');
  const random = seededRandom(SEED, 'kills');
  let before = 0;
  for (let n = 0; n < KILLS; n++) {
    const at = ((n + random.uniform()) / KILLS) * MARKS.length;
    const mark = Math.floor(at);
    await kill(out, mark, at - mark, times[mark + 1]! - times[mark]!);
    if (!existsSync(join(out, CHECKPOINT_NAME))) before += 1;
    if (n === 0) leaveTraces(out, whole);
  }
  await train(out, '--resume');
  compare(whole, out, `killed ${KILLS} times, ${before} of them before the first checkpoint, and resumed`);
}

async function interrupt(whole: string): Promise<void> {
  const out = join(root, 'interrupted');
  const run = start(out);
  // After the first epoch, at once: a wait taken from a slower run may outlast this one.
  await reach(run, 2);
  signalGroup(run, 'SIGINT');
  const { code, signal } = await end(run);
  const last = run.said.trimEnd().split('\n').at(-1);
  report(
    code === 130 && last === STOPPED && existsSync(join(out, CHECKPOINT_NAME)),
    `Ctrl-C: exit code 130, received ${code ?? signal}; a checkpoint; and the last line "${last}"`,
  );
  await train(out, '--resume');
  compare(whole, out, 'interrupted by Ctrl-C and resumed');
}

async function main(): Promise<void> {
  if (!hasTfjsNode()) {
    console.log('SKIPPED resuming: the native part of tfjs-node is not built; run `npm run build:tfjs-node`');
    return;
  }
  await drawImages(data);
  const [whole, again] = [join(root, 'whole'), join(root, 'again')];
  const times = await train(whole);
  const epochs = readHistory(join(whole, HISTORY_NAME)).entries;
  const losses = epochs.map(({ loss }) => loss.toFixed(3));
  // If the weights hardly moved, a wrong resume would not show.
  report(
    epochs.at(-1)!.loss < epochs[0]!.loss / 2,
    `it learns: the loss halves at least, ${losses.join(', ')}`,
  );
  await train(again);
  compare(whole, again, 'trained again with the same seed');
  await killOften(whole, times);
  await interrupt(whole);
}

function fail(reason: unknown): void {
  console.log(`FAILED ${reason instanceof Error ? reason.message : String(reason)}`);
  process.exit(1);
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.once('exit', () => {
  running.forEach((run) => signalGroup(run, 'SIGKILL'));
  rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});
setTimeout(() => fail(`it must be done after ${LIMIT_MS / 60_000} minutes`), LIMIT_MS).unref();
main().catch(fail);
