import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import sharp from 'sharp';

import { applyTransform, drawTransform } from '../../../models/data/augmentation';
import { decodeImage, decodePixels } from '../../../models/data/decode';
import {
  type Batch,
  epochOrder,
  type InputPipelineOptions,
  openInputPipeline,
} from '../../../models/data/input-pipeline';
import { AUGMENTATION } from '../../../models/recipes';
import { seededRandom } from '../../../statistics/seeded-random';
import { DEADLY } from '../../support/input-worker-that-dies';

const SEED = 9;
const SIZE = { height: 224, width: 224 };
const IMAGE_SIZE = 224 * 224 * 3;
const COUNT = 7;
const DYING_SCRIPT = join(__dirname, '../../support/input-worker-that-dies.ts');

const folder = mkdtempSync(join(tmpdir(), 'tandem-input-'));
const items = Array.from({ length: COUNT }, (_, i) => ({ path: join(folder, `${i}.jpg`), label: i % 3 }));
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { path, label: 0 };
};

beforeAll(async () => {
  for (const [i, { path }] of items.entries()) {
    const pixels = Uint8Array.from({ length: 60 * 80 * 3 }, (_, at) => (at * (i + 3)) >> 4);
    writeFileSync(
      path,
      await sharp(pixels, { raw: { width: 80, height: 60, channels: 3 } })
        .jpeg()
        .toBuffer(),
    );
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const OPTIONS: InputPipelineOptions = {
  items,
  batchSize: 3,
  augmentation: AUGMENTATION,
  seed: SEED,
  workers: 1,
};

/** Runs `use` with a pipeline and closes it, whatever happens. */
async function withPipeline<T>(
  options: Partial<InputPipelineOptions>,
  use: (pipeline: ReturnType<typeof openInputPipeline>) => Promise<T>,
): Promise<T> {
  const pipeline = openInputPipeline({ ...OPTIONS, ...options });
  try {
    return await use(pipeline);
  } finally {
    await pipeline.close();
  }
}

async function batches(source: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of source) all.push(batch);
  return all;
}

const image = ({ images }: Batch, i: number) => images.subarray(i * IMAGE_SIZE, (i + 1) * IMAGE_SIZE);
const isSame = (a: Float32Array, b: Float32Array) =>
  a.length === b.length && a.every((value, i) => value === b[i]);
const digest = ({ images, labels }: Batch) =>
  [images, labels].reduce((hash, values) => hash.update(values), createHash('sha256')).digest('hex');
const digests = async (source: AsyncIterable<Batch>) => (await batches(source)).map(digest);

test('an epoch has every image once, in the order and with the draws of its seed, epoch and index', async () => {
  const epoch = await withPipeline({}, (pipeline) => {
    expect(pipeline.stepsPerEpoch).toBe(3);
    return batches(pipeline.epoch(4));
  });
  expect(epoch.map(({ size }) => size)).toEqual([3, 3, 1]);
  const order = epochOrder(COUNT, SEED, 4);
  for (const batch of epoch) {
    expect(batch.images).toHaveLength(batch.size * IMAGE_SIZE);
    for (const [i, index] of order.splice(0, batch.size).entries()) {
      expect(batch.labels[i]).toBe(items[index]!.label);
      const transform = drawTransform(AUGMENTATION, SIZE, seededRandom(SEED, `augment/4/${index}`));
      const expected = new Float32Array(IMAGE_SIZE);
      applyTransform(await decodePixels(readFileSync(items[index]!.path), 1e6), SIZE, transform, expected);
      expect(isSame(image(batch, i), expected)).toBe(true);
    }
  }
});

test('neither the number of threads nor the memory for images changes a batch', async () => {
  const twoEpochs = (options: Partial<InputPipelineOptions>) =>
    withPipeline(options, async (pipeline) => [
      ...(await digests(pipeline.epoch(0))),
      ...(await digests(pipeline.epoch(1))),
    ]);
  const expected = await twoEpochs({});
  expect(new Set(expected).size).toBe(6);
  expect(await twoEpochs({ workers: 3, prefetchBatches: 1 })).toEqual(expected);
  expect(await twoEpochs({ workers: 2, cacheBytes: 0 })).toEqual(expected);
  expect(await twoEpochs({ cacheBytes: 3 * IMAGE_SIZE })).toEqual(expected);
});

test('epochs and seeds have orders of their own', () => {
  const orders = [epochOrder(50, 1, 0), epochOrder(50, 1, 1), epochOrder(50, 2, 0)];
  expect(new Set(orders.map(String)).size).toBe(3);
  for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual([...Array(50).keys()]);
});

test('without augmentation images come in the given order, exactly as the service decodes them', async () => {
  const plain = await withPipeline({ augmentation: undefined }, (pipeline) => batches(pipeline.epoch(0)));
  expect(plain.flatMap(({ labels }) => [...labels])).toEqual(items.map(({ label }) => label));
  const served = await decodeImage(readFileSync(items[4]!.path), 1e6);
  expect(isSame(image(plain[1]!, 1), served)).toBe(true);
});

test('shuffled images can be had in their own order too', async () => {
  const ordered = await withPipeline({ augmentation: undefined }, (pipeline) => digests(pipeline.epoch(3)));
  const options = { augmentation: undefined, shuffle: true };
  await withPipeline(options, async (pipeline) => {
    expect(await digests(pipeline.inOrder())).toEqual(ordered);
    expect(await digests(pipeline.epoch(3))).not.toEqual(ordered);
  });
});

test('an image that cannot be decoded is an error with its name, and others are still served', async () => {
  const bad = file('bad.jpg', 'no image');
  await withPipeline({ items: [...items, bad], shuffle: false }, async (pipeline) => {
    await expect(batches(pipeline.epoch(0))).rejects.toThrow(
      `${bad.path} cannot be used: This is not an image`,
    );
    const [first] = await batchesBefore(pipeline.epoch(1), 1);
    expect(first!.size).toBe(3);
  });
  const absent = { path: join(folder, 'absent.jpg'), label: 0 };
  await withPipeline({ items: [absent] }, (pipeline) =>
    expect(batches(pipeline.epoch(0))).rejects.toThrow(`${absent.path} cannot be used: ENOENT`),
  );
});

/** The first batches of an epoch that is then abandoned. */
async function batchesBefore(source: AsyncIterable<Batch>, count: number): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of source) {
    all.push(batch);
    if (all.length === count) break;
  }
  return all;
}

