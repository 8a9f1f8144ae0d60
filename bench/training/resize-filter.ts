/**
 * What the resize filter, and decoding a JPEG at reduced scale, cost and bring: milliseconds a picture, and the accuracy
 * on val of a head on features of pictures that were resized so, training's and val's alike.
 *
 * npx tsx bench/training/resize-filter.ts --data DIR --weights START [--seeds N] [--preprocessing RANGE]
 *
 * Pictures are brought to the input size beforehand, since the decoder leaves such as they are.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';

import sharp from 'sharp';

import { INPUT_SHAPE } from '../../models/catalog';
import { readDataset } from '../../models/data/dataset';
import { decodePixels, MAX_TRAINING_PIXELS, type Resize } from '../../models/data/decode';
import { wilson95 } from '../../models/evaluation/evaluation';
import { RECIPES } from '../../models/recipes';

const ROOT = join(__dirname, '../..');
const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;
const TIMED_ROUNDS = 3;
const TIMED_PICTURES = 100;

const CANDIDATES: readonly Resize[] = [
  { kernel: 'nearest', fastShrinkOnLoad: false },
  { kernel: 'linear', fastShrinkOnLoad: false },
  { kernel: 'linear', fastShrinkOnLoad: true },
  { kernel: 'cubic', fastShrinkOnLoad: false },
  { kernel: 'mitchell', fastShrinkOnLoad: false },
  { kernel: 'lanczos3', fastShrinkOnLoad: false },
];

const nameOf = ({ kernel, fastShrinkOnLoad }: Resize) => kernel + (fastShrinkOnLoad ? ', reduced scale' : '');

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Milliseconds a picture, in turns so that all candidates meet the same machine. */
async function decodeMs(files: readonly string[]): Promise<number[]> {
  const pictures = files.map((file) => readFileSync(file));
  const times: number[][] = CANDIDATES.map(() => []);
  for (let round = 0; round < TIMED_ROUNDS; round++) {
    for (const picture of pictures) {
      for (const [i, candidate] of CANDIDATES.entries()) {
        const started = performance.now();
        await decodePixels(picture, MAX_TRAINING_PIXELS, candidate);
        times[i]!.push(performance.now() - started);
      }
    }
  }
  return times.map(median);
}

async function resizeAll(files: readonly string[], data: string, folder: string, resize: Resize) {
  for (const file of files) {
    const pixels = await decodePixels(readFileSync(file), MAX_TRAINING_PIXELS, resize);
    const target = join(folder, `${relative(data, file)}.png`);
    mkdirSync(dirname(target), { recursive: true });
    await sharp(pixels, { raw: { height: HEIGHT, width: WIDTH, channels: CHANNELS } })
      .png({ compressionLevel: 0 })
      .toFile(target);
  }
}

/** Accuracy on val after the head's last epoch. */
function headAccuracy(data: string, out: string, seed: number, options: readonly string[]): number {
  const files = ['--data', data, '--out', out, '--seed', String(seed)];
  const head = ['--no-augment', '--fine-tune-epochs', '0', '--allow-leakage'];
  const { status, stderr } = spawnSync(
    process.execPath,
    ['bin/tandem.cjs', 'train', 'latency', ...files, ...options, ...head],
    { cwd: ROOT, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the training ended with ${status}: ${stderr.slice(-2000)}`);
  const lines = readFileSync(join(out, 'history.jsonl'), 'utf8').trim().split('\n');
  return (JSON.parse(lines.at(-1)!) as { valAccuracy: number }).valAccuracy;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      weights: { type: 'string' },
      seeds: { type: 'string', default: '3' },
      preprocessing: { type: 'string', default: RECIPES.latency.preprocessing },
    },
  });
  const { data, weights, preprocessing } = values;
  if (data === undefined || weights === undefined) throw new RangeError('--data and --weights must be given');
  const { splits } = await readDataset(data, { seed: 1, allowLeakage: true });
  const files = Object.values(splits).flatMap((items) => items.map(({ path }) => path));
  const val = splits.val.map(({ path }) => path);
  const times = await decodeMs(val.slice(0, TIMED_PICTURES));
  const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
  console.log(`| filter | decode and resize, median ms | accuracy on val (${val.length}), seeds ${seeds.join(', ')} | mean (95 % interval of one) |
| --- | --- | --- | --- |`);
  for (const [i, candidate] of CANDIDATES.entries()) {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-resize-'));
    try {
      await resizeAll(files, data, join(folder, 'data'), candidate);
      const found = seeds.map((seed) =>
        headAccuracy(join(folder, 'data'), join(folder, String(seed)), seed, [
          ...['--weights', weights, '--preprocessing', preprocessing],
        ]),
      );
      const mean = found.reduce((sum, accuracy) => sum + accuracy, 0) / found.length;
      const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
      const interval = wilson95(Math.round(mean * val.length), val.length)
        .map(percent)
        .join(' to ');
      const row = [
        nameOf(candidate),
        times[i]!.toFixed(2),
        found.map(percent).join(', '),
        `${percent(mean)} (${interval})`,
      ];
      console.log(`| ${row.join(' | ')} |`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
