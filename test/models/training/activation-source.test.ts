import { epochOrder } from '../../../models/data/input-pipeline';
import {
  activationSource,
  type Batch,
  type BatchSource,
  repeatedActivations,
  throughTrunk,
  type TrunkBatch,
} from '../../../models/training/activation-source';
import type { Trunk } from '../../../models/training/trunk';

const [COUNT, BATCH_SIZE, SEED] = [7, 3, 4];
const STEPS = Math.ceil(COUNT / BATCH_SIZE);

/** Batches of one-value images in the given order; the value is the image's index. */
async function* batchesOf(order: readonly number[]): AsyncGenerator<Batch> {
  for (let start = 0; start < order.length; start += BATCH_SIZE) {
    const indices = order.slice(start, start + BATCH_SIZE);
    const batch = { images: Float32Array.from(indices), labels: Int32Array.from(indices, (i) => 10 + i) };
    yield await Promise.resolve({ ...batch, size: indices.length });
  }
}

const source: BatchSource = {
  stepsPerEpoch: STEPS,
  epoch: (epoch) => batchesOf(epochOrder(COUNT, SEED, epoch)),
  unchanging: () => batchesOf([...Array(COUNT).keys()]),
};

/** A trunk with outputs [b, 1] and [b, 2, 1] that counts its images. */
function countingTrunk() {
  const counted = { images: 0 };
  const trunk: Trunk = {
    run: (images, size) => {
      counted.images += size;
      const pairs = Float32Array.from({ length: 2 * size }, (_, i) => images[i >> 1]! + 100 * (i & 1));
      return Promise.resolve([
        { shape: [size, 1], values: images.map((value) => -value) },
        { shape: [size, 2, 1], values: pairs },
      ]);
    },
    close: () => Promise.resolve(),
  };
  return { trunk, counted };
}

async function collect(batches: AsyncIterable<TrunkBatch> | Iterable<TrunkBatch>): Promise<TrunkBatch[]> {
  const all: TrunkBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** Two epochs after a trunk, and how many images passed through it. */
async function twoEpochs(from: BatchSource, remainingBytes = Infinity) {
  const { trunk, counted } = countingTrunk();
  const epochs = await activationSource(from, trunk, {
    seed: SEED,
    batchSize: BATCH_SIZE,
    memory: { remainingBytes },
  });
  const batches = [...(await collect(epochs(1))), ...(await collect(epochs(2)))];
  return { batches, images: counted.images };
}

test('images that never change pass through the trunk once, and epochs stay the same', async () => {
  const live = await twoEpochs({ ...source, unchanging: undefined });
  const kept = await twoEpochs(source);
  expect(live.batches).toHaveLength(2 * STEPS);
  expect(kept.batches).toEqual(live.batches);
  expect([live.images, kept.images]).toEqual([2 * COUNT, COUNT]);
});

test('activations that exceed the memory are computed in each epoch', async () => {
  // The activations of an image are three numbers of four bytes.
  const whole = COUNT * 3 * 4;
  expect((await twoEpochs(source, whole)).images).toBe(COUNT);
  const { batches, images } = await twoEpochs(source, whole - 1);
  expect(images).toBeGreaterThan(2 * COUNT);
  expect(batches).toEqual((await twoEpochs(source)).batches);
});

test('activations whose first batch shows that they cannot fit are given up after it', async () => {
  const batch = BATCH_SIZE * 3 * 4;
  const unlimited = (await twoEpochs(source)).batches;
  const { batches, images } = await twoEpochs(source, (STEPS - 1) * batch - 1);
  expect(images).toBe(BATCH_SIZE + 2 * COUNT);
  expect(batches).toEqual(unlimited);
});

test('activations of validation images share the memory, and are computed each time if they do not fit', async () => {
  const whole = COUNT * 3 * 4;
  const images = async (remainingBytes: number) => {
    const { trunk, counted } = countingTrunk();
    const memory = { remainingBytes };
    const validation = await repeatedActivations(source, trunk, memory);
    const first = await collect(validation());
    expect(await collect(validation())).toEqual(first);
    const validated = counted.images;
    const epochs = await activationSource(source, trunk, { seed: SEED, batchSize: BATCH_SIZE, memory });
    await collect(epochs(1));
    return { validated, trained: counted.images - validated };
  };
  expect(await images(2 * whole)).toEqual({ validated: COUNT, trained: COUNT });
  const { validated, trained } = await images(2 * whole - 1);
  expect(validated).toBe(COUNT);
  expect(trained).toBeGreaterThan(COUNT);
  expect((await images(whole - 1)).validated).toBeGreaterThan(2 * COUNT);
});

test('a batch keeps its labels through the trunk', async () => {
  const { trunk } = countingTrunk();
  const [first] = await collect(throughTrunk(batchesOf([5, 2, 6]), trunk));
  expect([...first!.labels]).toEqual([15, 12, 16]);
  expect(first!.activations.map(({ values }) => [...values])).toEqual([
    [-5, -2, -6],
    [5, 105, 2, 102, 6, 106],
  ]);
});