test('a thread that dies is an error with the name of the image that it was at, now and later', async () => {
  const deadly = file('deadly.jpg', DEADLY);
  await withPipeline({ items: [...items, deadly], script: DYING_SCRIPT, workers: 2 }, async (pipeline) => {
    const message = `an input thread ended at ${deadly.path}: exit code 7`;
    await expect(batches(pipeline.epoch(0))).rejects.toThrow(message);
    await expect(batches(pipeline.epoch(1))).rejects.toThrow(message);
  });
});

test('no more batches are made ahead than asked for', async () => {
  const deadly = file('far.jpg', DEADLY);
  const options = {
    items: [...items.slice(0, 4), deadly],
    batchSize: 1,
    prefetchBatches: 2,
    script: DYING_SCRIPT,
  };
  await withPipeline({ ...options, shuffle: false }, async (pipeline) => {
    expect(await batchesBefore(pipeline.epoch(0), 2)).toHaveLength(2);
    // If it came after the first epoch's requests, it would find the thread dead.
    expect(await batchesBefore(pipeline.epoch(1), 1)).toHaveLength(1);
  });
});

test('what cannot be is refused with the value', () => {
  expect(() => openInputPipeline({ ...OPTIONS, items: [] })).toThrow(
    'their number must be a whole number of at least 1',
  );
  expect(() => openInputPipeline({ ...OPTIONS, batchSize: 2.5 })).toThrow(
    'batchSize must be a whole number of at least 1, received 2.5',
  );
  expect(() => openInputPipeline({ ...OPTIONS, workers: 0 })).toThrow('workers must be');
});

test('a program under tsx that closes its pipeline, an epoch still under way, ends by itself', async () => {
  const script = join(folder, 'program.ts');
  const pipelineModule = join(__dirname, '../../../models/data/input-pipeline.ts');
  writeFileSync(
    script,
    `const { openInputPipeline } = require(${JSON.stringify(pipelineModule)});
    async function run(): Promise<void> {
      const pipeline = openInputPipeline(${JSON.stringify({ ...OPTIONS, workers: 2 })});
      for await (const { size } of pipeline.epoch(0)) { console.log('size ' + size); break; }
      pipeline.epoch(1);
      await pipeline.close();
      console.log(process.getActiveResourcesInfo().join());
    }
    void run();`,
  );
  const tsx = pathToFileURL(require.resolve('tsx')).href;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', tsx, script], {
    timeout: 20_000,
  });
  expect(stdout).toMatch(/^size 3\n/);
  expect(stdout).not.toMatch(/worker|process/i);
});
