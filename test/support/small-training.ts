/**
 * A training of few images, epochs and classes on one thread, which ends with the same weights each time.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { drawTask } from '../../models/demo/image-set';
import { TASKS } from '../../models/demo/surfaces';
import { HISTORY_NAME, readHistory } from '../../models/training/history';
import { MANIFEST_NAME } from '../../models/weights/saved-model';

/** Of the head, and again of fine-tuning. */
export const EPOCHS = 3;

const SEED = 5;
const CLASSES = 3;
const SIDE_PIXELS = 128;
const SPLITS = [
  { folder: 'train', split: 'train', perClass: 16 },
  { folder: 'val', split: 'validation', perClass: 4 },
  { folder: 'test', split: 'test', perClass: 4 },
] as const;

/** Draws the images into a folder. */
export async function drawImages(data: string): Promise<void> {
  const raw = { width: SIDE_PIXELS, height: SIDE_PIXELS, channels: 3 } as const;
  for (const { folder, split, perClass } of SPLITS) {
    const images = drawTask('transfer', { seed: SEED, split, perClass, sidePixels: SIDE_PIXELS });
    for (const [index, { pixels, label }] of images.slice(0, CLASSES * perClass).entries()) {
      const classFolder = join(data, folder, TASKS.transfer[label]!);
      mkdirSync(classFolder, { recursive: true });
      await sharp(pixels, { raw })
        .png()
        .toFile(join(classFolder, `${index}.png`));
    }
  }
}

/** What Node runs, in the package's folder; `--out` is missing. */
export const trainCommand = (data: string, ...more: readonly string[]): string[] => [
  ...['bin/tandem.cjs', 'train', 'latency', '--weights', 'demo'],
  ...['--data', data, '--threads', '1', '--head-epochs', `${EPOCHS}`, '--fine-tune-epochs', `${EPOCHS}`],
  ...['--batch-size', '8', '--seed', '1', ...more],
];

/** Result of a training without its times. */
const OUTCOME = {
  'weights.safetensors': (out: string) => readFileSync(join(out, 'weights.safetensors'), 'hex'),
  [MANIFEST_NAME]: (out: string) => readFileSync(join(out, MANIFEST_NAME), 'utf8'),
  [HISTORY_NAME]: (out: string) =>
    JSON.stringify(
      readHistory(join(out, HISTORY_NAME)).entries.map((entry) => ({ ...entry, seconds: 0, at: '' })),
    ),
};

/** The files that are compared. */
export const OUTCOME_FILES = Object.keys(OUTCOME);

/** The files in which the results of two trainings differ. */
export const differentFiles = (whole: string, out: string): string[] =>
  Object.entries(OUTCOME).flatMap(([name, read]) => (read(out) === read(whole) ? [] : [name]));
