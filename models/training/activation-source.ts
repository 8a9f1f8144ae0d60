/**
 * The activations that the frozen trunk computes for the images of an epoch. Without augmentation the images never
 * change, so their activations are computed once per stage instead of once per epoch.
 */
import { epochOrder } from '../data/input-pipeline';
import type { Activation, Trunk } from './trunk';

/** Images float32 [size, 224, 224, 3] in the model's input range, and their class indices [size]. */
export interface Batch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly size: number;
}

/** A source of batches: the same epoch always gives the same batches. */
export interface BatchSource {
  /** The batches of an epoch, shuffled by its number. */
  readonly epoch: (epoch: number) => AsyncIterable<Batch>;
  readonly stepsPerEpoch: number;
  /** Every image once, in a fixed order; undefined if augmentation changes the images from epoch to epoch. */
  readonly unchanging?: (() => AsyncIterable<Batch>) | undefined;
}

/** A batch after the trunk. */
export interface TrunkBatch {
  /** One activation per output of the trunk. */
  readonly activations: readonly Activation[];
  readonly labels: Int32Array;
}

/** The batches of an epoch after the trunk. */
export type ActivationSource = (epoch: number) => AsyncIterable<TrunkBatch>;

/**
 * Memory for kept activations, of training and validation images together. One image takes 0.50 MB (7 · 7 · (512 + 2048)
 * numbers) if ResNet101V2 is cut in its last block, and 8 KB after pooling.
 */
export const MAX_ACTIVATION_BYTES = 2 ** 30;

/** The memory that is still free for the activations of a stage; keeping activations reduces it. */
export interface ActivationMemory {
  remainingBytes: number;
}

/** Runs the trunk on each batch. */
export async function* throughTrunk(batches: AsyncIterable<Batch>, trunk: Trunk): AsyncGenerator<TrunkBatch> {
  for await (const { images, labels, size } of batches) {
    yield { activations: await trunk.run(images, size), labels };
  }
}

/**
 * Computes and keeps the activations of every image; undefined if they exceed the remaining memory. The first batch usually
 * shows that they will; the last one may be smaller, and does not count for that.
 */
async function computeAll(
  batches: AsyncIterable<Batch>,
  batchCount: number,
  trunk: Trunk,
  memory: ActivationMemory,
): Promise<TrunkBatch[] | undefined> {
  const all: TrunkBatch[] = [];
  let bytes = 0;
  for await (const batch of throughTrunk(batches, trunk)) {
    bytes += batch.activations.reduce((sum, { values }) => sum + values.byteLength, 0);
    const leastBytes = all.length === 0 ? bytes * Math.max(1, batchCount - 1) : bytes;
    if (leastBytes > memory.remainingBytes) return undefined;
    all.push(batch);
  }
  memory.remainingBytes -= bytes;
  return all;
}

/**
 * Activations of a source's epoch 0, for every call of the result. The images pass through the trunk once if their
 * activations fit into memory, else at every call.
 */
export async function repeatedActivations(
  { epoch, stepsPerEpoch }: Pick<BatchSource, 'epoch' | 'stepsPerEpoch'>,
  trunk: Trunk,
  memory: ActivationMemory,
): Promise<() => AsyncIterable<TrunkBatch> | Iterable<TrunkBatch>> {
  const all = await computeAll(epoch(0), stepsPerEpoch, trunk, memory);
  return () => all ?? throughTrunk(epoch(0), trunk);
}

/** Collects a batch of images by their index in batches of `batchSize`; the last of those may be smaller. */
function gather(all: readonly TrunkBatch[], indices: readonly number[], batchSize: number): TrunkBatch {
  const places = indices.map((index) => [all[Math.floor(index / batchSize)]!, index % batchSize] as const);
  const activations = all[0]!.activations.map(({ shape: [, ...shape] }, k): Activation => {
    const length = shape.reduce((product, side) => product * side, 1);
    const values = new Float32Array(indices.length * length);
    places.forEach(([batch, i], row) => {
      values.set(batch.activations[k]!.values.subarray(i * length, (i + 1) * length), row * length);
    });
    return { shape: [indices.length, ...shape], values };
  });
  return { activations, labels: Int32Array.from(places, ([batch, i]) => batch.labels[i]!) };
}

/**
 * The epochs of a source after a trunk. Images that never change pass through the trunk once if their activations fit
 * into memory; the activations are then shuffled exactly as the input pipeline shuffles images.
 *
 * @param seed decides the order of images in each epoch
 */
export async function activationSource(
  source: BatchSource,
  trunk: Trunk,
  { seed, batchSize, memory }: { seed: number; batchSize: number; memory: ActivationMemory },
): Promise<ActivationSource> {
  const { unchanging, stepsPerEpoch } = source;
  const all = unchanging && (await computeAll(unchanging(), stepsPerEpoch, trunk, memory));
  if (all === undefined) return (epoch) => throughTrunk(source.epoch(epoch), trunk);
  const count = all.reduce((sum, { labels }) => sum + labels.length, 0);
  return async function* (epoch) {
    const order = epochOrder(count, seed, epoch);
    for (let start = 0; start < count; start += batchSize) {
      yield await Promise.resolve(gather(all, order.slice(start, start + batchSize), batchSize));
    }
  };
}
