/** What a queue does after it is stopped. */
import { EventEmitter } from 'node:events';

import { ModelQueue } from '../../../service/inference/model-queue';

const mockFork = jest.fn();
jest.mock('node:child_process', () => ({ fork: (...parameters: unknown[]) => mockFork(...parameters) }));

const READY = { kind: 'ready', loaded: { inferenceMs: 1 } };
const SHUTTING_DOWN = { code: 'WORKER_FAILED', message: expect.stringContaining('shutting down') as string };

function start(processes: number) {
  mockFork.mockReset();
  const child = Object.assign(new EventEmitter(), { pid: 4711, send: jest.fn(), kill: jest.fn() });
  mockFork.mockReturnValue(child);
  const queue = new ModelQueue({
    model: 'latency',
    processes,
    engine: { kind: 'onnxruntime', modelDir: '/model', threads: 1, onnxCacheDir: '/cache' },
  });
  return { queue, child };
}

test('a queue that is stopped while its first process loads starts no further ones', () => {
  const { queue, child } = start(3);
  queue.stop();
  child.emit('message', READY);
  expect(mockFork).toHaveBeenCalledTimes(1);
});

test('a queue that is stopped fails its work and takes no more', async () => {
  const { queue, child } = start(1);
  child.emit('message', READY);
  const work = { kind: 'classify', image: Buffer.alloc(1) } as const;
  const [running, waiting] = [queue.run(work), queue.run(work)];
  expect(queue.inFlight).toBe(2);
  const failures = Promise.all(
    [running, waiting].map((each) => expect(each).rejects.toMatchObject(SHUTTING_DOWN)),
  );
  queue.stop();
  await failures;
  child.emit('exit', null, 'SIGKILL');
  await expect(queue.run(work)).rejects.toMatchObject(SHUTTING_DOWN);
  expect(queue.inFlight).toBe(0);
});
