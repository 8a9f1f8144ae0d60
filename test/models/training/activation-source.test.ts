import { epochOrder } from '../../../models/data/input-pipeline';
import {
  activationSource,
  type Batch,
  type BatchSource,
  throughTrunk,
  type TrunkBatch,
} from '../../../models/training/activation-source';
import type { Trunk } from '../../../models/training/trunk';

const [COUNT, BATCH_SIZE, SEED] = [7, 3, 4];
const STEPS = Math.ceil(COUNT / BATCH_SIZE);

/** Pictures of one value each, their index, in the given order. */
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

/** A trunk of two outputs, [b, 1] and [b, 2, 1], that counts what it is asked. */
function countingTrunk() {
  const counted = { pictures: 0 };
  const trunk: Trunk = {
    run: (images, size) => {
      counted.pictures += size;
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

async function collect(batches: AsyncIterable<TrunkBatch>): Promise<TrunkBatch[]> {
  const all: TrunkBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** Two epochs behind a trunk, and how many pictures went through it. */
async function twoEpochs(from: BatchSource, mostBytes?: number) {
  const { trunk, counted } = countingTrunk();
  const limit = mostBytes === undefined ? {} : { mostBytes };
  const epochs = await activationSource(from, trunk, { seed: SEED, batchSize: BATCH_SIZE, ...limit });
  const batches = [...(await collect(epochs(1))), ...(await collect(epochs(2)))];
  return { batches, pictures: counted.pictures };
}

test('pictures that never change go through the trunk once, and epochs are the same', async () => {
  const live = await twoEpochs({ ...source, unchanging: undefined });
  const kept = await twoEpochs(source);
  expect(live.batches).toHaveLength(2 * STEPS);
  expect(kept.batches).toEqual(live.batches);
  expect([live.pictures, kept.pictures]).toEqual([2 * COUNT, COUNT]);
});

test('activations that take more memory than allowed are computed anew each epoch', async () => {
  // Of a picture they are three numbers of four bytes.
  const whole = COUNT * 3 * 4;
  expect((await twoEpochs(source, whole)).pictures).toBe(COUNT);
  const { batches, pictures } = await twoEpochs(source, whole - 1);
  expect(pictures).toBeGreaterThan(2 * COUNT);
  expect(batches).toEqual((await twoEpochs(source)).batches);
});

test('a batch through the trunk keeps its labels', async () => {
  const { trunk } = countingTrunk();
  const [first] = await collect(throughTrunk(batchesOf([5, 2, 6]), trunk));
  expect([...first!.labels]).toEqual([15, 12, 16]);
  expect(first!.activations.map(({ values }) => [...values])).toEqual([
    [-5, -2, -6],
    [5, 105, 2, 102, 6, 106],
  ]);
});
