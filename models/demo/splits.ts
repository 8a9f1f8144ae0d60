/**
 * The second task's splits: whose images they are, and how they become a set of files to train on.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { INPUT_SHAPE, type ModelId } from '../catalog';
import { type Augmentation, AUGMENTATION } from '../recipes';
import { drawSurface, type Split } from './image-set';
import { TASKS } from './surfaces';

/** The images of a split; its name is that of its folder too. */
export interface SplitImages {
  readonly seed: number;
  readonly split: Split;
  /** Images of each class. */
  readonly perClass: number;
  readonly sidePixels: number;
}

const [SIDE] = INPUT_SHAPE;

/** What each model is trained on: ResNet101V2's frozen part takes some ten times as long an image as MobileNetV2's. */
export const TRAIN_SPLITS: Readonly<Record<ModelId, SplitImages>> = {
  accuracy: { seed: 11, split: 'train', perClass: 96, sidePixels: SIDE },
  latency: { seed: 11, split: 'train', perClass: 128, sidePixels: SIDE },
};
/**
 * What each model's images are augmented by. Every image is drawn at a scale, angle, place and light of its own, so
 * that many images serve as well as many versions of a few; and without augmentation the frozen part sees each one
 * twice in all, not in each of ResNet101V2's 89 epochs.
 */
export const AUGMENTATIONS: Readonly<Record<ModelId, Augmentation | undefined>> = {
  accuracy: undefined,
  latency: AUGMENTATION,
};
export const VALIDATION_SPLIT: SplitImages = {
  seed: 11,
  split: 'validation',
  perClass: 20,
  sidePixels: SIDE,
};
export const TEST_SPLIT: SplitImages = { seed: 13, split: 'test', perClass: 50, sidePixels: SIDE };

/** Writes a split below `folder` as a set of images has it: a folder a class, lossless files. */
export async function writeSplit(folder: string, images: SplitImages): Promise<void> {
  const { split, perClass, sidePixels } = images;
  for (const name of TASKS.transfer) {
    const own = join(folder, split, name);
    mkdirSync(own, { recursive: true });
    for (let index = 0; index < perClass; index++) {
      const pixels = drawSurface(name, { ...images, index });
      await sharp(pixels, { raw: { width: sidePixels, height: sidePixels, channels: 3 } })
        .png()
        .toFile(join(own, `${index}.png`));
    }
  }
}
