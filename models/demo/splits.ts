/**
 * The splits of the second task: which images they hold, and how they are written as files to train on.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { INPUT_SHAPE } from '../catalog';
import { drawSurface, type Split } from './image-set';
import { TASKS } from './surfaces';

/** The images of a split. */
export interface SplitImages {
  readonly seed: number;
  /** Name of the split and of its folder. */
  readonly split: Split;
  /** Images per class. */
  readonly perClass: number;
  readonly sidePixels: number;
}

const [SIDE] = INPUT_SHAPE;

/** Training images of both models. */
export const TRAIN_SPLIT: SplitImages = { seed: 11, split: 'train', perClass: 200, sidePixels: SIDE };
/** Validation images of both models. */
export const VALIDATION_SPLIT: SplitImages = {
  seed: 11,
  split: 'validation',
  perClass: 20,
  sidePixels: SIDE,
};
/** Test images of both models; their seed differs from that of training. */
export const TEST_SPLIT: SplitImages = { seed: 13, split: 'test', perClass: 100, sidePixels: SIDE };

/** Index of the page's samples in the test split: the first at which both models classify every class correctly. */
export const SAMPLE_INDEX = 7;

/** Writes a split below `folder` as a data set: a folder per class, lossless files. */
export async function writeSplit(folder: string, images: SplitImages): Promise<void> {
  const { split, perClass, sidePixels } = images;
  for (const name of TASKS.transfer) {
    const classFolder = join(folder, split, name);
    mkdirSync(classFolder, { recursive: true });
    for (let index = 0; index < perClass; index++) {
      const pixels = drawSurface(name, { ...images, index });
      await sharp(pixels, { raw: { width: sidePixels, height: sidePixels, channels: 3 } })
        .png()
        .toFile(join(classFolder, `${index}.png`));
    }
  }
}
