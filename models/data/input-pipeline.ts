/**
 * Batches for training and evaluation, prepared on other threads so that the trunk does not wait for them.
 *
 * Order and random draws depend only on the seed, the epoch and the item, never on the number of threads or on timing.
 *
 * Threads, not processes: threads pass a batch of 32 (19 MB) without a copy. A pipe cost the trunk's thread 0.4 ms per
 * image, about half of the whole augmentation.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

// This import also loads sharp, which on Linux must happen before threads use it; otherwise its libraries are unloaded.
import { MAX_TRAINING_PIXELS } from './decode';
// Its threads may not unblock libvips' loaders: this import does, on the main thread.
import './decode-file';
import {
  type BatchReply,
  type BatchRequest,
  type InputWorkerData,
  IMAGE_SIZE,
  type ImageCache,
} from './input-worker';
import type { Augmentation } from '../recipes';
import { seededRandom, shuffle } from '../../statistics/seeded-random';

const CACHE_BYTES = 2 ** 30;
const MOST_DEFAULT_WORKERS = 4;
const TYPESCRIPT = __filename.endsWith('.ts');
const DEFAULT_SCRIPT = join(__dirname, TYPESCRIPT ? 'input-worker.ts' : 'input-worker.js');

export interface InputPipelineOptions {
  /** Image files and the indices of their classes. */
  readonly items: readonly { readonly path: string; readonly label: number }[];
  readonly batchSize: number;
  /** @default none: images as they are */
  readonly augmentation?: Augmentation | undefined;
  /** Whether to shuffle each epoch. @default only with augmentation */
  readonly shuffle?: boolean;
  readonly seed: number;
  /** Threads that prepare batches. @default one per core, at most 4 */
  readonly workers?: number;
  /** Batches to prepare ahead, 19 MB each for 32 images. @default workers + 2 */
  readonly prefetchBatches?: number;
  /** Memory for decoded images, 150,528 bytes each; the others are decoded again each epoch. @default 1 GiB */
  readonly cacheBytes?: number;
  /** Script of the threads; exports `runInputWorker`. @default input-worker beside this file */
  readonly script?: string;
}

export interface Batch {
  /** float32 [size, 224, 224, 3]; owned by the receiver. */
  readonly images: Float32Array;
  /** Indices of the classes, [size]. */
  readonly labels: Int32Array;
  /** The batch size; smaller in an epoch's last batch. */
  readonly size: number;
}

export interface InputPipeline {
  readonly stepsPerEpoch: number;
  /**
   * Batches of an epoch, counted from 0. Iterable once. Work starts with the call, so that a call before a validation has
   * its first batches ready afterwards.
   *
   * @throws Error naming the image that cannot be used or at which a thread died
   */
  epoch(epoch: number): AsyncIterable<Batch>;
  /** Batches of all items in their own order, with the draws of epoch 0; otherwise like `epoch`. */
  readonly inOrder: () => AsyncIterable<Batch>;
  /** Ends the threads; pending batches fail. */
  close(): Promise<void>;
}

/** Order of an epoch's items. */
export function epochOrder(count: number, seed: number, epoch: number): number[] {
  return shuffle(
    Array.from({ length: count }, (_, i) => i),
    seededRandom(seed, `shuffle/${epoch}`),
  );
}

