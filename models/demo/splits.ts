/**
 * The splits of the second task: which images they hold, and how they are written as files to train on.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { INPUT_SHAPE, type ModelId } from '../catalog';
import { type Augmentation, AUGMENTATION } from '../recipes';
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

/** Training images of each model; fewer for ResNet101V2, whose frozen part takes some ten times as long per image. */
export const TRAIN_SPLITS: Readonly<Record<ModelId, SplitImages>> = {
  accuracy: { seed: 11, split: 'train', perClass: 96, sidePixels: SIDE },
  latency: { seed: 11, split: 'train', perClass: 128, sidePixels: SIDE },
};
/**
 * Augmentation of each model's training images. Every image already has its own scale, angle, position and light, so many
 * images serve as well as many versions of a few. Without augmentation, each image passes through the frozen part once
 * per stage instead of once in each of ResNet101V2's 89 epochs.
 */
export const AUGMENTATIONS: Readonly<Record<ModelId, Augmentation | undefined>> = {
  accuracy: undefined,
  latency: AUGMENTATION,
};
/** Validation images of both models. */
export const VALIDATION_SPLIT: SplitImages = {
  seed: 11,
  split: 'validation',
  perClass: 20,
  sidePixels: SIDE,
};
/** Test images of both models; their seed differs from that of training. */
export const TEST_SPLIT: SplitImages = { seed: 13, split: 'test', perClass: 50, sidePixels: SIDE };

/** Images that int8 is compared with fp32 on: those of the test split, and as many more, since the gate needs 500. */
export const PRECISION_SPLIT: SplitImages = { ...TEST_SPLIT, perClass: 100 };

/** Index of the page's samples in the test split: the first at which both models classify every class correctly. */
export const SAMPLE_INDEX = 1;

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
