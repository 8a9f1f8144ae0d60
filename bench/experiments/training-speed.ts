/**
 * Compares `tandem train` with Keras, in turns, on the same images, weights and machine: seconds per epoch, peak memory.
 *
 * npx tsx bench/experiments/training-speed.ts MODEL --data DIR --weights START --keras-python PYTHON [--rounds N]
 *   [--share S] [--out FILE]
 *
 * START is an h5 file that both start from, or another value of `tandem train --weights`. Keras then starts from random
 * weights, which does not change its speed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

import { modelId } from '../../models/catalog';
import { programArguments } from './program-arguments';
import { childrenOf } from './service-process';

/** Epochs per stage. The first loads and traces, and is not counted. */
const EPOCHS = 3;
const MEMORY_POLL_MS = 200;
const ROOT = join(__dirname, '../..');

interface Run {
  /** Seconds of the counted epochs, by stage. */
  readonly head: readonly number[];
  readonly fineTune: readonly number[];
  /** Peak resident memory of the process and its children together, MiB. */
  readonly peakMemoryMiB: number;
}

/** Resident memory of a process and its children, MiB; Linux only. */
function residentMiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const own = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    return childrenOf(pid).reduce((sum, child) => sum + residentMiB(child), own);
  } catch {
    // The process ended between two reads.
    return 0;
  }
}

async function measure(child: ChildProcess, folder: string): Promise<Run> {
  let peakMemoryMiB = 0;
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  const poll = setInterval(() => {
    peakMemoryMiB = Math.max(peakMemoryMiB, residentMiB(child.pid!));
  }, MEMORY_POLL_MS);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(poll);
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${String(code)}: ${said}`);
  const lines = readFileSync(join(folder, 'history.jsonl'), 'utf8').trim().split('\n');
  const epochs = lines.map((line) => JSON.parse(line) as { stage: string; epoch: number; seconds: number });
  const secondsOf = (...stages: string[]) =>
    epochs.filter(({ stage, epoch }) => stages.includes(stage) && epoch > 1).map(({ seconds }) => seconds);
  return { head: secondsOf('head'), fineTune: secondsOf('fineTune', 'fine-tune'), peakMemoryMiB };
}

/** A share of the images of every class of every split, in a folder of their own. */
function fewerImages(data: string, share: number, folder: string): string {
  for (const split of readdirSync(data, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    for (const name of readdirSync(join(data, split.name))) {
      const from = join(data, split.name, name);
      const to = join(folder, split.name, name);
      mkdirSync(to, { recursive: true });
      const files = readdirSync(from).sort();
      for (const file of files.slice(0, Math.ceil(share * files.length))) {
        copyFileSync(join(from, file), join(to, file));
      }
    }
  }
  return folder;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
};

async function main(): Promise<void> {
  const { values, positionals } = programArguments(__filename, {
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      weights: { type: 'string' },
      'keras-python': { type: 'string' },
      rounds: { type: 'string', default: '3' },
      share: { type: 'string', default: '1' },
      out: { type: 'string' },
    },
  });
  const model = modelId(positionals[0]);
  const { weights, 'keras-python': python } = values;
  const share = Number(values.share);
  if (values.data === undefined || weights === undefined || python === undefined) {
    throw new RangeError('--data, --weights and --keras-python must be given');
  }
  const folder = mkdtempSync(join(tmpdir(), 'tandem-speed-'));
  const data = share === 1 ? values.data : fewerImages(values.data, share, join(folder, 'data'));
  const runs: Record<'tandem' | 'keras', Run[]> = { tandem: [], keras: [] };
  const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe'];
  try {
    for (let round = 1; round <= Number(values.rounds); round++) {
      const ours = join(folder, `tandem-${round}`);
      const train = [
        ...['train', model, '--data', data, '--weights', weights, '--out', ours, '--allow-leakage'],
        ...['--head-epochs', String(EPOCHS), '--fine-tune-epochs', String(EPOCHS)],
      ];
      const tandem = spawn(process.execPath, ['bin/tandem.cjs', ...train], { cwd: ROOT, stdio });
      runs.tandem.push(await measure(tandem, ours));
      console.error(`round ${round}, tandem: ${JSON.stringify(runs.tandem.at(-1))}`);

      const theirs = join(folder, `keras-${round}`);
      const script = `npx tsx bench/experiments/print-recipe.ts ${model} | "$0" bench/experiments/keras_recipe.py "$@"`;
      const start = weights.endsWith('.h5') ? ['--weights', weights] : [];
      const options = ['--data', data, ...start, '--out', theirs];
      const epochs = ['--epochs', String(EPOCHS), String(EPOCHS)];
      const shell = ['-c', `set -o pipefail; ${script}`, python, ...options, ...epochs];
      runs.keras.push(await measure(spawn('bash', shell, { cwd: ROOT, stdio }), theirs));
      console.error(`round ${round}, keras: ${JSON.stringify(runs.keras.at(-1))}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const seconds = (who: 'tandem' | 'keras', stage: 'head' | 'fineTune') =>
    median(runs[who].flatMap((run) => run[stage]));
  const peak = (who: 'tandem' | 'keras') => Math.max(...runs[who].map((run) => run.peakMemoryMiB));
  console.log(`Measured on ${cpus().length} cores (${cpus()[0]!.model}): medians of ${values.rounds} rounds in turns, share ${values.share} of the images.

| ${model} | tandem | Keras | ratio |
| --- | --- | --- | --- |
${(['head', 'fineTune'] as const)
  .map((stage) => {
    const [a, b] = [seconds('tandem', stage), seconds('keras', stage)];
    return `| ${stage === 'head' ? 'head' : 'fine-tuning'} epoch, s | ${a.toFixed(1)} | ${b.toFixed(1)} | ${(b / a).toFixed(2)} |`;
  })
  .join('\n')}
| peak memory, MiB | ${peak('tandem').toFixed(0)} | ${peak('keras').toFixed(0)} | ${(peak('keras') / peak('tandem')).toFixed(2)} |`);
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify({ model, runs }, null, 2)}\n`);
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
