import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ModelProcess } from '../../../service/inference/model-process';
import { ModelQueue } from '../../../service/inference/model-queue';
import { fakeModels, grey } from '../../support/server';

/** Long enough for an answer on a busy machine. */
const REQUEST_TIMEOUT_MS = 3_000;
/** Less than 18 images take, at 30 ms each. */
const SHORT_MS = 300;
const engine = { kind: 'onnxruntime', threads: 1, onnxCacheDir: tmpdir() } as const;
const script = join(__dirname, '../../support/fake-worker.ts');

describe('the queue', () => {
  let worker: ModelQueue;
  let image: Buffer;
  const classify = (signal?: AbortSignal, remainingMs?: number) =>
    worker.run({ kind: 'classify', image }, signal, remainingMs);

  beforeAll(async () => {
    image = await grey(0.9).png().toBuffer();
    await new Promise<void>((resolve) => {
      worker = new ModelQueue({
        model: 'latency',
        engine: { ...engine, modelDir: join(fakeModels(), 'latency') },
        script,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        onState: ({ kind }) => kind === 'ready' && resolve(),
      });
    });
  });
  afterAll(() => worker.stop());

  test('queued work is dropped when its client disconnects; running work continues', async () => {
    const clients = Array.from({ length: 5 }, () => new AbortController());
    const answers = clients.map(({ signal }) => classify(signal));
    const settled = Promise.allSettled(answers);
    expect(worker.inFlight).toBe(5);
    clients.slice(0, 4).forEach((client) => client.abort());
    expect(worker.inFlight).toBe(2);
    const outcomes = (await settled).map(({ status }) => status);
    expect(outcomes).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled']);
    const gone = new AbortController();
    gone.abort();
    await expect(classify(gone.signal)).rejects.toThrow('The client disconnected');
    expect(worker.inFlight).toBe(0);
  });

  test('a request that waited too long gets an answer, and the healthy process is kept', async () => {
    const before = worker.processId;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 18 }, () => classify(undefined, SHORT_MS)),
    );
    const late = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    const codes = late.map(({ reason }) => (reason as { code?: string }).code);
    expect(codes).toContain('DEADLINE_EXCEEDED');
    // A busy machine takes so long for each that the queue refuses the last ones.
    expect(codes.filter((code) => code !== 'OVERLOADED' && code !== 'DEADLINE_EXCEEDED')).toEqual([]);
    await classify();
    expect(worker.processId).toBe(before);
  });

  test('a process that hangs is replaced', async () => {
    const before = worker.processId!;
    process.kill(before, 'SIGSTOP');
    await expect(classify()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    while (worker.state.kind !== 'ready' || worker.processId === before)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await classify()).probabilities[0]).toBeCloseTo(0.9, 1);
  });
});

test('damaged images that take long to decode fill the queue like good ones', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-worker-'));
  const fails = join(folder, 'fails.cjs');
  writeFileSync(
    fails,
    `process.on('message', ({ id, kind }) => {
      if (kind === 'load') process.send({ kind: 'ready', loaded: { inferenceMs: 1 } });
      else setTimeout(() => process.send({ kind: 'failed', id, code: 'BAD_IMAGE', message: 'cut' }), 50);
    });`,
  );
  const image = Buffer.alloc(300_000);
  let queue!: ModelQueue;
  await new Promise<void>((resolve) => {
    const onState = ({ kind }: { readonly kind: string }) => kind === 'ready' && resolve();
    queue = new ModelQueue({
      model: 'latency',
      engine: { ...engine, modelDir: folder },
      script: fails,
      onState,
    });
  });
  const classify = () => expect(queue.run({ kind: 'classify', image })).rejects.toThrow('cut');
  for (let i = 0; i < 12; i++) await classify();
  // At least 50 ms each: 2 s of them are at most 40, and the one that runs. A slower machine fits fewer.
  let waiting = 0;
  while (queue.rejection() === undefined && waiting < 200) {
    queue.run({ kind: 'classify', image }).catch(() => undefined);
    waiting++;
  }
  queue.stop();
  expect(waiting).toBeLessThan(60);
}, 60_000);

test('a process that keeps ending is restarted with backoff and reported once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-worker-'));
  const ends = join(folder, 'ends.cjs');
  writeFileSync(ends, "process.send({ kind: 'load-failed', message: 'broken' }, () => process.exit(1));");
  const states: string[] = [];
  const pausesMs: number[] = [];
  await new Promise<void>((resolve) => {
    const child = new ModelProcess({
      model: 'latency',
      engine: { ...engine, modelDir: folder },
      script: ends,
      onState: () => states.push(child.state.kind),
      onResult: () => undefined,
      onEnd: () => {
        pausesMs.push(child.restartMs);
        if (pausesMs.length < 3) return;
        child.stop();
        resolve();
      },
    });
  });
  expect(pausesMs).toEqual([250, 500, 1000]);
  expect(states).toEqual(['failed']);
}, 60_000);
