import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ARCHITECTURE_IDS } from '../../../models/catalog';
import { ModelQueue, type ModelQueueOptions } from '../../../service/inference/model-queue';
import { parallelismOf } from '../../../service/inference/parallelism';
import { fakeModels, grey } from '../../support/server';

const script = join(__dirname, '../../support/fake-worker.ts');
const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
};

let options: ModelQueueOptions;
let queue: ModelQueue;
let bright: Buffer;
let crashing: Buffer;
const states: string[] = [];
const restarts: string[] = [];
const classify = (image = bright) => queue.run({ kind: 'classify', image });

beforeAll(async () => {
  bright = await grey(0.9).png().toBuffer();
  crashing = await grey(0.75).png().toBuffer();
  options = {
    model: 'latency',
    engine: {
      ...{ kind: 'onnxruntime', threads: 1, onnxCacheDir: tmpdir() },
      modelDir: join(fakeModels(), 'latency'),
    },
    script,
  };
  queue = new ModelQueue({
    ...options,
    processes: 2,
    onState: ({ kind }) => states.push(kind),
    onRestart: (reason) => restarts.push(reason),
  });
  await until(() => queue.state.kind === 'ready');
});
afterAll(() => queue.stop());

test('the model is ready once, when both of its processes are', () => {
  expect(states).toEqual(['ready']);
  expect(new Set(queue.processIds).size).toBe(2);
});

test('two images are classified side by side, and a third one waits', async () => {
  await Promise.all([classify(), classify()]);
  const results = await Promise.all([classify(), classify(), classify()]);
  const waitedMs = results.map(({ queueMs }) => queueMs);
  // The fake engine takes 30 ms.
  expect(waitedMs[2]).toBeGreaterThan(20);
  expect(Math.max(waitedMs[0]!, waitedMs[1]!)).toBeLessThan(waitedMs[2]!);
});

test('the queue takes 2 s of work for both processes together, not for one', async () => {
  let tookMs = 0;
  // Again, should the machine have been busier while the queue learned how long an image takes.
  for (let tries = 0; tookMs <= 1300 && tries < 3; tries++) {
    for (let i = 0; i < 12; i++) await Promise.all([classify(), classify()]);
    const startedAt = performance.now();
    const waiting: Promise<unknown>[] = [];
    while (queue.rejection() === undefined) waiting.push(classify());
    await Promise.all(waiting);
    tookMs = performance.now() - startedAt;
  }
  expect(tookMs).toBeGreaterThan(1300);
});

test('when one process crashes, its request fails, and the other answers without a pause', async () => {
  const crashed = classify(crashing);
  const other = classify();
  await expect(crashed).rejects.toMatchObject({ code: 'WORKER_FAILED' });
  expect((await other).probabilities[0]).toBeCloseTo(0.9, 1);
  expect(queue.state.kind).toBe('ready');
  expect((await classify()).probabilities[0]).toBeCloseTo(0.9, 1);
  expect(restarts).toHaveLength(1);
  expect(states).toEqual(['ready']);
  await until(() => queue.processIds.length === 2);
});

test('the other processes start together once the first one is ready', async () => {
  const three = new ModelQueue({ ...options, processes: 3 });
  await until(() => three.processIds.length > 1);
  expect(three.processIds).toHaveLength(3);
  expect(three.state.kind).toBe('loading');
  await until(() => three.state.kind === 'ready');
  three.stop();
});

test.each([
  ['mobilenetv2', 405, { processes: 1, threads: 1 }],
  ['mobilenetv2', 2900, { processes: 2, threads: 1 }],
  ['mobilenetv2', 9000, { processes: 8, threads: 1 }],
  ['mobilenetv2', 16_000, { processes: 8, threads: 2 }],
  ['resnet101v2', 1999, { processes: 1, threads: 1 }],
  ['resnet101v2', 4400, { processes: 4, threads: 1 }],
  ['resnet101v2', 5000, { processes: 4, threads: 1 }],
  ['resnet101v2', 6000, { processes: 3, threads: 2 }],
  ['resnet101v2', 16_000, { processes: 4, threads: 4 }],
  ['resnet50v2', 8000, { processes: 4, threads: 2 }],
  ['mobilenetv2_050', 8000, { processes: 8, threads: 1 }],
  [undefined, 8000, { processes: 4, threads: 2 }],
] as const)(
  '%s at %i millicores has a process per core while they are few',
  (architecture, limitMillis, expected) => {
    expect(parallelismOf(architecture, limitMillis)).toEqual(expected);
  },
);

test.each(ARCHITECTURE_IDS)(
  '%s never loses threads to a further core, and keeps its processes if it gains none',
  (architecture) => {
    for (let cores = 1; cores < 64; cores++) {
      const now = parallelismOf(architecture, 1000 * cores);
      const next = parallelismOf(architecture, 1000 * (cores + 1));
      const added = next.processes * next.threads - now.processes * now.threads;
      expect([cores, added]).toEqual([cores, Math.max(0, added)]);
      if (added === 0) expect(next).toEqual(now);
    }
  },
);

test.each(ARCHITECTURE_IDS)(
  '%s never has more threads than cores, and leaves less than a quarter idle',
  (architecture) => {
    for (let cores = 1; cores <= 64; cores++) {
      const { processes, threads } = parallelismOf(architecture, 1000 * cores);
      expect(processes * threads).toBeLessThanOrEqual(cores);
      expect(processes * threads).toBeGreaterThan((3 / 4) * cores);
    }
  },
);
