/**
 * Measures the search for images that look alike on a data set: how many changed copies of its training images it finds, of
 * each kind of change, and which pairs it reports between the set's own splits.
 *
 *   npx tsx bench/experiments/near-duplicates.ts --data photos [--copies 300]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { table } from '../../charts/markdown';
import { percent, percentRange } from '../../charts/percent';
import { sha256 } from '../../files/sha256';
import { findDatasetFiles } from '../../models/data/dataset-files';
import { MAX_TRAINING_PIXELS } from '../../models/data/decode';
import { decodeFilePixels } from '../../models/data/decode-file';
import { findNearDuplicates, lookOf, nearWarning, type SeenImage } from '../../models/data/near-duplicates';
import { wilson95 } from '../../statistics/intervals';
import { programArguments } from './program-arguments';

const CHANGES: Readonly<Record<string, (image: sharp.Sharp) => sharp.Sharp>> = {
  'JPEG at quality 30': (image) => image.jpeg({ quality: 30 }),
  'half the size, JPEG at quality 80': (image) => image.resize({ width: 256 }).jpeg({ quality: 80 }),
  'WebP at quality 60': (image) => image.webp({ quality: 60 }),
  '8 % brighter': (image) => image.modulate({ brightness: 1.08 }).jpeg(),
  'mirrored, JPEG at quality 70': (image) => image.flop().jpeg({ quality: 70 }),
  'a border of 2 % cut off': (image) =>
    image.resize(500, 500, { fit: 'fill' }).extract({ left: 10, top: 10, width: 480, height: 480 }).jpeg(),
};
const SPLITS = ['train', 'val', 'test'];

async function seen(split: string, path: string, bytes: Buffer): Promise<SeenImage> {
  const pixels = await decodeFilePixels(bytes, MAX_TRAINING_PIXELS);
  return { split, path, pixelsSha256: sha256(pixels), look: lookOf(pixels) };
}

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: { data: { type: 'string' }, copies: { type: 'string', default: '300' } },
  });
  const { data } = values;
  if (data === undefined) throw new RangeError('--data must name a data set with split folders');
  const { files } = findDatasetFiles(data);
  const images: SeenImage[] = [];
  for (const { path, split } of files)
    images.push(await seen(split ?? 'train', path, readFileSync(join(data, path))));
  const train = images.filter(({ split }) => split === 'train');
  const count = Math.min(Number(values.copies), train.length);
  const chosen = Array.from({ length: count }, (_, i) => train[Math.floor((i * train.length) / count)]!);
  const rows = [];
  for (const [change, apply] of Object.entries(CHANGES)) {
    const copies: SeenImage[] = [];
    for (const { path } of chosen) {
      const copy = await apply(sharp(readFileSync(join(data, path)))).toBuffer();
      copies.push(await seen('val', path, copy));
    }
    const pairs = findNearDuplicates([...train, ...copies], SPLITS);
    const right = pairs.filter(({ first, second }) => first.path === second.path).length;
    rows.push([change, percent(right / count), percentRange(wilson95(right, count)), pairs.length - right]);
  }
  console.log(table(['copy', 'found', '95 % interval', 'taken for another image'], rows));
  const startedMs = performance.now();
  const own = findNearDuplicates(images, SPLITS);
  const seconds = (performance.now() - startedMs) / 1000;
  const flat = images.filter(({ look }) => look.hash === undefined).length;
  console.log(
    `\n${images.length} images, ${flat} with too little in them; between the set's own splits, ${seconds.toFixed(1)} s: ${nearWarning(own) ?? 'no pair'}`,
  );
}

void main();
