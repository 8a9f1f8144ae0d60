/** Starts that the system refuses, and what a process says when it no longer counts. */
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

describe('a process that is ending', () => {
  const loaded = { inferenceMs: 1 };
  function start() {
    const child = Object.assign(new EventEmitter(), { pid: 4711, send: jest.fn(), kill: jest.fn() });
    mockFork.mockReturnValue(child);
    const states: string[] = [];
    const started: ModelProcess = new ModelProcess({
      model: 'latency',
      engine: { kind: 'onnxruntime', modelDir: '/model', threads: 1, onnxCacheDir: '/cache' },
      onState: () => states.push(started.state.kind),
      onResult: () => undefined,
      onEnd: () => undefined,
    });
    return { child, started, states };
  }

  test.each<[string, (end: ReturnType<typeof start>) => void]>([
    ['was killed', ({ started }) => started.replace('it hangs')],
    ['has ended', ({ child }) => child.emit('exit', 1, null)],
    ['was stopped', ({ started }) => started.stop()],
  ])('is not ready by what it said before it %s', (_how, end) => {
    const process = start();
    end(process);
    process.child.emit('message', { kind: 'ready', loaded });
    expect(process.started.state.kind).toBe('loading');
    expect(process.states).toEqual([]);
    process.started.stop();
  });

  test('still says why its model cannot be loaded', () => {
    const { child, started, states } = start();
    child.emit('exit', 1, null);
    child.emit('message', { kind: 'load-failed', message: 'the weights are damaged' });
    expect(states).toEqual(['failed']);
    started.stop();
  });
});
