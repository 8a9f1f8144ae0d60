/**
 * Compares resize filters, and decoding a JPEG at reduced scale. For each it prints the milliseconds per image (as it is,
 * and enlarged to 12 megapixels), the difference from the filter that Tandem uses, and the accuracy on val of a head that
 * was trained on images resized this way.
 *
 * npx tsx bench/experiments/resize-filter.ts --data DIR --weights START [--seeds N] [--preprocessing RANGE]
 *
 * `--seeds 0` trains nothing.
 *
 * Images are resized before the training: the decoder does not change images that already have the input size.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

import sharp from 'sharp';

import { INPUT_SHAPE } from '../../models/catalog';
import { readDataset } from '../../models/data/dataset';
import { decodePixels, MAX_TRAINING_PIXELS, RESIZE, type Resize } from '../../models/data/decode';
import { wilson95 } from '../../statistics/intervals';
import { RECIPES } from '../../models/recipes';
import { percent } from '../../charts/percent';
import { percentile } from '../../statistics/percentile';
import { programArguments } from './program-arguments';

const ROOT = join(__dirname, '../..');
const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;
const TIMED_ROUNDS = 3;
const TIMED_IMAGES = 100;
const LARGE = { widthPixels: 4032, heightPixels: 3024, images: 8 } as const;

const CANDIDATES: readonly Resize[] = [
  { kernel: 'nearest', fastShrinkOnLoad: false },
  { kernel: 'linear', fastShrinkOnLoad: false },
  { kernel: 'linear', fastShrinkOnLoad: true },
  { kernel: 'cubic', fastShrinkOnLoad: false },
  { kernel: 'mitchell', fastShrinkOnLoad: false },
  { kernel: 'lanczos3', fastShrinkOnLoad: false },
];

const nameOf = ({ kernel, fastShrinkOnLoad }: Resize) => kernel + (fastShrinkOnLoad ? ', reduced scale' : '');

/** Median milliseconds per image. The candidates take turns, so that a busy machine slows all of them alike. */
async function decodeMs(images: readonly Buffer[]): Promise<number[]> {
  const times: number[][] = CANDIDATES.map(() => []);
  for (let round = 0; round < TIMED_ROUNDS; round++) {
    for (const image of images) {
      for (const [i, candidate] of CANDIDATES.entries()) {
        const started = performance.now();
        await decodePixels(image, MAX_TRAINING_PIXELS, candidate);
        times[i]!.push(performance.now() - started);
      }
    }
  }
  return times.map((values) => percentile(values, 0.5));
}

/** Mean difference from the filter that Tandem uses, grey levels. */
async function distances(images: readonly Buffer[]): Promise<number[]> {
  const all = CANDIDATES.map(() => 0);
  for (const image of images) {
    const frozen = await decodePixels(image, MAX_TRAINING_PIXELS, RESIZE);
    for (const [i, candidate] of CANDIDATES.entries()) {
      const pixels = await decodePixels(image, MAX_TRAINING_PIXELS, candidate);
      const sum = pixels.reduce((total, level, at) => total + Math.abs(level - frozen[at]!), 0);
      all[i]! += sum / pixels.length / images.length;
    }
  }
  return all;
}

async function printTimes(files: readonly string[]): Promise<void> {
  const images = files.map((file) => readFileSync(file));
  const enlarge = (image: Buffer) =>
    sharp(image)
      .resize(LARGE.widthPixels, LARGE.heightPixels, { fit: 'fill' })
      .jpeg({ quality: 90 })
      .toBuffer();
  const large = await Promise.all(images.slice(0, LARGE.images).map(enlarge));
  const [ms, largeMs] = [await decodeMs(images), await decodeMs(large)];
  const [apart, largeApart] = [await distances(images), await distances(large)];
  console.log(`| filter | decode and resize, median ms | difference from Tandem's, grey levels | 12 megapixels: ms | difference |
| --- | --- | --- | --- | --- |`);
  for (const [i, candidate] of CANDIDATES.entries()) {
    const row = [ms[i]!.toFixed(2), apart[i]!.toFixed(2), largeMs[i]!.toFixed(1), largeApart[i]!.toFixed(2)];
    console.log(`| ${[nameOf(candidate), ...row].join(' | ')} |`);
  }
  console.log();
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
  const { values } = programArguments(__filename, {
    options: {
      data: { type: 'string' },
      weights: { type: 'string' },
      seeds: { type: 'string', default: '3' },
      preprocessing: { type: 'string', default: RECIPES.latency.preprocessing },
    },
  });
  const { data, weights, preprocessing } = values;
  if (data === undefined || weights === undefined) throw new RangeError('--data and --weights must be given');
  const { splits } = await readDataset(data, { draw: { seed: 1 }, allowLeakage: true });
  const files = Object.values(splits).flatMap((items) => items.map(({ path }) => path));
  const val = splits.val.map(({ path }) => path);
  await printTimes(val.slice(0, TIMED_IMAGES));
  const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
  if (seeds.length === 0) return;
  console.log(`| filter | accuracy on val (${val.length}), seeds ${seeds.join(', ')} | mean (95 % interval of one) |
| --- | --- | --- |`);
  for (const candidate of CANDIDATES) {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-resize-'));
    try {
      await resizeAll(files, data, join(folder, 'data'), candidate);
      const found = seeds.map((seed) =>
        headAccuracy(join(folder, 'data'), join(folder, String(seed)), seed, [
          ...['--weights', weights, '--preprocessing', preprocessing],
        ]),
      );
      const mean = found.reduce((sum, accuracy) => sum + accuracy, 0) / found.length;
      const interval = wilson95(Math.round(mean * val.length), val.length)
        .map(percent)
        .join(' to ');
      const row = [nameOf(candidate), found.map(percent).join(', '), `${percent(mean)} (${interval})`];
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
