/** Starts that the system refuses. */
import { EventEmitter } from 'node:events';

import { ModelProcess, RESTART_MS } from '../../../service/inference/model-process';

const mockFork = jest.fn();
jest.mock('node:child_process', () => ({ fork: (...parameters: unknown[]) => mockFork(...parameters) }));

beforeEach(() => {
  mockFork.mockReset();
  jest.useFakeTimers({ doNotFake: ['nextTick'] });
});
afterEach(() => jest.useRealTimers());

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

/** Node returns this when no descriptor is left for the channel: no process id, no `send`, and the error later. */
function withoutChannel(): EventEmitter {
  const child = new EventEmitter();
  process.nextTick(() => child.emit('error', new Error('spawn node EMFILE')));
  return child;
}
function outOfMemory(): never {
  throw new Error('spawn node ENOMEM');
}

test.each([
  ['returns a child without a channel', withoutChannel, 'spawn node EMFILE'],
  ['throws', outOfMemory, 'spawn node ENOMEM'],
])('a fork that %s is a failed start, which is tried again', async (_what, fail, message) => {
  const healthy = Object.assign(new EventEmitter(), { pid: 4711, send: jest.fn(), kill: jest.fn() });
  mockFork.mockImplementationOnce(fail).mockReturnValueOnce(healthy);
  const ends: string[] = [];
  const started = new ModelProcess({
    model: 'latency',
    engine: { kind: 'onnxruntime', modelDir: '/model', threads: 1, onnxCacheDir: '/cache' },
    onState: () => undefined,
    onResult: () => undefined,
    onEnd: (reason) => ends.push(reason),
  });
  expect(ends).toEqual([]);
  await nextTick();
  expect(ends).toEqual([`the process could not be started (${message})`]);
  expect(started.processId).toBeUndefined();
  jest.advanceTimersByTime(RESTART_MS.min);
  expect(started.processId).toBe(4711);
  expect(healthy.send).toHaveBeenCalledWith(
    expect.objectContaining({ kind: 'load', model: 'latency' }),
    expect.any(Function),
  );
  started.stop();
});

test('a process that is stopped while its start fails is not started again', async () => {
  mockFork.mockImplementation(outOfMemory);
  const stopped = new ModelProcess({
    model: 'latency',
    engine: { kind: 'onnxruntime', modelDir: '/model', threads: 1, onnxCacheDir: '/cache' },
    onState: () => undefined,
    onResult: () => undefined,
    onEnd: () => undefined,
  });
  stopped.stop();
  await nextTick();
  jest.advanceTimersByTime(RESTART_MS.max);
  expect(mockFork).toHaveBeenCalledTimes(1);
});
