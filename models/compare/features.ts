/**
 * The pooled features of a backbone for the images of a set, computed once and kept in a file that grows batch by batch.
 */
import { closeSync, existsSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { appendSynced, writeFileAtomic } from '../../files/write';
import { MAX_TRAINING_PIXELS, RESIZE } from '../data/decode';
import { decodeFilePixels } from '../data/decode-file';
import { fillInput } from '../data/pixels';
import type { Trunk } from '../training/trunk';
import { SERVED_SIDE_PIXELS } from './candidates';

/** Images that are decoded and computed together. */
const BATCH_SIZE = 16;
const CHANNELS = 3;
const BYTES_PER_NUMBER = 4;
/** Bytes of a file that are read at once: Node reads no file above 2 GiB whole. */
export const READ_BYTES = 2 ** 24;

/** Images float32 [size, side, side, 3] in [0, 1]. */
export interface ImageBatch {
  readonly images: Float32Array;
  readonly size: number;
}

async function readBatch(paths: readonly string[], sidePixels: number): Promise<ImageBatch> {
  const length = sidePixels * sidePixels * CHANNELS;
  const images = new Float32Array(paths.length * length);
  const isServed = sidePixels === SERVED_SIDE_PIXELS;
  const resize = isServed ? RESIZE : { ...RESIZE, width: sidePixels, height: sidePixels };
  await Promise.all(
    paths.map(async (path, i) => {
      try {
        const pixels = await decodeFilePixels(await readFile(path), MAX_TRAINING_PIXELS, resize);
        fillInput(pixels, images, i * length);
      } catch (error) {
        throw new Error(`${path} cannot be used: ${(error as Error).message}`, { cause: error });
      }
    }),
  );
  return { images, size: paths.length };
}

/**
 * Decodes image files at an input size, in their order; the next batch is decoded while the caller uses one.
 *
 * @throws Error naming a file that cannot be read or decoded
 */
export async function* imageBatches(
  paths: readonly string[],
  sidePixels: number,
): AsyncGenerator<ImageBatch> {
  const read = (at: number) => {
    const batch = readBatch(paths.slice(at, at + BATCH_SIZE), sidePixels);
    // A caller that stops early never awaits it.
    batch.catch(() => undefined);
    return batch;
  };
  let next = read(0);
  for (let at = 0; at < paths.length; at += BATCH_SIZE) {
    const batch = await next;
    next = read(at + BATCH_SIZE);
    yield batch;
  }
}

/** Whole rows to keep of a file that a stopped run left; its last batch may be torn, and is computed again. */
export function rowsToKeep(bytes: number, channels: number): number {
  const rows = Math.floor(bytes / (BYTES_PER_NUMBER * channels));
  return Math.max(0, Math.floor(rows / BATCH_SIZE) - 1) * BATCH_SIZE;
}

/** Reads a file of features, float32 [images, channels]; undefined if it has not all of them. */
export function readFeatures(file: string, images: number, channels: number): Float32Array | undefined {
  const length = images * channels;
  if (!existsSync(file) || statSync(file).size !== length * BYTES_PER_NUMBER) return undefined;
  const features = new Float32Array(length);
  const bytes = new Uint8Array(features.buffer);
  const open = openSync(file, 'r');
  try {
    for (let at = 0; at < bytes.length;) {
      const read = readSync(open, bytes, at, Math.min(READ_BYTES, bytes.length - at), null);
      if (read === 0) return undefined;
      at += read;
    }
  } finally {
    closeSync(open);
  }
  return features;
}

/** What features are of, and where they are kept. */
export interface FeaturesOptions {
  readonly file: string;
  readonly paths: readonly string[];
  readonly sidePixels: number;
  readonly channels: number;
  /** Opens the backbone; not called if the file is complete. */
  readonly open: () => Promise<Trunk>;
  /** Called after each batch, and first for those that the file had. */
  readonly onImages: (done: number, skipped?: boolean) => void;
}

/**
 * Computes the features that the file does not have yet. Ends with the same file, whenever and however often it was stopped.
 *
 * @returns float32 [images, channels], in the order of the paths
 */
export async function computeFeatures(options: FeaturesOptions): Promise<Float32Array> {
  const { file, paths, sidePixels, channels, open, onImages } = options;
  const complete = readFeatures(file, paths.length, channels);
  if (complete !== undefined) {
    onImages(paths.length, true);
    return complete;
  }
  let done = existsSync(file) ? rowsToKeep(statSync(file).size, channels) : 0;
  if (done === 0) writeFileAtomic(file, '');
  else truncateSync(file, done * channels * BYTES_PER_NUMBER);
  onImages(done, true);
  const trunk = await open();
  try {
    for await (const { images, size } of imageBatches(paths.slice(done), sidePixels)) {
      const [features] = await trunk.run(images, size);
      appendSynced(file, new Uint8Array(features!.values.buffer));
      done += size;
      onImages(done);
    }
  } finally {
    await trunk.close();
  }
  return readFeatures(file, paths.length, channels)!;
}
