/**
 * A thread of the input pipeline: reads, decodes and augments images, one batch at a time.
 */
import { readFileSync } from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import { applyTransform, drawTransform } from './augmentation';
import { INPUT_SHAPE } from '../catalog';
import { decodeFilePixels } from './decode-file';
import { fillInput } from './pixels';
import type { Augmentation } from '../recipes';
import { seededRandom } from '../../statistics/seeded-random';

const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;
/** Bytes of a decoded image; also the number of values of an input. */
export const IMAGE_SIZE = HEIGHT * WIDTH * CHANNELS;

/** Decoded images of the first items, in memory that all threads share. */
export interface ImageCache {
  /** RGB bytes [items, 224, 224, 3] */
  readonly pixels: Uint8Array;
  /** 1 if an item's image is decoded, [items]. */
  readonly filled: Int32Array;
}

/** Start-up data of a thread. */
export interface InputWorkerData {
  readonly augmentation: Augmentation | undefined;
  readonly seed: number;
  readonly maxPixels: number;
  readonly cache: ImageCache;
  /** Index of the item in work, or -1, [1]; shared. */
  readonly current: Int32Array;
  /** Not 0 once the thread must end, [1]; shared. */
  readonly stop: Int32Array;
}

/** Asks for a batch. Without items, it only wakes the thread to check `stop`. */
export interface BatchRequest {
  readonly ticket: number;
  readonly epoch: number;
  readonly items: readonly { readonly index: number; readonly path: string }[];
}

/** Images float32 [items, 224, 224, 3], or why there are none. */
export type BatchReply =
  | { readonly ticket: number; readonly images: Float32Array }
  | { readonly ticket: number; readonly error: string };

type Decode = typeof decodeFilePixels;

async function readImage(
  { index, path }: BatchRequest['items'][number],
  { cache, maxPixels }: InputWorkerData,
  decode: Decode,
): Promise<Uint8Array> {
  const cached = index < cache.filled.length;
  const place = cached ? cache.pixels.subarray(index * IMAGE_SIZE, (index + 1) * IMAGE_SIZE) : undefined;
  if (place !== undefined && Atomics.load(cache.filled, index) === 1) return place;
  const pixels = await decode(readFileSync(path), maxPixels);
  if (place === undefined) return pixels;
  // Two threads may write the same image for two epochs: they write the same bytes.
  place.set(pixels);
  Atomics.store(cache.filled, index, 1);
  return place;
}

async function makeBatch(request: BatchRequest, data: InputWorkerData, decode: Decode): Promise<BatchReply> {
  const { ticket, epoch, items } = request;
  const { augmentation, seed } = data;
  const images = new Float32Array(items.length * IMAGE_SIZE); // [b, h, w, 3]
  for (const [i, item] of items.entries()) {
    // No native call runs between images, so the thread can end safely here.
    if (Atomics.load(data.stop, 0) !== 0) process.exit(0);
    Atomics.store(data.current, 0, item.index);
    try {
      const pixels = await readImage(item, data, decode);
      if (augmentation === undefined) {
        fillInput(pixels, images, i * IMAGE_SIZE);
      } else {
        const size = { height: HEIGHT, width: WIDTH };
        const transform = drawTransform(
          augmentation,
          size,
          seededRandom(seed, `augment/${epoch}/${item.index}`),
        );
        applyTransform(pixels, size, transform, images, i * IMAGE_SIZE);
      }
    } catch (error) {
      return { ticket, error: `${item.path} cannot be used: ${(error as Error).message}` };
    }
  }
  Atomics.store(data.current, 0, -1);
  return { ticket, images };
}

/** Answers the parent's requests one by one until it must stop. */
export function runInputWorker(decode: Decode = decodeFilePixels): void {
  const port = parentPort as MessagePort;
  const data = workerData as InputWorkerData;
  let last = Promise.resolve();
  port.on('message', (request: BatchRequest) => {
    last = last.then(async () => {
      const reply = await makeBatch(request, data, decode);
      if (Atomics.load(data.stop, 0) !== 0) process.exit(0);
      port.postMessage(reply, 'images' in reply ? [reply.images.buffer as ArrayBuffer] : []);
    });
  });
}
