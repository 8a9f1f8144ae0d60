/** What a full queue does with the further images of a request that it has begun. */
import { EventEmitter } from 'node:events';

import { ModelQueue } from '../../../service/inference/model-queue';

const mockFork = jest.fn();
jest.mock('node:child_process', () => ({ fork: (...parameters: unknown[]) => mockFork(...parameters) }));

const READY = { kind: 'ready', loaded: { inferenceMs: 500, sha256: 'f' } };
const work = { kind: 'classify', image: Buffer.alloc(1) } as const;

test('a full queue takes a further image of a request that it has begun, unless it is stopped or not ready', async () => {
  const child = Object.assign(new EventEmitter(), { pid: 4711, send: jest.fn(), kill: jest.fn() });
  mockFork.mockReturnValue(child);
  const queue = new ModelQueue({
    model: 'latency',
    engine: { kind: 'onnxruntime', modelDir: '/model', threads: 1, onnxCacheDir: '/cache' },
  });
  const further = () => queue.run(work, undefined, undefined, true);
  await expect(further()).rejects.toMatchObject({ code: 'NOT_READY' });
  child.emit('message', READY);
  const begun: Promise<unknown>[] = [];
  while (queue.rejection() === undefined) begun.push(queue.run(work));
  await expect(queue.run(work)).rejects.toMatchObject({ code: 'OVERLOADED' });
  begun.push(further());
  const ended = Promise.allSettled(begun);
  expect(queue.inFlight).toBe(begun.length);
  queue.stop();
  await ended;
  await expect(further()).rejects.toMatchObject({ code: 'WORKER_FAILED' });
});
