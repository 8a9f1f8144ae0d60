/**
 * The images of `npm run bench:peers`: the demo's samples as JPEG files, small and of one megapixel.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import sharp from 'sharp';

import type { ModelId } from '../../models/catalog';
import { decodeImage } from '../../models/data/decode';
import type { Precision } from '../../models/engines/engine';
import { loadOnnxruntime } from '../../models/engines/onnxruntime/engine';
import { topClasses } from '../../models/evaluation/top-classes';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { LIMITS } from '../../service/contract';
import type { Image } from '../load/generator';
import type { ImageFacts, ImageName } from './peers-document';

/** As photographs of the web come: neither the smallest nor the finest. */
const JPEG_QUALITY = 85;
const SIZES = {
  small: { widthPixels: 320, heightPixels: 240 },
  large: { widthPixels: 1152, heightPixels: 864 },
} as const satisfies Record<ImageName, object>;

/** The images of each size by their files. */
export type ImageFiles = Readonly<Record<ImageName, readonly string[]>>;

const SAMPLES = join(DEMO_MODELS_DIR, 'samples');

/** Writes every sample in each size. */
export async function writeImages(folder: string): Promise<ImageFiles> {
  const write = (size: ImageName) =>
    Promise.all(
      readdirSync(SAMPLES)
        .sort()
        .map(async (name) => {
          const file = join(folder, `${size}-${name}`);
          const { widthPixels, heightPixels } = SIZES[size];
          const resized = sharp(join(SAMPLES, name)).resize(widthPixels, heightPixels, { fit: 'fill' });
          await resized.jpeg({ quality: JPEG_QUALITY }).toFile(file);
          return file;
        }),
    );
  return { small: await write('small'), large: await write('large') };
}

/** What the document says of the images. */
export const imageFacts = (files: ImageFiles): Readonly<Record<ImageName, ImageFacts>> => ({
  small: { ...SIZES.small, bytes: files.small.map((file) => readFileSync(file).length) },
  large: { ...SIZES.large, bytes: files.large.map((file) => readFileSync(file).length) },
});

/** How sure the engine must be of an image, so that another decoder's rounding does not change its class. */
const MIN_PROBABILITY = 0.7;

/** Images with the class that this project's engine names first; those that it is not sure of are left out. */
export type ExpectedImages = Readonly<Record<ImageName, readonly Image[]>>;

/**
 * Classifies the images with this project's own engine.
 *
 * @throws Error if it is sure of no image of a size
 */
export async function expectedImages(
  files: ImageFiles,
  model: ModelId,
  precision: Precision,
  onnxCacheDir: string,
): Promise<ExpectedImages> {
  const modelDir = join(DEMO_MODELS_DIR, model);
  const engine = await loadOnnxruntime({
    kind: 'onnxruntime',
    modelDir,
    threads: 1,
    precision,
    onnxCacheDir,
  });
  const expect = async (size: ImageName): Promise<Image[]> => {
    const images: Image[] = [];
    for (const file of files[size]) {
      const input = await decodeImage(readFileSync(file), LIMITS.imagePixels);
      const [best] = topClasses(engine.classes, await engine.predict(input, 1), 1);
      if (best!.probability >= MIN_PROBABILITY) images.push({ file, expectedClass: best!.class });
    }
    if (images.length === 0) {
      const names = files[size].map((file) => basename(file)).join(', ');
      throw new Error(`${model} at ${precision} must be sure of one of ${names}: choose other images`);
    }
    return images;
  };
  try {
    return { small: await expect('small'), large: await expect('large') };
  } finally {
    await engine.dispose();
  }
}