interface Waiting {
  readonly resolve: (images: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

interface WorkerThread {
  readonly thread: Worker;
  readonly current: Int32Array;
  readonly waiting: Map<number, Waiting>;
  readonly ended: Promise<void>;
}

function checkCount(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${name} must be a whole number of at least ${least}, received ${value}`);
  }
}

const sharedIntegers = (count: number, value: number): Int32Array =>
  new Int32Array(new SharedArrayBuffer(4 * count)).fill(value);

function createCache(itemCount: number, bytes: number): ImageCache {
  const count = Math.min(itemCount, Math.floor(bytes / IMAGE_SIZE));
  return {
    pixels: new Uint8Array(new SharedArrayBuffer(count * IMAGE_SIZE)),
    filled: sharedIntegers(count, 0),
  };
}

/** Starts a thread from TypeScript (tsx, Jest) as well as from compiled code. */
function startThread(script: string, workerData: InputWorkerData): Worker {
  const register = TYPESCRIPT ? `require(${JSON.stringify(require.resolve('tsx/cjs'))});` : '';
  const code = `${register}require(${JSON.stringify(script)}).runInputWorker()`;
  return new Worker(code, { eval: true, execArgv: [], workerData });
}

/** Opens a pipeline. Call `close`, or its threads keep the process alive. */
export function openInputPipeline(options: InputPipelineOptions): InputPipeline {
  const { items, batchSize, augmentation, seed } = options;
  const { workers = Math.min(availableParallelism(), MOST_DEFAULT_WORKERS) } = options;
  const { prefetchBatches = workers + 2, cacheBytes = CACHE_BYTES, script = DEFAULT_SCRIPT } = options;
  const shuffled = options.shuffle ?? augmentation !== undefined;
  checkCount('items: their number', items.length, 1);
  checkCount('batchSize', batchSize, 1);
  checkCount('workers', workers, 1);
  checkCount('prefetchBatches', prefetchBatches, 1);
  checkCount('cacheBytes', cacheBytes, 0);

  const stepsPerEpoch = Math.ceil(items.length / batchSize);
  const stop = sharedIntegers(1, 0);
  const cache = createCache(items.length, cacheBytes);
  let failure: Error | undefined;
  let tickets = 0;
  const threads = Array.from({ length: workers }, startWorker);

  function startWorker(): WorkerThread {
    const current = sharedIntegers(1, -1);
    const data = { augmentation, seed, maxPixels: MAX_TRAINING_PIXELS, cache, current, stop };
    const thread = startThread(script, data);
    const waiting = new Map<number, Waiting>();
    thread.on('message', (reply: BatchReply) => {
      const request = waiting.get(reply.ticket)!;
      waiting.delete(reply.ticket);
      if ('images' in reply) request.resolve(reply.images);
      else request.reject(new Error(reply.error));
    });
    const fail = (reason: string) => {
      const path = items[current[0]!]?.path;
      const at = path === undefined ? 'before its first image or between two' : `at ${path}`;
      failure ??= new Error(`an input thread ended ${at}: ${reason}`);
      for (const { reject } of waiting.values()) reject(failure);
      waiting.clear();
    };
    thread.on('error', (error) => fail(error.message));
    const ended = new Promise<void>((resolve) => {
      thread.on('exit', (code) => {
        fail(stop[0] === 0 ? `exit code ${code}` : 'the pipeline was closed');
        resolve();
      });
    });
    return { thread, current, waiting, ended };
  }

  function request(indices: Int32Array, epoch: number): Promise<Float32Array> {
    const made = new Promise<Float32Array>((resolve, reject) => {
      if (failure !== undefined) {
        reject(failure);
        return;
      }
      const { thread, waiting } = threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
      const ticket = tickets++;
      waiting.set(ticket, { resolve, reject });
      const wanted = Array.from(indices, (index) => ({ index, path: items[index]!.path }));
      thread.postMessage({ ticket, epoch, items: wanted } satisfies BatchRequest);
    });
    // An epoch that stops early never reads what it asked for.
    made.catch(() => undefined);
    return made;
  }

  function epoch(epoch: number): AsyncIterable<Batch> {
    checkCount('epoch', epoch, 0);
    const order = shuffled ? epochOrder(items.length, seed, epoch) : items.keys();
    return batches(Int32Array.from(order), epoch);
  }

  function batches(order: Int32Array, epoch: number): AsyncIterable<Batch> {
    const indicesOf = (step: number) => order.slice(step * batchSize, (step + 1) * batchSize);
    const ahead: Promise<Float32Array>[] = [];
    let next = 0;
    const fill = () => {
      while (ahead.length < prefetchBatches && next < stepsPerEpoch)
        ahead.push(request(indicesOf(next++), epoch));
    };
    fill();
    return (async function* () {
      for (let step = 0; step < stepsPerEpoch; step++) {
        const images = await ahead.shift()!;
        fill();
        const indices = indicesOf(step);
        const labels = indices.map((index) => items[index]!.label);
        yield { images, labels, size: indices.length };
      }
    })();
  }

  async function close(): Promise<void> {
    Atomics.store(stop, 0, 1);
    for (const { thread } of threads)
      thread.postMessage({ ticket: -1, epoch: 0, items: [] } satisfies BatchRequest);
    await Promise.all(threads.map(({ ended }) => ended));
  }

  const inOrder = () => batches(Int32Array.from(items.keys()), 0);

  return { stepsPerEpoch, epoch, inOrder, close };
}
