/**
 * What the frozen trunk says of an epoch's images. Where no augmentation changes them it is computed once a stage,
 * not once an epoch.
 */
import { epochOrder } from '../data/input-pipeline';
import type { Activation, Trunk } from './trunk';

/** Images float32 [size, 224, 224, 3] as the model takes them, and the indices of their classes, [size]. */
export interface Batch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly size: number;
}

/** Where batches come from: the same for the same epoch, whenever it is asked. */
export interface BatchSource {
  readonly epoch: (epoch: number) => AsyncIterable<Batch>;
  readonly stepsPerEpoch: number;
  /** Every image once, in an order that never changes; undefined where images differ from epoch to epoch. */
  readonly unchanging?: (() => AsyncIterable<Batch>) | undefined;
}

/** A batch behind the trunk. */
export interface TrunkBatch {
  readonly activations: readonly Activation[];
  readonly labels: Int32Array;
}

/** Epochs behind the trunk. */
export type ActivationSource = (epoch: number) => AsyncIterable<TrunkBatch>;

/**
 * Memory for activations, those to train on and those to validate on together; a ResNet's of one image are 0.50 MB
 * (7 · 7 · (512 + 2048) numbers) where its last block is cut, 8 KB behind pooling.
 */
export const MOST_ACTIVATION_BYTES = 2 ** 30;

/** What is left of the memory for a stage's activations; what is kept is taken from it. */
export interface ActivationMemory {
  leftBytes: number;
}

/** Runs the trunk on each batch. */
export async function* throughTrunk(batches: AsyncIterable<Batch>, trunk: Trunk): AsyncGenerator<TrunkBatch> {
  for await (const { images, labels, size } of batches) {
    yield { activations: await trunk.run(images, size), labels };
  }
}

/** Computes every image's activations, unless they take more memory than is left. */
async function computeAll(
  batches: AsyncIterable<Batch>,
  trunk: Trunk,
  memory: ActivationMemory,
): Promise<TrunkBatch[] | undefined> {
  const all: TrunkBatch[] = [];
  let bytes = 0;
  for await (const batch of throughTrunk(batches, trunk)) {
    bytes += batch.activations.reduce((sum, { values }) => sum + values.byteLength, 0);
    if (bytes > memory.leftBytes) return undefined;
    all.push(batch);
  }
  memory.leftBytes -= bytes;
  return all;
}

/** The same images in the same order each time, behind a trunk; they go through it once, if memory has the room. */
export async function repeatedActivations(
  batches: () => AsyncIterable<Batch>,
  trunk: Trunk,
  memory: ActivationMemory,
): Promise<() => AsyncIterable<TrunkBatch> | Iterable<TrunkBatch>> {
  const all = await computeAll(batches(), trunk, memory);
  return () => all ?? throughTrunk(batches(), trunk);
}

/** Picks images out of batches of `batchSize`, the last of which may be smaller. */
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
 * Epochs behind a trunk. Images that never change go through it once, if their activations fit into memory, and are
 * shuffled then as the input pipeline shuffles images.
 *
 * @param seed of the epochs' orders
 */
export async function activationSource(
  source: BatchSource,
  trunk: Trunk,
  { seed, batchSize, memory }: { seed: number; batchSize: number; memory: ActivationMemory },
): Promise<ActivationSource> {
  const all = source.unchanging && (await computeAll(source.unchanging(), trunk, memory));
  if (all === undefined) return (epoch) => throughTrunk(source.epoch(epoch), trunk);
  const count = all.reduce((sum, { labels }) => sum + labels.length, 0);
  return async function* (epoch) {
    const order = epochOrder(count, seed, epoch);
    for (let start = 0; start < count; start += batchSize) {
      yield await Promise.resolve(gather(all, order.slice(start, start + batchSize), batchSize));
    }
  };
}
