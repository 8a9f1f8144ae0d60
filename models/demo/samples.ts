/**
 * Writes the sample images of the page, one per class of the second task, from the test split:
 * `npm run demo:samples`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { writeFileAtomic } from '../../files/write';
import { DEMO_MODELS_DIR } from '../weights/saved-model';
import { drawSurface } from './image-set';
import { TEST_SPLIT } from './splits';
import { TASKS } from './surfaces';

/** Index of the samples in the test split: the first at which both models classify every class correctly. */
export const SAMPLE_INDEX = 1;

async function writeSamples(): Promise<void> {
  const folder = join(DEMO_MODELS_DIR, 'samples');
  mkdirSync(folder, { recursive: true });
  for (const name of TASKS.transfer) {
    const { sidePixels } = TEST_SPLIT;
    const pixels = drawSurface(name, { ...TEST_SPLIT, index: SAMPLE_INDEX });
    const raw = { width: sidePixels, height: sidePixels, channels: 3 } as const;
    writeFileAtomic(
      join(folder, `${name}.jpg`),
      await sharp(pixels, { raw }).jpeg({ quality: 90 }).toBuffer(),
    );
  }
  console.log(folder);
}

if (require.main === module) void writeSamples();
